"""Verbs about accounts: opening one, and the record of each sign-in."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.access_grants import latest_end, write_grant
from privacy.accounts.events import Event
from privacy.accounts.models import User
from privacy.accounts.roles import ROLES
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

# What the register of access (F-12) says of it: the register is kept in Korean.
INITIAL_GRANT_REASON = "계정을 열면서 부여함"


class AccountExists(Refusal):
    code = "account-exists"


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    password: str | None,
    actor: Actor,
    at: datetime,
    is_outside: bool = False,
    since: date | None = None,
    until: date | None = None,
    asked_by: str = "",
    granted_by: str = "",
) -> User:
    """Open an account and grant its roles, from ``since`` (today unless given); ``AccountExists`` for a known address.

    The roles are lines of the register of access like any other: they end with their period (as long as the rulebook
    lets a grant run, unless ``until`` is given) or by revocation. Without a password nobody can sign in before the
    person has used an invitation (``invitations.invite``); only example accounts are made with one.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise AccountExists(_("An account with this e-mail address already exists."))
    roles = sorted(set(roles) & set(ROLES))
    user = User.objects.create_user(email, password, name=name, is_outside=is_outside)
    ledger.record(Event.USER_CREATED, actor=actor, at=at, about=user, facts={"roles": roles, "outside": is_outside})
    start = since or clock.kst_date(at)
    for role in roles:
        write_grant(
            user=user,
            role=role,
            reason=INITIAL_GRANT_REASON,
            valid_from=start,
            valid_until=until or latest_end(start),
            asked_by=asked_by or actor.ref,
            granted_by=granted_by,
            actor=actor,
            at=at,
        )
    return user


def record_failed_sign_in(*, email: str, method: str, at: datetime) -> None:
    """Record that a sign-in failed, and of which method: the entry of one that worked calls it alike.

    It names the account only if there is one: the address typed is not stored.
    """
    user = User.objects.filter(email=email.strip().lower()).first()
    actor: Actor = user or ExternalActor(kind="visitor", ref="unknown")
    ledger.record(Event.SIGN_IN_FAILED, actor=actor, at=at, about=user, facts={"method": method})


@transaction.atomic
def set_password(user: User, password: str) -> None:
    """Change the password of an account and nothing else of it; who signs in puts it on record."""
    user.set_password(password)
    user.save(update_fields=["password"])
