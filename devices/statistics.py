"""The statistics as they are shown: days and kinds, small cells suppressed (P4.1 ②)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from devices.daily_counters import SUPPRESSION_THRESHOLD
from devices.models import DailyReportCount, Kind

VALUE_LABELS: dict[str, Any] = {
    "active": _("active"),
    "inactive": _("inactive"),
    "locked": _("locked"),
    "removed": _("removed"),
    "applied": _("applied"),
    "failed": _("failed"),
    "skipped": _("skipped"),
}


@dataclass
class DailySeries:
    """One kind, or one value of a kind, over the days of a period; ``None`` where a cell is too small to be shown."""

    cell: str
    days: list[date]
    numbers: list[int | None] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What people read: the kind, and the value."""
        kind, _colon, value = self.cell.partition(":")
        label = str(Kind(kind).label)
        return f"{label}: {VALUE_LABELS.get(value, value)}" if value else label

    @property
    def shown(self) -> int:
        """The sum of what is shown; suppressed cells are not in it, so that they can't be computed from it."""
        return sum(number or 0 for number in self.numbers)

    @property
    def suppressed(self) -> int:
        """How many days are not shown."""
        return self.numbers.count(None)

    @property
    def points(self) -> list[tuple[str, list[int]]]:
        """What a chart draws: no bar where the number is not shown."""
        numbers = [[] if number is None else [number] for number in self.numbers]
        return [(f"{day.month}/{day.day}", shown) for day, shown in zip(self.days, numbers, strict=True)]


def daily_series(last: date, *, days: int = 30) -> Sequence[DailySeries]:
    """Return the figures of a period that ends on a day, one series for each kind and value that occurs in it."""
    period = [last - timedelta(days=step) for step in reversed(range(days))]
    held: dict[str, dict[date, DailyReportCount]] = {}
    for figure in DailyReportCount.objects.between(period[0], last).defer("hashes"):
        held.setdefault(figure.cell, {})[figure.day] = figure
    return [
        DailySeries(cell, period, [_number(figures.get(day)) for day in period])
        for cell, figures in sorted(held.items())
    ]


def _number(figure: DailyReportCount | None) -> int | None:
    """A day without reports is 0; one with fewer than the threshold of devices is not shown."""
    if figure is None:
        return 0
    if figure.devices < SUPPRESSION_THRESHOLD:
        return None
    return figure.total if figure.cell == Kind.ACCESS_COUNT else figure.reports
