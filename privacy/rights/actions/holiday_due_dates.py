"""Deadlines of open cases when the calendar changes: a temporary holiday moves them, its withdrawal moves them back."""

from datetime import date, datetime, timedelta
from typing import Any

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import holidays, periods
from privacy.policies import rulebook
from privacy.rights.actions.cases import lock_case, record
from privacy.rights.actions.due_dates import access_term
from privacy.rights.events import Event
from privacy.rights.models import Objection, Postponement, Request, Right

CALENDAR = SystemActor("calendar")
# No run of holidays is longer: a day moves only terms that end shortly before it or on it.
LONGEST_RUN = timedelta(days=31)
# No term between a day and its target is longer, however the rulebook sets its numbers of days.
LONGEST_TERM = timedelta(days=400)


def move_due_dates(day: date, at: datetime) -> int:
    """Recompute the due dates that a changed holiday may move (law T-04); return how many moved.

    The internal target never rolls, so the due date is always the first working day from it on.
    """
    moved = 0
    concerned = Request.objects.select_for_update().unanswered().filter(target_on__range=(day - LONGEST_RUN, day))
    for case in concerned.order_by("id"):
        due_on = holidays.next_working_day(case.target_on)
        if due_on != case.due_on:
            facts = _facts(case.due_on, due_on, because=day)
            case.due_on = due_on
            case.save(update_fields=["due_on"])
            record(case, Event.DEADLINE_MOVED, actor=CALENDAR, at=at, facts=facts)
            moved += 1
    return moved + _move_postponed(day, at) + _move_objections(day, at)


def _move_postponed(day: date, at: datetime) -> int:
    """Move the day of each postponed access that is still owed, also where another right has its case's first term."""
    moved = 0
    owed = Postponement.objects.filter(right__carried_out_at=None, ended_on__range=(day - LONGEST_TERM, day))
    owed = owed.filter(right__request__state__in=Request.UNANSWERED).exclude(right__decision=Right.Decision.REFUSED)
    for put_off in owed.select_related("right").order_by("right__request_id", "id"):
        from_on, days = access_term(put_off)
        due_on = periods.answer_due(from_on, days=days)
        if put_off.due_on is not None and due_on != put_off.due_on:
            case, facts = lock_case(put_off.right.request_id), _facts(put_off.due_on, due_on, because=day)
            put_off.due_on = due_on
            put_off.save(update_fields=["due_on"])
            record(case, Event.DEADLINE_MOVED, actor=CALENDAR, at=at, right=put_off.right, facts=facts)
            moved += 1
    return moved


def _move_objections(day: date, at: datetime) -> int:
    """Move the targets of the objections that nobody has decided (law R-29)."""
    moved = 0
    pending = Objection.objects.filter(
        outcome=Objection.Outcome.PENDING, received_on__range=(day - LONGEST_TERM, day)
    ).select_related("right")
    for objection in pending.order_by("right__request_id", "id"):
        days = rulebook.parameter("objection.answer.days", objection.received_on)
        target_on = periods.answer_due(objection.received_on, days=days)
        if target_on != objection.target_on:
            case, facts = lock_case(objection.right.request_id), _facts(objection.target_on, target_on, because=day)
            objection.target_on = target_on
            objection.save(update_fields=["target_on"])
            record(case, Event.DEADLINE_MOVED, actor=CALENDAR, at=at, right=objection.right, facts=facts)
            moved += 1
    return moved


def _facts(before: date, due_on: date, *, because: date) -> dict[str, Any]:
    return {"from": before.isoformat(), "due_on": due_on.isoformat(), "because": because.isoformat()}
