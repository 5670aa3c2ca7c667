"""On which day the reason for a destruction arose (law D-02): asked of the rule, never of when a sweep found it.

It is the first day on which the rule in force named what is due. What was not here yet, or was kept by a hold, an open
correction or an open request, was not to be destroyed before it came or was let go. Only reads.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Max, Min

from privacy.lib.dates import clock, periods
from privacy.lib.dates.clock import midnight
from privacy.policies.categories import ARCHIVE
from privacy.policies.models import PolicyVersion
from privacy.retention.archive import expiry
from privacy.retention.destruction import blockers
from privacy.retention.destruction.blockers import KeptPeriod
from privacy.retention.models import DestructionList
from privacy.retention.schedule import retention_rules, selection
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.vault.models import MonthKey, SubjectKey

ONE_DAY = timedelta(days=1)


def of_people(category: str, ids: Sequence[UUID], as_of: date) -> dict[UUID, date]:
    """Return, for people who are due on ``as_of``, on which day the reason arose for each."""
    arrived = _arrival_days(category, ids)
    floor = min((arrived.get(one, date.min) for one in ids), default=as_of)
    named = first_days(ids, as_of, floor, lambda some, day: selection.people_still_due(category, [*some], [day]))
    days = {one: min(as_of, max(day, arrived.get(one, day))) for one, day in named.items()}
    return after_what_kept(category, days, as_of)


def of_month(holding: Holding, month: date, as_of: date) -> date:
    """Return on which day the reason arose to destroy a month that is due on ``as_of``."""
    assert holding.due_months is not None
    find_due = holding.due_months
    arrived = _arrival_of_month(holding, month)

    def still_due(months: set[date], day: date) -> set[date]:
        return months.intersection(find_due(day, retention_rules.for_category(holding.category, day)))

    named = first_days([month], as_of, arrived or date.min, still_due)[month]
    return min(as_of, _after_what_kept_in_month(holding, month, max(named, arrived or named), as_of))


def of_archive(as_of: date) -> tuple[date, date]:
    """Return from when until when the reason arose for what the archive lets go on ``as_of``."""
    over = expiry.due_and_not_held(as_of)
    first = over.aggregate(first=Min("ends_on"))["first"]
    if first is None:
        months = [month for _ring, month in expiry.expired_month_keys(as_of, expiry.people_on_hold(as_of, as_of))]
        ends = [periods.first_of_next_month(month) for month in months] or [as_of]
        kept = [one for some in blockers.kept_periods(ARCHIVE, midnight(min(ends))).values() for one in some]
        days = [_let_go(day, kept, as_of) for day in ends]
        return min(as_of, *days), min(as_of, max(days))
    kept_people = blockers.kept_periods(ARCHIVE, midnight(first))
    named = {one for one in kept_people if one is not None}
    others = over.exclude(subject_id__in=named).aggregate(first=Min("ends_on"), last=Max("ends_on"))
    days = [_let_go(day + ONE_DAY, kept_people.get(None, ()), as_of) for day in others.values() if day is not None]
    of_named = over.filter(subject_id__in=named).values_list("subject_id").annotate(first=Min("ends_on")).order_by()
    days += after_what_kept(ARCHIVE, {one: day + ONE_DAY for one, day in of_named}, as_of).values()
    return min(as_of, *days), min(as_of, max(days))


def first_days[Named](
    due: Iterable[Named], as_of: date, floor: date, still_due: Callable[[set[Named], date], set[Named]]
) -> dict[Named, date]:
    """Return the first day on which each was due, of what is due on ``as_of``; none before ``floor``.

    ``still_due`` says which of them were due on a day. What is due for one day costs one question; further back the
    days are halved.
    """
    floor = max(floor, _first_policy_day())
    found: dict[Named, date] = {}
    left, last, step = set(due), as_of, 1
    while left:
        before = max(floor, last - timedelta(days=step))
        if before >= last:
            return found | dict.fromkeys(left, last)
        earlier = still_due(left, before)
        found |= _halve(left - earlier, before, last, still_due)
        left, last, step = earlier, before, step + step
    return found


def _halve[Named](
    due: set[Named], before: date, last: date, still_due: Callable[[set[Named], date], set[Named]]
) -> dict[Named, date]:
    """Return the first day of what was due on ``last`` and not on ``before``."""
    if not due or last - before == ONE_DAY:
        return dict.fromkeys(due, last)
    middle = before + (last - before) // 2
    earlier = still_due(due, middle)
    return _halve(earlier, before, middle, still_due) | _halve(due - earlier, middle, last, still_due)


def after_what_kept(category: str, days: Mapping[UUID, date], as_of: date) -> dict[UUID, date]:
    """Return these days, each put off by the days on which something kept its person's data of the category."""
    if not days:
        return {}
    kept = blockers.kept_periods(category, midnight(min(days.values())), [*days])
    everybody = kept.get(None, [])
    return {one: min(as_of, _let_go(day, [*everybody, *kept.get(one, [])], as_of)) for one, day in days.items()}


def _let_go(day: date, kept: Iterable[KeptPeriod], as_of: date) -> date:
    """Return the day on which something was due, put off by the days on which something kept it from then on.

    The days that nothing kept count against the time for it, however often it was kept between them. What began when
    it was late puts nothing off.
    """
    within, reached = timedelta(days=retention_rules.days_to_destroy(as_of)), day
    for begun, free in sorted(kept):
        if begun <= day + within and free > reached:
            day += free - max(begun, reached)
            reached = free
    return day


def _after_what_kept_in_month(holding: Holding, month: date, day: date, as_of: date) -> date:
    """Return the day put off where a hold or a case kept all that is left of a month, or its key."""
    earlier = DestructionList.objects.filter(
        category=holding.category, month=month, state=DestructionList.State.DONE, key_kept=True
    ).aggregate(last=Max("done_at"))["last"]
    day = day if earlier is None else max(day, clock.kst_date(earlier))
    kept = blockers.kept_periods(holding.category, midnight(day))
    everybody, named = kept.get(None, []), [one for one in kept if one is not None]
    rows = selection.rows_in_month(holding, month)
    present = set(rows.filter(**{f"{holding.subject}__in": named}).values_list(holding.subject, flat=True).distinct())
    if not present or rows.exclude(**{f"{holding.subject}__in": named}).exists():
        return _let_go(day, everybody, as_of)
    return min(_let_go(day, [*everybody, *kept[one]], as_of) for one in present)


def _arrival_days(category: str, ids: Sequence[UUID]) -> dict[UUID, date]:
    """Return from which day these people's data of the category is here: its key was made with the first of it.

    Where what the period counts from was recorded later than that, it is that day.
    """
    keys = SubjectKey.objects.filter(subject_id__in=[*ids], category=category)
    arrived = {one: clock.kst_date(at) for one, at in keys.values_list("subject_id", "created_at")}
    holding = holdings.holding_with_due(category)
    known = holding.known_from(ids) if holding is not None and holding.known_from else {}
    return arrived | {one: max(arrived.get(one, date.min), clock.kst_date(at)) for one, at in known.items()}


def _arrival_of_month(holding: Holding, month: date) -> date | None:
    """Return on which day the first of what is left of a month came; of a month without rows, that its key was made."""
    keys = MonthKey.objects.filter(category=holding.category, month=month)
    made: object = keys.aggregate(first=Min("created_at"))["first"]
    if holding.arrived:
        made = selection.rows_in_month(holding, month).aggregate(first=Min(holding.arrived))["first"] or made
    return clock.kst_date(made) if made is not None else None  # type: ignore[arg-type]


def _first_policy_day() -> date:
    first: date | None = PolicyVersion.objects.public().aggregate(first=Min("effective_on"))["first"]
    return first or date.min
