"""Which rules hold on which day with or without a version, and the nights on which a simulated sweep looks."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.models import Parameter, PolicyVersion
from privacy.policies.rulebook import NoPolicyInForce, Rulebook
from privacy.retention.schedule import retention_rules

# When the nightly sweep looks, in Korea (config/schedules.py).
SWEEP_TIME = time(3, 30)
# A sweep after a longer silence stands alone: what is due for a limited time may have come and gone meanwhile.
MAX_SILENCE = timedelta(days=28)


class RulesTimeline:
    """The rulebook of each day: the published versions', without or with one from the day it takes effect."""

    def __init__(self, *, leave_out: PolicyVersion, tried_from: date | None = None) -> None:
        public = PolicyVersion.objects.public().exclude(pk=leave_out.pk).exclude(effective_on=None)
        days = dict(public.values_list("effective_on", "pk"))
        books: dict[date, Rulebook] = {}
        for version in PolicyVersion.objects.filter(pk__in=days.values()):
            assert version.effective_on is not None
            books[version.effective_on] = rulebook.read(version)
        if tried_from is not None:
            books[tried_from] = rulebook.read(leave_out)
        self._days = sorted(books)
        self._books = [books[day] for day in self._days]

    def __call__(self, on: date) -> Rulebook:
        """Return the rulebook of a day. Raises NoPolicyInForce before the first."""
        place = bisect_right(self._days, on)
        if not place:
            raise NoPolicyInForce(on.isoformat())
        return self._books[place - 1]

    def keeps_alike(self, category: str, other: "RulesTimeline") -> bool:
        """Whether a category is kept for the same time on each day by this timeline and by another."""
        return all(
            retention_rules.by_rulebook(self(day), category) == retention_rules.by_rulebook(other(day), category)
            for day in {*self._days, *other._days}
        )


@dataclass(frozen=True)
class Sweeps:
    """The moments at which a sweep looks, in their order."""

    moments: Sequence[datetime]

    @classmethod
    def nightly(cls, first: date, months: int) -> "Sweeps":
        """Return a sweep each night from ``first`` to the end of the ``months``-th calendar month, its own included."""
        after = first
        for _month in range(months):
            after = periods.first_of_next_month(after)
        nights = (after - first).days
        at = timedelta(hours=SWEEP_TIME.hour, minutes=SWEEP_TIME.minute)
        return cls([clock.midnight(first + timedelta(days=night)) + at for night in range(nights)])

    def __len__(self) -> int:
        return len(self.moments)

    def day(self, number: int) -> date:
        """Return the day in Korea of a sweep."""
        return clock.kst_date(self.moments[number])

    def first_from(self, moment: datetime) -> int:
        """Return the number of the first sweep at ``moment`` or later; past the last: how many there are."""
        return bisect_left(self.moments, moment)

    def stretches(self, rules: RulesTimeline) -> Iterator[tuple[int, int]]:
        """Yield the first and last sweep of each stretch of a month in which no rule and no number changes.

        Within one, whoever is due stays due and what keeps somebody can only end: no hold and no case is foreseen.
        """
        days = [self.day(number) for number in range(len(self))]
        changes = (
            sorted(
                Parameter.objects.filter(effective_on__range=(days[0], days[-1])).values_list("effective_on", flat=True)
            )
            if days
            else []
        )
        first = 0
        for number in range(1, len(days) + 1):
            if number == len(days) or self._breaks(number, days, changes, rules):
                yield first, number - 1
                first = number

    def _breaks(self, number: int, days: Sequence[date], changes: Sequence[date], rules: RulesTimeline) -> bool:
        before, day = days[number - 1], days[number]
        silence_before = number < 2 or self.moments[number - 1] - self.moments[number - 2] > MAX_SILENCE
        return (
            silence_before
            or (before.year, before.month) != (day.year, day.month)
            or rules(before) is not rules(day)
            or bisect_right(changes, before) != bisect_right(changes, day)
        )
