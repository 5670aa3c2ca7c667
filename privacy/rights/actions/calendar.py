"""Deadlines of open cases when the calendar changes: a temporary holiday moves them, its withdrawal moves them back."""

from datetime import date, datetime, timedelta

from privacy.ledger.actors import System
from privacy.lib import holidays
from privacy.rights.actions.timeline import record
from privacy.rights.events import Event
from privacy.rights.models import Request

CALENDAR = System("calendar")
# No run of holidays is longer: a day moves only terms that end shortly before it or on it.
LONGEST_RUN = timedelta(days=31)


def move_deadlines(day: date, at: datetime) -> int:
    """Recompute the due dates that a changed holiday may move (law T-04); return how many moved.

    The internal target never rolls, so the due date is always the first working day from it on.
    """
    moved = 0
    concerned = Request.objects.select_for_update().unanswered().filter(target_on__range=(day - LONGEST_RUN, day))
    for case in concerned.order_by("id"):
        due_on = holidays.next_working_day(case.target_on)
        if due_on != case.due_on:
            facts = {"from": case.due_on.isoformat(), "due_on": due_on.isoformat(), "because": day.isoformat()}
            case.due_on = due_on
            case.save(update_fields=["due_on"])
            record(case, Event.DEADLINE_MOVED, actor=CALENDAR, at=at, facts=facts)
            moved += 1
    return moved
