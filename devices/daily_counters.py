"""What a batch adds to the statistics: counts by day, kind and value, taken at intake from what is in hand anyway.

So the statistics never need to open anything (P4.1 ②). The optional app log is not counted: it was agreed to for error
analysis only. To tell small cells, each cell carries a few keyed, truncated hashes of its devices until the day closes.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec
from django.conf import settings

from devices import partitions
from devices.models import Kind

# A cell with fewer devices than this is not shown; so many hashes are all that need be told apart.
SUPPRESSION_THRESHOLD = 10
UNCOUNTED = frozenset({Kind.APP_LOG.value})
# The field by which reports of a kind are told apart: a value from a fixed list, never free text.
VALUE_FIELDS = {"status": "state", "configuration": "result"}


class Cell(msgspec.Struct):
    """One cell of one day: reports, what they count, and hashes of devices up to ``SUPPRESSION_THRESHOLD``."""

    reports: int = 0
    total: int = 0
    devices: set[str] = msgspec.field(default_factory=set)

    def add(self, other: "Cell") -> None:
        """Take in what another delivery counted for the same cell."""
        self.reports += other.reports
        self.total += other.total
        for device in sorted(other.devices):
            if len(self.devices) >= SUPPRESSION_THRESHOLD:
                break
            self.devices.add(device)


def count_reports(days: Sequence[int], kinds: Sequence[str], devices: Sequence[str], reports: Sequence[Any]) -> str:
    """Return the counts of some reports, column by column, as JSON: ``{day: {kind or kind:value: cell}}``.

    Days are numbered as ``partitions.day_of`` counts them.
    """
    counted: dict[int, dict[Any, Cell]] = {day: {} for day in set(days)}
    for day, kind, device, report in zip(days, kinds, devices, reports, strict=True):
        if kind in UNCOUNTED:
            continue
        key = (kind, getattr(report.body, VALUE_FIELDS[kind])) if kind in VALUE_FIELDS else kind
        cells = counted[day]
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = Cell()
        cell.reports += 1
        cell.total += report.body.count if kind == "access-count" else 1
        if len(cell.devices) < SUPPRESSION_THRESHOLD:
            cell.devices.add(device)
    told: dict[str, dict[str, Cell]] = {}
    for number, cells in counted.items():
        if not cells:
            continue
        its_day = partitions.day_of(number)
        # Mostly the same few devices stand in all cells of a day.
        named = set().union(*[cell.devices for cell in cells.values()])
        standing = {device: device_hash(device, its_day) for device in named}
        for cell in cells.values():
            cell.devices = {standing[device] for device in cell.devices}
        told[its_day.isoformat()] = {key if type(key) is str else ":".join(key): cell for key, cell in cells.items()}
    return msgspec.json.encode(told).decode()


def device_hash(device: str, day: date) -> str:
    """Return what stands for a device in the cells of one day, and only of that day."""
    made = _daily_hash(day).copy()
    made.update(device.encode())
    return made.hexdigest()


@lru_cache(maxsize=512)
def _daily_hash(day: date) -> blake2b:
    key = blake2b(day.isoformat().encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=32).digest()
    return blake2b(key=key, digest_size=5)
