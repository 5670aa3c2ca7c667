"""Which whole months of a category would go with which sweep, and whose records in them would stay."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Model, QuerySet

from privacy.retention.destruction import blockers
from privacy.retention.models import DestructionList
from privacy.retention.schedule import retention_rules, selection
from privacy.retention.schedule.simulation.timeline import RulesTimeline, Sweeps
from privacy.subjects.holdings import Holding


@dataclass(frozen=True)
class DestroyedMonth:
    """A month of records that a sweep lists and one carries out; without ``kept`` its key goes too."""

    holding: Holding
    month: date
    listed: int
    done: int
    kept: frozenset[UUID]
    # Whose records were left there by a list before: nobody else has any now.
    only: frozenset[UUID] | None

    def rows(self) -> QuerySet[Model]:
        """The records that go."""
        rows = selection.rows_in_month(self.holding, self.month)
        if self.only is not None:
            return rows.filter(**{f"{self.holding.subject}__in": sorted(self.only - self.kept)})
        return rows.exclude(**{f"{self.holding.subject}__in": sorted(self.kept)}) if self.kept else rows


@dataclass
class MonthsSimulation:
    """The whole months of one category."""

    category: str
    sweeps: Sweeps
    rules: RulesTimeline
    destroyed: list[DestroyedMonth] = field(default_factory=list)
    _left: dict[date, frozenset[UUID]] = field(default_factory=dict)
    _gone: set[date] = field(default_factory=set)

    def run(self) -> "MonthsSimulation":
        """Look through all sweeps."""
        listed = DestructionList.objects.open().filter(category=self.category, unit=DestructionList.Unit.MONTH)
        earlier = {row.month: row for row in listed if row.month is not None}
        for first, last in self.sweeps.stretches(self.rules):
            for holding, month in selection.months_due(self.category, self.sweeps.day(last), self.rules):
                if (row := earlier.pop(month, None)) is not None:
                    ready = row.not_before or self.sweeps.moments[0] + row.wait
                    self._carry_out(holding, month, 0, self.sweeps.first_from(ready))
                start: int | None = first
                while start is not None and month not in self._gone and self._is_listed(holding, month, last):
                    start = self._list(holding, month, start, last)
        return self

    def _list(self, holding: Holding, month: date, first: int, last: int) -> int | None:
        """List a month with the first sweep that does; return from which one on what is left is listed again."""
        low, high = first, last
        while low < high:
            middle = (low + high) // 2
            if self._is_listed(holding, month, middle):
                high = middle
            else:
                low = middle + 1
        wait = timedelta(hours=retention_rules.for_category(self.category, self.sweeps.day(low), self.rules).wait_hours)
        done = self.sweeps.first_from(self.sweeps.moments[low] + wait)
        self._carry_out(holding, month, low, done)
        return done + 1 if done < last else None

    def _is_listed(self, holding: Holding, month: date, number: int) -> bool:
        day, at = self.sweeps.day(number), self.sweeps.moments[number]
        if month not in {one for _holding, one in selection.months_due(self.category, day, self.rules)}:
            return False
        if blockers.hold_covers_everybody(self.category, at):
            return False
        blocked = selection.blocked_in_month(holding, month, at)
        if not blocked:
            return True
        left = self._left.get(month)
        if left is not None:
            return not left <= blocked.keys()
        people = selection.rows_in_month(holding, month).values(holding.subject).distinct().count()
        return len(blocked) != people

    def _carry_out(self, holding: Holding, month: date, listed: int, done: int) -> None:
        if done >= len(self.sweeps):
            self._gone.add(month)
            return
        at = self.sweeps.moments[done]
        only = self._left.get(month)
        kept: Collection[UUID] = selection.blocked_in_month(holding, month, at)
        if blockers.hold_covers_everybody(self.category, at):
            kept = set(
                selection.rows_in_month(holding, month).order_by().values_list(holding.subject, flat=True).distinct()
            )
        stays = frozenset(kept) if only is None else frozenset(kept) & only
        self.destroyed.append(DestroyedMonth(holding, month, listed, done, stays, only))
        if stays:
            self._left[month] = stays
        else:
            self._gone.add(month)
