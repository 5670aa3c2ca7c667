"""An employee asks for access; another person decides (P8.8, law S-08 … S-10)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts import scopes
from privacy.accounts.actions.granting import OwnAccess, end_grant, within_the_longest, write_grant
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessRequest, User
from privacy.accounts.roles import ROLES
from privacy.ledger import actions as ledger
from privacy.ledger.actors import require
from privacy.lib import clock
from privacy.lib.refusals import Refusal


class NotOpen(Refusal):
    code = "not-open"

    def __init__(self) -> None:
        super().__init__(_("This request was decided or withdrawn already."))


class BadPeriod(Refusal):
    code = "bad-period"


class NothingToGrant(Refusal):
    """Neither a role nor a category with a purpose that the rulebook declares for it."""

    code = "unknown-scope"


class AskedAlready(Refusal):
    code = "asked-already"


def ask_access(
    *,
    user: User,
    role: str = "",
    category: str = "",
    purpose: str = "",
    reason: str,
    valid_from: date,
    valid_until: date,
    at: datetime,
) -> AccessRequest:
    """Ask for a role, or to open a category for a purpose, in a period. Granted nothing yet.

    Raises NothingToGrant, BadPeriod, TooLong, AskedAlready.
    """
    today = clock.kst_date(at)
    if (role and role not in ROLES) or (not role and (category, purpose) not in scopes.known(today)):
        raise NothingToGrant(_("The rulebook declares no such purpose for this category. Choose another."))
    if valid_until < max(valid_from, today):
        raise BadPeriod(_("The period ends before it begins, or is over. Choose a later end."))
    within_the_longest(max(valid_from, today), valid_until)
    with transaction.atomic():
        known = AccessRequest.objects.open().filter(user=user, role=role, category=category, purpose=purpose)
        if known.exists():
            raise AskedAlready(_("You have asked for this already. Withdraw that request first to change it."))
        made = AccessRequest.objects.create(
            user=user,
            role=role,
            category=category,
            purpose=purpose,
            reason=reason.strip(),
            valid_from=valid_from,
            valid_until=valid_until,
            requested_at=at,
        )
        ledger.record(
            Event.ASKED,
            actor=user,
            at=at,
            about=made,
            facts={"role": role} if role else {"category": category, "purpose": purpose},
        )
    return made


@transaction.atomic
def approve_access(
    request: AccessRequest,
    *,
    reason: str,
    actor: User,
    at: datetime,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> AccessGrant:
    """Grant what was asked for, for the period asked or a shorter one. A grant of the same that still runs is replaced.

    Raises NotPermitted, OwnAccess, NotOpen, BadPeriod, TooLong.
    """
    asked = _taken(request, actor=actor)
    start = max(valid_from or asked.valid_from, clock.kst_date(at))
    end = min(valid_until or asked.valid_until, asked.valid_until)
    if end < start:
        raise BadPeriod(_("The period asked for is over. Refuse the request; the person asks again."))
    within_the_longest(start, end)
    running = (
        AccessGrant.objects.living(on=start)
        .filter(user=asked.user, role=asked.role, category=asked.category, purpose=asked.purpose)
        .order_by("granted_at")
        .last()
    )
    if running is not None:
        end_grant(running, why=reason, actor=actor, at=at, quietly=True)
    made = write_grant(
        user=asked.user,
        role=asked.role,
        category=asked.category,
        purpose=asked.purpose,
        reason=asked.reason,
        valid_from=start,
        valid_until=end,
        actor=actor,
        at=at,
        replaces=running,
    )
    asked.grant = made
    _decide(asked, AccessRequest.State.APPROVED, Event.APPROVED, reason=reason, actor=actor, at=at)
    return made


@transaction.atomic
def refuse_access(request: AccessRequest, *, reason: str, actor: User, at: datetime) -> AccessRequest:
    """Refuse, with a reason that the person reads. Raises NotPermitted, OwnAccess, NotOpen."""
    asked = _taken(request, actor=actor)
    return _decide(asked, AccessRequest.State.REFUSED, Event.REFUSED, reason=reason, actor=actor, at=at)


@transaction.atomic
def withdraw_access(request: AccessRequest, *, user: User, at: datetime) -> AccessRequest:
    """Take one's own request back. Raises NotOpen."""
    asked = AccessRequest.objects.select_for_update().get(pk=request.pk, user=user)
    if asked.state != AccessRequest.State.OPEN:
        raise NotOpen
    return _decide(asked, AccessRequest.State.WITHDRAWN, Event.WITHDRAWN, reason="", actor=user, at=at)


def _taken(request: AccessRequest, *, actor: User) -> AccessRequest:
    require(actor, "accounts.grant_access", about=request)
    asked = AccessRequest.objects.select_for_update().get(pk=request.pk)
    if actor.pk == asked.user_id:
        raise OwnAccess
    if asked.state != AccessRequest.State.OPEN:
        raise NotOpen
    return asked


def _decide(asked: AccessRequest, state: str, word: Event, *, reason: str, actor: User, at: datetime) -> AccessRequest:
    asked.state, asked.decided_at, asked.decided_by, asked.decision = state, at, actor.ref, reason
    asked.save(update_fields=["state", "decided_at", "decided_by", "decision", "grant"])
    ledger.record(word, actor=actor, at=at, about=asked, facts={"user": asked.user.reference})
    return asked
