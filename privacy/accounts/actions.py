"""Verbs about accounts and access grants."""

from collections.abc import Iterable
from datetime import date, datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.roles import CONSOLE_ROLES, ROLES
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, Outsider, require
from privacy.lib.refusals import Refusal


class AccountExists(Refusal):
    code = "account-exists"


class OwnAccess(Refusal):
    """Nobody grants access to themselves (P8.8)."""

    code = "own-access"


class AlreadyRevoked(Refusal):
    code = "already-revoked"


def apply_roles() -> None:
    """Make the four groups and give each exactly its permissions. Permissions not made yet are given next time."""
    permissions = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, wanted in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set([permissions[codename] for codename in wanted if codename in permissions])


@transaction.atomic
def create_user(
    *, email: str, name: str, roles: Iterable[str], password: str | None, actor: Actor, at: datetime
) -> User:
    """Open an account with roles; ``AccountExists`` when the address is taken."""
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise AccountExists(_("There is an account with this e-mail already."))
    roles = set(roles)
    user = User.objects.create_user(email, password, name=name, is_staff=bool(roles & CONSOLE_ROLES))
    user.groups.set(Group.objects.filter(name__in=roles))
    ledger.record(Event.USER_CREATED, actor=actor, at=at, about=user, facts={"roles": sorted(roles)})
    return user


@transaction.atomic
def grant(
    *,
    user: User,
    category: str,
    purpose: str,
    reason: str,
    valid_from: date,
    valid_until: date | None,
    actor: User,
    at: datetime,
) -> AccessGrant:
    """Let a person open a category for a purpose in a period; another person than the grantee decides it."""
    require(actor, "accounts.grant_access", about=user)
    if actor == user:
        raise OwnAccess(_("Access is granted by another person. Ask a colleague who may grant access."))
    made = AccessGrant.objects.create(
        user=user,
        category=category,
        purpose=purpose,
        reason=reason,
        approved_by=actor,
        granted_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    ledger.record(
        Event.GRANTED,
        actor=actor,
        at=at,
        about=made,
        facts={
            "user": user.reference,
            "category": category,
            "purpose": purpose,
            "from": valid_from.isoformat(),
            "until": valid_until.isoformat() if valid_until else None,
        },
    )
    return made


@transaction.atomic
def revoke(*, grant: AccessGrant, actor: User, at: datetime) -> None:
    """End a grant at once (law S-09)."""
    require(actor, "accounts.grant_access", about=grant)
    grant = AccessGrant.objects.select_for_update().get(pk=grant.pk)
    if grant.revoked_at is not None:
        raise AlreadyRevoked(_("This access is revoked already."))
    grant.revoked_at = at
    grant.revoked_by = actor
    grant.save(update_fields=["revoked_at", "revoked_by"])
    ledger.record(Event.REVOKED, actor=actor, at=at, about=grant, facts={"user": grant.user.reference})


def record_failed_sign_in(*, email: str, at: datetime) -> None:
    """Record that a sign-in failed, naming the account only if there is one: the address typed is not stored."""
    user = User.objects.filter(email=email.strip().lower()).first()
    actor: Actor = user or Outsider(kind="visitor", ref="unknown")
    ledger.record(Event.SIGN_IN_FAILED, actor=actor, at=at, about=user)
