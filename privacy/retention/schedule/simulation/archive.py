"""What would be moved to the archive, and what would end there: by the terms of the laws on each night."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum

from privacy.lib.dates import clock, periods
from privacy.policies.categories import ARCHIVE
from privacy.retention.archive import expiry, preservation, record_groups
from privacy.retention.archive.preservation import PreservationScope
from privacy.retention.destruction import blockers
from privacy.retention.models import ArchivedRecord, Hold
from privacy.retention.schedule.simulation.months import DestroyedMonth
from privacy.retention.schedule.simulation.timeline import RulesTimeline, Sweeps

SLICE = 1_000


@dataclass(frozen=True)
class Archived:
    """Records of a person that lie in the archive up to a day; ``is_there`` already, or moved by a simulated list."""

    subject_id: UUID
    ends_on: date
    records: int
    is_there: bool


def moved_people(category: str, people: Sequence[UUID], day: date, rules: RulesTimeline) -> list[Archived]:
    """Return what is moved to the archive of people who are destroyed in a category on a day."""
    moved = []
    for covered in preservation.preservation_scopes(category, day, rules):
        for start in range(0, len(people), SLICE):
            moved += _preserved(covered, people[start : start + SLICE], day)
    return moved


def moved_month(one: DestroyedMonth, day: date, rules: RulesTimeline) -> list[Archived]:
    """Return what is moved to the archive of a whole month that is destroyed on a day."""
    moved = []
    after = clock.midnight(periods.first_of_next_month(one.month))
    for covered in preservation.preservation_scopes(one.holding.category, day, rules):
        if covered.holding == one.holding and after > covered.since:
            rows = one.rows().filter(**{f"{one.holding.kind}__in": sorted(covered.rules)})
            people = list(rows.order_by(one.holding.subject).values_list(one.holding.subject, flat=True).distinct())
            for start in range(0, len(people), SLICE):
                moved += _preserved(covered, people[start : start + SLICE], day, month=one.month)
    return moved


def _preserved(
    covered: PreservationScope, people: Sequence[UUID], day: date, *, month: date | None = None
) -> list[Archived]:
    since, until = covered.since, None
    if month is not None:
        since, until = max(since, clock.midnight(month)), clock.midnight(periods.first_of_next_month(month))
    groups = record_groups.count_groups(covered.holding, sorted(covered.rules), people=people, since=since, until=until)
    moved = [
        Archived(subject_id, preservation.preservation_end(recorded_on, covered.rules[kind]), records, False)
        for subject_id, kind, recorded_on, records in groups
    ]
    return [one for one in moved if one.ends_on >= day]


def ended(moved: Iterable[Archived], sweeps: Sweeps) -> dict[int, tuple[int, int]]:
    """Return, for each sweep that lists archived records, of how many people and how many records."""
    last = sweeps.day(len(sweeps) - 1)
    there = (
        ArchivedRecord.objects.over(last).order_by().values_list("subject_id", "ends_on").annotate(total=Sum("records"))
    )
    of_sweep: dict[int, list[Archived]] = defaultdict(list)
    days = [sweeps.day(number) for number in range(len(sweeps))]
    all_of_them = [Archived(subject_id, ends_on, records, True) for subject_id, ends_on, records in there.iterator()]
    all_of_them += [one for one in moved if one.ends_on < last]
    for one in all_of_them:
        of_sweep[next_sweep(days, one.ends_on)].append(one)
    counts: dict[int, tuple[int, int]] = {}
    is_held = Hold.objects.active(days[0]).exists()
    waiting: list[Archived] = []
    for number in range(len(days)):
        waiting += of_sweep.get(number, [])
        if not waiting:
            continue
        kept = _held(waiting, sweeps, number) if is_held else set()
        going = [one for one in waiting if one.subject_id not in kept]
        waiting = [one for one in waiting if one.subject_id in kept]
        if going:
            counts[number] = len({one.subject_id for one in going}), sum(one.records for one in going)
    return counts


def next_sweep(days: Sequence[date], ends_on: date) -> int:
    """Return the number of the first sweep after a day."""
    low, high = 0, len(days) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if days[middle] > ends_on else (middle + 1, high)
    return low


def _held(waiting: Sequence[Archived], sweeps: Sweeps, number: int) -> set[UUID]:
    """Return the people whose archived records a hold keeps with a sweep: all that are over, if any is."""
    day = sweeps.day(number)
    kept = expiry.people_on_hold(day, day)
    simulated = sorted({one.subject_id for one in waiting if not one.is_there})
    return kept | blockers.on_hold(simulated, ARCHIVE, sweeps.moments[number])
