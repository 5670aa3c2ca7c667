"""Verbs of the register of access: grant, change, revoke (P8.8, law S-08 … S-10)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts import terms
from privacy.accounts.actions.sessions import end_sessions
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, SignIn, User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, periods
from privacy.lib.refusals import Refusal


class OwnAccess(Refusal):
    """Nobody grants access to themselves (P8.8)."""

    code = "own-access"

    def __init__(self) -> None:
        super().__init__(_("Access is granted by another person. Ask a colleague who may grant access."))


class AlreadyRevoked(Refusal):
    code = "already-revoked"

    def __init__(self) -> None:
        super().__init__(_("This access is revoked already."))


class TooLong(Refusal):
    """A grant runs for a limited time, so that somebody looks again."""

    code = "too-long"

    def __init__(self, last: date) -> None:
        super().__init__(
            _("Access is granted until %(last)s at the longest. Choose an earlier end; it can be renewed.")
            % {"last": last.isoformat()}
        )


class Inactive(Refusal):
    """Who left has no access."""

    code = "inactive"


@transaction.atomic
def grant(
    *,
    user: User,
    category: str = "",
    purpose: str = "",
    role: str = "",
    reason: str,
    valid_from: date,
    valid_until: date | None,
    actor: User,
    at: datetime,
) -> AccessGrant:
    """Give a person a role, or let them open a category for a purpose, in a period.

    Another person than the grantee decides it. Without an end it runs as long as the rulebook lets a grant run.
    Raises NotPermitted, OwnAccess, Inactive, TooLong.
    """
    require(actor, "accounts.grant_access", about=user)
    if actor == user:
        raise OwnAccess
    if not user.is_active:
        raise Inactive(_("This account is closed. Nobody who has left is given access."))
    if valid_until is None:
        valid_until = longest_until(valid_from)
    within_the_longest(valid_from, valid_until)
    return write_grant(
        user=user,
        role=role,
        category=category,
        purpose=purpose,
        reason=reason,
        valid_from=valid_from,
        valid_until=valid_until,
        actor=actor,
        at=at,
    )


def write_grant(
    *,
    user: User,
    role: str = "",
    category: str = "",
    purpose: str = "",
    reason: str,
    valid_from: date,
    valid_until: date,
    actor: Actor,
    at: datetime,
    replaces: AccessGrant | None = None,
) -> AccessGrant:
    """Write one line of the register, within the transaction of the verb that decided it."""
    made = AccessGrant.objects.create(
        user=user,
        role=role,
        category=category,
        purpose=purpose,
        reason=reason,
        approved_by=actor if isinstance(actor, User) else None,
        granted_by=actor.ref,
        granted_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        replaces=replaces,
    )
    ledger.record(
        Event.CHANGED if replaces else Event.GRANTED,
        actor=actor,
        at=at,
        about=made,
        facts={
            "user": user.reference,
            **({"role": role} if role else {"category": category, "purpose": purpose}),
            "from": valid_from.isoformat(),
            "until": valid_until.isoformat(),
            **({"replaces": str(replaces.pk)} if replaces else {}),
        },
    )
    return made


def longest_until(start: date) -> date:
    """Return the last day that a grant from ``start`` may run to (``grants.longest.months``)."""
    return periods.period_end(start - timedelta(1), months=terms.number("grants.longest.months", start))


def within_the_longest(start: date, end: date) -> None:
    """Raise TooLong for an end that is later than the rulebook lets a grant run."""
    last = longest_until(start)
    if end > last:
        raise TooLong(last)


@transaction.atomic
def change(grant: AccessGrant, *, valid_until: date, reason: str, actor: User, at: datetime) -> AccessGrant:
    """Give a grant another end: the old line is revoked, a new one replaces it, and both stay in the register.

    Raises NotPermitted, OwnAccess, AlreadyRevoked, TooLong.
    """
    require(actor, "accounts.grant_access", about=grant)
    if actor == grant.user:
        raise OwnAccess
    start = clock.kst_date(at)
    within_the_longest(start, valid_until)
    end_grant(grant, why=reason, actor=actor, at=at, quietly=True)
    return write_grant(
        user=grant.user,
        role=grant.role,
        category=grant.category,
        purpose=grant.purpose,
        reason=reason,
        valid_from=max(start, grant.valid_from),
        valid_until=valid_until,
        actor=actor,
        at=at,
        replaces=grant,
    )


@transaction.atomic
def revoke(*, grant: AccessGrant, actor: User, at: datetime, why: str = "") -> None:
    """End a grant at once (law S-09). With a role, sessions end too.

    Raises NotPermitted, AlreadyRevoked.
    """
    require(actor, "accounts.grant_access", about=grant)
    end_grant(grant, why=why, actor=actor, at=at)


def end_grant(grant: AccessGrant, *, why: str, actor: Actor, at: datetime, quietly: bool = False) -> None:
    """End one line of the register within the transaction of the verb that decided it.

    ``quietly`` where a new line takes its place at once: then nobody is signed out. Raises AlreadyRevoked.
    """
    grant_now = AccessGrant.objects.select_for_update().get(pk=grant.pk)
    if grant_now.revoked_at is not None:
        raise AlreadyRevoked
    for row in (grant_now, grant):
        row.revoked_at = at
        row.revoked_by = actor if isinstance(actor, User) else None
        row.revocation = why
    grant_now.save(update_fields=["revoked_at", "revoked_by", "revocation"])
    facts: dict[str, object] = {"user": grant_now.user.reference}
    if grant_now.role:
        signed_out = 0 if quietly else end_sessions(grant_now.user, why=SignIn.End.ACCESS, actor=actor, at=at)
        facts |= {"role": grant_now.role, "sessions": signed_out}
    ledger.record(Event.REVOKED, actor=actor, at=at, about=grant_now, facts=facts)
