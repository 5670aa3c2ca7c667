"""Placing and lifting holds (law D-03)."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import locks
from privacy.retention.events import Event
from privacy.retention.models import Hold
from privacy.retention.refusals import HoldAlreadyLifted, SamePerson
from privacy.systems import actions as systems


@transaction.atomic
def place_hold(
    *,
    kind: str,
    demanded_by: str,
    document: str,
    reason: str,
    subject_id: UUID | None = None,
    category: str = "",
    until: date | None = None,
    actor: Actor,
    at: datetime,
) -> Hold:
    """Order that nothing of these people or this category is destroyed. It reaches also what is approved already.

    Raises NotPermitted; Refusal when it is not said who demands it, by which document and why, or when it would be
    over before it begins.
    """
    require_permission(actor, "retention.place_hold")
    if kind not in Hold.Kind.values or not all(text.strip() for text in (demanded_by, document, reason)):
        raise Refusal(_("A hold must state who demands it, in which document, and why."), code="incomplete")
    if until is not None and until < clock.kst_date(at):
        raise Refusal(_("The last day of a hold can't be in the past."), code="clock")
    locks.wait_for_destructions()
    hold = Hold.objects.create(
        kind=kind,
        subject_id=subject_id,
        category=category,
        demanded_by=demanded_by.strip(),
        document=document.strip(),
        reason=reason.strip(),
        until=until,
        placed_by=actor.ref,
        placed_at=at,
    )
    ledger.record(
        Event.HOLD_PLACED,
        actor=actor,
        at=at,
        about=hold,
        subjects=[subject_id] if subject_id else (),
        facts={"kind": kind, "category": category, "document": hold.document, "until": str(until or "")},
    )
    systems.order_hold(
        hold_id=hold.id, subject_id=subject_id, category=category, case=hold.reference, actor=actor, at=at
    )
    return hold


@transaction.atomic
def ask_lifting(hold: Hold, *, reason: str, actor: Actor, at: datetime) -> Hold:
    """Ask that a hold be lifted; it stands until another officer lifts it. Asking again replaces what was asked.

    Raises NotPermitted; HoldAlreadyLifted; Refusal without a reason.
    """
    row = _standing(hold, actor=actor)
    if not reason.strip():
        raise Refusal(_("State why the hold is lifted."), code="incomplete")
    row.lift_asked_by, row.lift_asked_at, row.lift_reason = actor.ref, at, reason.strip()
    row.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason"])
    ledger.record(Event.LIFTING_ASKED, actor=actor, at=at, about=row, subjects=_whose(row))
    return row


@transaction.atomic
def lift_hold(hold: Hold, *, actor: Actor, at: datetime) -> Hold:
    """End a hold as the second person. What was due meanwhile comes onto the next sweep's lists.

    Raises NotPermitted; HoldAlreadyLifted; SamePerson, NotASecondPerson; Refusal where nobody asked for it.
    """
    row = _standing(hold, actor=actor)
    if not row.lift_asked_by:
        raise Refusal(
            _("Nobody has requested lifting of this hold. One officer requests it, and another lifts it."),
            code="unasked",
        )
    same = SamePerson(_("You requested lifting of this hold, so another officer must lift it."))
    row.lifted_by = require_second_person(actor, asked_by=row.lift_asked_by, about=row, same=same, at=at)
    row.lifted_at = at
    row.save(update_fields=["lifted_by", "lifted_at"])
    ledger.record(Event.HOLD_LIFTED, actor=actor, at=at, about=row, subjects=_whose(row))
    systems.order_release(cause_id=row.id, actor=actor, at=at)
    return row


def release_ended_holds(*, on: date, actor: Actor, at: datetime) -> int:
    """End elsewhere what holds kept there that ended by their own last day; return how many systems were told."""
    return sum(
        len(systems.order_release(cause_id=hold.id, actor=actor, at=at))
        for hold in Hold.objects.ended(on).order_by("until")
    )


def _standing(hold: Hold, *, actor: Actor) -> Hold:
    require_permission(actor, "retention.lift_hold", about=hold)
    row = Hold.objects.select_for_update().get(pk=hold.pk)
    if not row.stands:
        raise HoldAlreadyLifted(_("This hold has already been lifted."))
    return row


def _whose(hold: Hold) -> list[UUID]:
    return [hold.subject_id] if hold.subject_id else []
