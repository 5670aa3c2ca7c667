"""The one shape of a batch's reports between reading and storing: columns, in the order of their tables."""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import compress, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

from devices import partitions
from devices.actions.binary_copy import new_uuid7s, postgres_microseconds
from devices.batch_parser import ParsedBatch
from devices.models import Kind
from devices.report_schema import KIND_OF_REPORT

APP_LOG = Kind.APP_LOG.value
# Korea has no summer time: its days begin nine hours before those of UTC.
KST_OFFSET = 9 * 60 * 60 * 1_000_000
MICROSECONDS_PER_DAY = 24 * 60 * 60 * 1_000_000


class AcceptedReports(NamedTuple):
    """Reports on their way into their tables, column by column: as many of each as there are reports.

    Shaped once, as they are accepted: by table, then by month, then by device. So those of a month's table are a slice,
    and the rows of one device go to the same pages of the table's index, as a reader does.
    """

    ids: Sequence[bytes]
    kinds: Sequence[str]
    devices: Sequence[str]
    reports: Sequence[Any]
    bodies: Sequence[bytes]
    moments: Sequence[int]
    days: Sequence[int]
    positions: Sequence[int]

    @property
    def first_log(self) -> int:
        """Where the app logs begin, which have a table of their own."""
        return len(self.kinds) - self.kinds.count(APP_LOG)

    def by_table(self) -> list[tuple[date, "AcceptedReports"]]:
        """Return the reports of each month's table, with the month."""
        count, month_of = len(self.days), _month_of(self.days)
        starts = {0, self.first_log}
        if len(set(month_of.values())) > 1:
            months = pairwise(map(month_of.__getitem__, self.days))
            starts.update(place for place, (before, month) in enumerate(months, 1) if before != month)
        begins = sorted(starts)
        slices = [(start, end) for start, end in pairwise([*begins, count]) if start < end]
        return [
            (month_of[self.days[start]], AcceptedReports._make(column[start:end] for column in self))
            for start, end in slices
        ]

    def without(self, places: set[int]) -> "AcceptedReports":
        """Return the reports but those at these places, in the same order."""
        stays = [place not in places for place in range(len(self.ids))]
        return AcceptedReports._make(tuple(compress(column, stays)) for column in self)


def shape_reports(delivery: ParsedBatch) -> AcceptedReports:
    """Put what was read into the columns and the order in which it is stored; each report gets its id."""
    kinds = [KIND_OF_REPORT[type(report)] for report in delivery.reports]
    # One device in two spellings is one device.
    devices = [report.device.lower() for report in delivery.reports]
    moments = postgres_microseconds([report.occurred_at for report in delivery.reports])
    days = _days_in_korea(moments)
    order = sorted(range(len(devices)), key=devices.__getitem__)
    month_of = _month_of(days)
    if len(set(month_of.values())) > 1:
        order.sort(key=[month_of[day] for day in days].__getitem__)
    order = [place for place in order if kinds[place] != APP_LOG] + [
        place for place in order if kinds[place] == APP_LOG
    ]
    columns = (kinds, devices, delivery.reports, delivery.bodies, moments, days, delivery.positions)
    picked = itemgetter(*order) if len(order) > 1 else tuple
    return AcceptedReports(new_uuid7s(len(order)), *[picked(column) for column in columns])


def _month_of(days: Collection[int]) -> dict[int, date]:
    return {day: partitions.first_of_month(partitions.day_of(day)) for day in set(days)}


def _days_in_korea(moments: Sequence[int]) -> list[int]:
    """Return the day of each moment, by its number since 2000."""
    first, last = (
        (moment + KST_OFFSET) // MICROSECONDS_PER_DAY for moment in (min(moments, default=0), max(moments, default=0))
    )
    if last - first > 1:
        return [(moment + KST_OFFSET) // MICROSECONDS_PER_DAY for moment in moments]
    midnight = last * MICROSECONDS_PER_DAY - KST_OFFSET  # mostly
    return [last if moment >= midnight else first for moment in moments]
