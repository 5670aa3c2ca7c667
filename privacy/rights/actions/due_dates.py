"""Until when a case is answered: the first of the terms of what it still owes (R-08, R-10, R-35; decision 0375)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.rights.models import ANSWER_DAYS, AUTOMATED, Letter, Postponement, Request, Right

# From which day so many days are counted.
type Term = tuple[date, int]


def first_term(kinds: Iterable[str], received_on: date) -> Term:
    """Return the shortest of the terms of these kinds of rights."""
    codes = {ANSWER_DAYS[kind] for kind in kinds}
    return received_on, min(rulebook.parameter(code, received_on) for code in codes)


def update_due_date(case: Request) -> None:
    """Let the term of a locked case follow from what it still owes: undecided, to be carried out, or not told yet.

    A postponed access is owed by its own day once the person was told within its first term (law R-09).
    """
    put_off, rights = _put_off(case), list(case.rights.all())
    usual = {ANSWER_DAYS[right.kind] for right in rights}
    if put_off is None and len(usual) == 1 and not any(right.kind in AUTOMATED for right in rights):
        return
    sent = _results(case).filter(sent_at__isnull=False)
    owed = [right for right in rights if not is_done(right) or not any(letter.tells(right) for letter in sent)]
    if owed:
        _set(case, *min((term_of(case, right, put_off) for right in owed), key=last_day))


def is_done(right: Right) -> bool:
    """Whether nothing of a right is left to decide or to carry out."""
    return right.done_at is not None


def last_day(term: Term) -> date:
    """Return the last day of a term."""
    from_on, days = term
    return periods.answer_due(from_on, days=days)


def term_of(case: Request, right: Right, put_off: Postponement | None) -> Term:
    """Return the term of a right: a postponed access's own, or one extended, where that was told in time."""
    first = first_term([right.kind], case.received_on)
    if right.kind in AUTOMATED:
        return _extended(case, right, first)
    if put_off is None or put_off.right_id != right.id:
        return first
    if _told_within(case, Letter.Kind.POSTPONED, put_off.id, first):
        return access_term(put_off)
    return first


def to_answer_apart(case: Request) -> list[Right]:
    """Return what is done and nobody was told of, while something else of a case is owed by a later day.

    It is told for itself: the answer to the whole would be late for it (law R-08, R-14, R-21).
    """
    rights = list(case.rights.all())
    due = owed_days(case, rights)
    latest = max((due[right.id] for right in rights if not is_done(right)), default=date.min)
    letters = _results(case)
    done = [right for right in rights if is_done(right) and due[right.id] < latest]
    return [right for right in done if not any(letter.tells(right) for letter in letters)]


def owed_days(case: Request, rights: Iterable[Right]) -> dict[UUID, date]:
    """Return by which day each of these rights of a case is owed, as things stand."""
    put_off = _put_off(case)
    return {right.id: last_day(term_of(case, right, put_off)) for right in rights}


def _put_off(case: Request) -> Postponement | None:
    return Postponement.objects.in_force().filter(right__request=case).first()


def _results(case: Request) -> QuerySet[Letter]:
    return case.letters.filter(kind__in=Letter.RESULTS).exclude(state=Letter.State.WITHDRAWN)


def _extended(case: Request, right: Right, first: Term) -> Term:
    """Lengthen a term by each extension that was told within the term before it (law R-34)."""
    from_on, days = first
    for extension in right.extensions.order_by("number"):
        if not _told_within(case, Letter.Kind.EXTENDED, extension.id, (from_on, days)):
            break
        days += extension.days
    return from_on, days


def _told_within(case: Request, kind: str, about: UUID, term: Term) -> bool:
    """Whether the notice that an answer takes longer went out within a term, and has not come back."""
    told = case.letters.filter(kind=kind, about_id=about, sent_at__isnull=False).first()
    if told is None or told.sent_at is None:
        return False
    return clock.kst_date(told.sent_at) <= last_day(term)


def access_term(put_off: Postponement) -> Term:
    """Return from which day, and in how many days, a postponed access is due (law R-10)."""
    reason_ends_on = put_off.ended_on or put_off.expected_on
    return reason_ends_on, rulebook.parameter("rights.postponed.answer.days", reason_ends_on)


def _set(case: Request, from_on: date, days: int) -> None:
    target_on, due_on = periods.answer_due_unrolled(from_on, days=days), periods.answer_due(from_on, days=days)
    if (target_on, due_on) != (case.target_on, case.due_on):
        case.target_on, case.due_on = target_on, due_on
        case.save(update_fields=["target_on", "due_on"])
