"""An employee asks for access; another person decides (P8.8, law S-08 … S-10)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts import scopes
from privacy.accounts.actions.access_grants import (
    InvalidPeriod,
    OwnAccess,
    check_latest_end,
    end_grant,
    lock_employed,
    write_grant,
)
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessRequest, User
from privacy.accounts.roles import ROLES
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal


class RequestClosed(Refusal):
    code = "not-open"

    def __init__(self) -> None:
        super().__init__(_("This request has already been decided or withdrawn."))


class UnknownScope(Refusal):
    """Neither a role nor a category with a purpose that the rulebook declares for it."""

    code = "unknown-scope"


class AlreadyRequested(Refusal):
    code = "asked-already"


def request_access(
    *,
    user: User,
    role: str = "",
    category: str = "",
    purpose: str = "",
    reason: str,
    valid_from: date,
    valid_until: date,
    at: datetime,
    asked_by: User | None = None,
) -> AccessRequest:
    """Ask for a role, or to open a category for a purpose, in a period. Granted nothing yet.

    ``asked_by`` is the officer who asks for a colleague. Raises NotPermitted, UnknownScope, InvalidPeriod,
    GrantTooLong, AlreadyRequested, UserInactive.
    """
    asker = asked_by or user
    if asker != user:
        require_permission(asker, "accounts.grant_access", about=user)
    today = clock.kst_date(at)
    if (role and role not in ROLES) or (not role and (category, purpose) not in scopes.grantable_scopes(today)):
        raise UnknownScope(_("The rulebook has no such purpose for this category. Choose another."))
    if valid_from < today:
        raise InvalidPeriod(_("Access can't begin before today."), pointer="/valid_from")
    if valid_until < valid_from:
        raise InvalidPeriod(_("The period ends before it begins. Choose a later end date."))
    asked: dict[str, Any] = {"user": user, "role": role, "category": category, "purpose": purpose}
    with transaction.atomic():
        # Two sendings of one form wait for each other.
        lock_employed(user.pk)
        if AccessRequest.objects.open().filter(**asked).exists():
            if asker == user:
                raise AlreadyRequested(_("You have already requested this. To change it, withdraw that request first."))
            raise AlreadyRequested(
                _("This has already been requested for this person. That request must be decided or withdrawn first.")
            )
        start, _running = _start_of(asked, valid_from, valid_until, today=today)
        check_latest_end(start, valid_until)
        made = AccessRequest.objects.create(
            **asked,
            reason=reason.strip(),
            valid_from=valid_from,
            valid_until=valid_until,
            asked_by=asker.ref,
            requested_at=at,
        )
        ledger.record(
            Event.ASKED,
            actor=asker,
            at=at,
            about=made,
            facts={"user": user.reference, **({"role": role} if role else {"category": category, "purpose": purpose})},
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
    """Grant what was asked for, for the period asked or a shorter one. Grants of the same in that time are replaced.

    Raises NotPermitted, OwnAccess, RequestClosed, UserInactive, InvalidPeriod, GrantTooLong.
    """
    lock_employed(request.user_id)
    asked = _taken(request, actor=actor)
    approver = require_second_person(actor, asked_by=asked.asked_by, about=asked, same=OwnAccess(), at=at)
    today = clock.kst_date(at)
    start = max(valid_from or asked.valid_from, asked.valid_from, today)
    end = min(valid_until or asked.valid_until, asked.valid_until)
    if end < start:
        raise InvalidPeriod(_("The requested period is over. Refuse the request; the applicant can make a new one."))
    same = {"user": asked.user, "role": asked.role, "category": asked.category, "purpose": asked.purpose}
    start, running = _start_of(same, start, end, today=today)
    check_latest_end(start, end)
    for line in running:
        end_grant(line, why=reason, actor=actor, at=at, quietly=True)
    made = write_grant(
        user=asked.user,
        role=asked.role,
        category=asked.category,
        purpose=asked.purpose,
        reason=asked.reason,
        valid_from=start,
        valid_until=end,
        asked_by=asked.asked_by,
        granted_by=approver,
        actor=actor,
        at=at,
        replaces=running[-1] if running else None,
    )
    asked.grant = made
    _decide(asked, AccessRequest.State.APPROVED, Event.APPROVED, reason=reason, decided_by=approver, actor=actor, at=at)
    return made


@transaction.atomic
def refuse_access(request: AccessRequest, *, reason: str, actor: User, at: datetime) -> AccessRequest:
    """Refuse, with a reason that the person reads. Raises NotPermitted, OwnAccess, RequestClosed."""
    asked = _taken(request, actor=actor)
    return _decide(asked, AccessRequest.State.REFUSED, Event.REFUSED, reason=reason, actor=actor, at=at)


@transaction.atomic
def withdraw_access(request: AccessRequest, *, user: User, at: datetime) -> AccessRequest:
    """Take one's own request back. Raises RequestClosed."""
    asked = AccessRequest.objects.select_for_update().get(pk=request.pk, user=user)
    if asked.state != AccessRequest.State.OPEN:
        raise RequestClosed
    return _decide(asked, AccessRequest.State.WITHDRAWN, Event.WITHDRAWN, reason="", actor=user, at=at)


def _start_of(same: dict[str, Any], start: date, end: date, *, today: date) -> tuple[date, list[AccessGrant]]:
    """Return when a line of the register would begin, and those whose place it takes: it begins without a gap."""
    running = list(AccessGrant.objects.living(on=start).filter(**same, valid_from__lte=end).order_by("granted_at"))
    return max(today, min([start, *(line.valid_from for line in running)])), running


def _taken(request: AccessRequest, *, actor: User) -> AccessRequest:
    require_permission(actor, "accounts.grant_access", about=request)
    asked = AccessRequest.objects.select_for_update().get(pk=request.pk)
    if actor.pk == asked.user_id:
        raise OwnAccess
    if asked.state != AccessRequest.State.OPEN:
        raise RequestClosed
    return asked


def _decide(
    asked: AccessRequest, state: str, word: Event, *, reason: str, actor: User, at: datetime, decided_by: str = ""
) -> AccessRequest:
    asked.state, asked.decided_at, asked.decided_by, asked.decision = state, at, decided_by or actor.ref, reason
    asked.save(update_fields=["state", "decided_at", "decided_by", "decision", "grant"])
    ledger.record(word, actor=actor, at=at, about=asked, facts={"user": asked.user.reference})
    return asked
