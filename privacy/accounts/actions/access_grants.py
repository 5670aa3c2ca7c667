"""Verbs of the register of access: grant, change, revoke (P8.8, law S-08 … S-10)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.sessions import end_all_sessions
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, SignIn, User
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters


class OwnAccess(Refusal):
    """Nobody grants access to themselves (P8.8)."""

    code = "own-access"

    def __init__(self) -> None:
        super().__init__(_("Another person must grant access. Ask a colleague who is authorised to do so."))


class GrantEnded(Refusal):
    """The last day of the access has passed: it is neither confirmed nor ended on another day."""

    code = "has-ended"


class AlreadyRevoked(Refusal):
    code = "already-revoked"

    def __init__(self) -> None:
        super().__init__(_("This access was already revoked."))


class GrantTooLong(Refusal):
    """A grant runs for a limited time, so that somebody looks again."""

    code = "too-long"

    def __init__(self, last: date) -> None:
        super().__init__(
            _("Access can be granted until %(last)s at the latest. Choose an earlier end date. You can renew it later.")
            % {"last": last.isoformat()}
        )


class EndsLater(Refusal):
    """One person may shorten access, never prolong it."""

    code = "ends-later"


class InvalidPeriod(Refusal):
    code = "bad-period"


class UserInactive(Refusal):
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
    asked_by: User,
    actor: User,
    at: datetime,
) -> AccessGrant:
    """Give a person a role, or let them open a category for a purpose, in a period.

    One person asks and another, who is not the grantee either, decides; the same again is the same line.
    Without an end it runs as long as the rulebook lets a grant run.
    Raises NotPermitted, OwnAccess, UserInactive, InvalidPeriod, GrantTooLong.
    """
    require_permission(actor, "accounts.grant_access", about=user)
    if actor in (user, asked_by):
        raise OwnAccess
    require_second_person(actor, asked_by=asked_by.ref, at=at)
    # The button pressed twice is one line: of two, the one that nobody sees would outlive the other's revocation.
    user = lock_employed(user.pk)
    if valid_until is None:
        valid_until = latest_end(valid_from)
    # A line that begins before it was decided would say that somebody was let in when nobody had decided it.
    if valid_from < clock.kst_date(at):
        raise InvalidPeriod(_("Access can't begin before today."), pointer="/valid_from")
    if valid_until < valid_from:
        raise InvalidPeriod(_("The period ends before it begins. Choose a later end date."), pointer="/valid_until")
    check_latest_end(valid_from, valid_until)
    same: dict[str, Any] = {
        "role": role,
        "category": category,
        "purpose": purpose,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    known = AccessGrant.objects.living(on=clock.kst_date(at)).filter(user=user, **same).first()
    return known or write_grant(user=user, reason=reason, asked_by=asked_by.ref, actor=actor, at=at, **same)


def lock_employed(user_id: UUID) -> User:
    """Return an account, locked against its closing at the same moment. Raises UserInactive for one that is closed."""
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.is_active:
        raise UserInactive(_("This account is closed. You can't give access to someone who has left."))
    return user


def write_grant(
    *,
    user: User,
    role: str = "",
    category: str = "",
    purpose: str = "",
    reason: str,
    valid_from: date,
    valid_until: date,
    asked_by: str,
    actor: Actor,
    at: datetime,
    replaces: AccessGrant | None = None,
    granted_by: str = "",
    shortens: bool = False,
) -> AccessGrant:
    """Write one line of the register, within the transaction of the verb that decided it.

    One that ``shortens`` the line whose place it takes names who approved that: an officer, or nobody for a line that
    the host's command wrote. ``granted_by`` where the actor's approval by emergency stands for the second person.
    """
    approver = actor if isinstance(actor, User) else None
    if shortens and replaces is not None:
        approver = replaces.approved_by
    made = AccessGrant.objects.create(
        user=user,
        role=role,
        category=category,
        purpose=purpose,
        reason=reason,
        approved_by=approver,
        asked_by=asked_by,
        granted_by=granted_by or actor.ref,
        granted_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        replaces=replaces,
    )
    if replaces is not None:
        # A review that is going on asks about the line that holds, not about the one that it took the place of.
        asked = ReviewedGrant.objects.filter(grant=replaces, outcome=ReviewedGrant.Outcome.PENDING)
        asked.filter(review__in=AccessReview.objects.unsigned()).update(grant=made)
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


def latest_end(start: date) -> date:
    """Return the last day that a grant from ``start`` may run to (``grants.longest.months``)."""
    return periods.period_end(start - timedelta(1), months=parameters.number("grants.longest.months", start))


def check_latest_end(start: date, end: date) -> None:
    """Raise GrantTooLong for an end that is later than the rulebook lets a grant run."""
    last = latest_end(start)
    if end > last:
        raise GrantTooLong(last)


@transaction.atomic
def change_end(grant: AccessGrant, *, valid_until: date, reason: str, actor: User, at: datetime) -> AccessGrant:
    """Give a grant an earlier end: the old line is revoked, a new one replaces it, and both stay in the register.

    The new line allows less, so it names who asked for and approved the old one. Raises NotPermitted, OwnAccess,
    UserInactive, AlreadyRevoked, GrantEnded, InvalidPeriod, and EndsLater for what another person must approve.
    """
    require_permission(actor, "accounts.grant_access", about=grant)
    if actor == grant.user:
        raise OwnAccess
    lock_employed(grant.user_id)
    _check_not_ended(grant, at=at)
    start = clock.kst_date(at)
    if valid_until < max(start, grant.valid_from):
        raise InvalidPeriod(_("The period ends before it begins. Choose a later end date."), pointer="/valid_until")
    if valid_until > grant.valid_until:
        raise EndsLater(
            _(
                "Extending access needs a second person. Request access until that day; another "
                "officer must approve it."
            ),
            pointer="/valid_until",
        )
    # While the old line still holds: the database lets no line take the place of one that was revoked.
    made = write_grant(
        user=grant.user,
        role=grant.role,
        category=grant.category,
        purpose=grant.purpose,
        reason=reason,
        valid_from=max(start, grant.valid_from),
        valid_until=valid_until,
        asked_by=grant.asked_by,
        actor=actor,
        at=at,
        replaces=grant,
        shortens=True,
    )
    end_grant(grant, why=reason, actor=actor, at=at, quietly=True)
    return made


@transaction.atomic
def revoke(*, grant: AccessGrant, actor: User, at: datetime, why: str = "") -> None:
    """End a grant at once (law S-09). With a role, sessions end too.

    Raises NotPermitted, AlreadyRevoked, and GrantEnded for one whose last day has passed: it ended on that day.
    """
    require_permission(actor, "accounts.grant_access", about=grant)
    User.objects.select_for_update().get(pk=grant.user_id)
    _check_not_ended(grant, at=at)
    end_grant(grant, why=why, actor=actor, at=at)


def _check_not_ended(grant: AccessGrant, *, at: datetime) -> None:
    if AccessGrant.objects.filter(pk=grant.pk, revoked_at__isnull=False).exists():
        raise AlreadyRevoked
    if grant.valid_until < clock.kst_date(at):
        raise GrantEnded(_("This access ended on its last day."))


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
        signed_out = 0 if quietly else end_all_sessions(grant_now.user, why=SignIn.End.ACCESS, actor=actor, at=at)
        facts |= {"role": grant_now.role, "sessions": signed_out}
    ledger.record(Event.REVOKED, actor=actor, at=at, about=grant_now, facts=facts)
