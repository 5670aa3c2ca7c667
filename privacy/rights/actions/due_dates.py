"""Until when a case is answered: its first term, or a postponed access's once nothing else is owed (R-08, R-10)."""

from datetime import date

from django.db.models import Q, QuerySet

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.rights.models import Letter, Postponement, Request, Right


def update_due_date(case: Request) -> None:
    """Let the term of a locked case follow from what it still owes.

    While anything besides a postponed access is undecided, or granted and not carried out, the first term holds;
    after that the access alone is owed, by its own day. It holds too unless the person was told within it (law R-09).
    """
    put_off = Postponement.objects.in_force().filter(right__request=case).first()
    if put_off is None:
        return
    days = rulebook.parameter("rights.answer.days", case.received_on)
    if _owed(case).exclude(id=put_off.right_id).exists() or not _told_within(case, put_off, days=days):
        _set(case, case.received_on, days)
    else:
        _set(case, *access_term(put_off))


def _told_within(case: Request, put_off: Postponement, *, days: int) -> bool:
    """Whether the notice of a postponement went out within the first term, and has not come back."""
    told = case.letters.filter(kind=Letter.Kind.POSTPONED, about_id=put_off.id, sent_at__isnull=False).first()
    if told is None or told.sent_at is None:
        return False
    return clock.kst_date(told.sent_at) <= periods.answer_due(case.received_on, days=days)


def access_term(put_off: Postponement) -> tuple[date, int]:
    """Return from which day, and in how many days, a postponed access is due (law R-10)."""
    reason_ends_on = put_off.ended_on or put_off.expected_on
    return reason_ends_on, rulebook.parameter("rights.postponed.answer.days", reason_ends_on)


def _owed(case: Request) -> QuerySet[Right]:
    granted = Q(decision__in=[Right.Decision.GRANTED, Right.Decision.PARTLY_GRANTED])
    return case.rights.filter(Q(decision=Right.Decision.PENDING) | granted & Q(carried_out_at=None))


def _set(case: Request, from_on: date, days: int) -> None:
    target_on, due_on = periods.answer_due_unrolled(from_on, days=days), periods.answer_due(from_on, days=days)
    if (target_on, due_on) != (case.target_on, case.due_on):
        case.target_on, case.due_on = target_on, due_on
        case.save(update_fields=["target_on", "due_on"])
