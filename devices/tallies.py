"""What a batch adds to the statistics: counts by day, kind and value, taken at intake from what is in hand anyway.

So the statistics never need to open anything (P4.1 ②). The optional app log is not counted: it was agreed to for error
analysis only. To tell small cells, each cell carries a few keyed, truncated hashes of its devices until the day closes.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec
from django.conf import settings

from devices import months

# A cell with fewer devices than this is not shown; so many hashes are all that need be told apart.
SMALL = 10
UNCOUNTED = frozenset({"app-log"})
# The field by which reports of a kind are told apart: a value from a fixed list, never free text.
VALUES = {"status": "state", "configuration": "result"}


class Cell(msgspec.Struct):
    """One cell of one day: reports, the sum of what they count, and at most ``SMALL`` hashes of devices."""

    reports: int = 0
    total: int = 0
    devices: set[str] = msgspec.field(default_factory=set)

    def add(self, other: "Cell") -> None:
        """Take in what another delivery counted for the same cell."""
        self.reports += other.reports
        self.total += other.total
        for device in sorted(other.devices):
            if len(self.devices) >= SMALL:
                break
            self.devices.add(device)


def tally(days: Sequence[int], kinds: Sequence[str], devices: Sequence[str], reports: Sequence[Any]) -> str:
    """Return the counts of some reports, column by column, as JSON: ``{day: {kind or kind:value: cell}}``.

    Days are numbered as ``months.day_of`` counts them.
    """
    names = [
        f"{kind}:{getattr(report.body, VALUES[kind])}" if kind in VALUES else kind
        for kind, report in zip(kinds, reports, strict=True)
    ]
    keys = list(zip(days, names, strict=True))
    numbers = Counter(keys)
    for key in [key for key in numbers if key[1] in UNCOUNTED]:
        del numbers[key]
    totals: Counter[tuple[int, str]] = Counter()
    if "access-count" in kinds:
        for key, report in zip(keys, reports, strict=True):
            if key[1] == "access-count":
                totals[key] += report.body.count
    seen: dict[tuple[int, str], set[str]] = {}
    few: dict[tuple[int, str], set[str]] = {key: set() for key in numbers}
    for key, device in zip(keys, devices, strict=True):
        known = few.get(key)
        if known is not None:
            known.add(device)
            if len(known) == SMALL:
                seen[key] = few.pop(key)
                if not few:
                    break
    seen |= few
    told: dict[str, dict[str, Cell]] = {}
    for number in {number for number, _name in numbers}:
        day = months.day_of(number)
        its = {name: known for (other, name), known in seen.items() if other == number}
        # Mostly the same few devices stand in all cells of a day.
        standing = {device: hashed(device, day) for device in set().union(*its.values())}
        told[day.isoformat()] = {
            name: Cell(
                numbers[number, name],
                totals.get((number, name), numbers[number, name]),
                {standing[device] for device in known},
            )
            for name, known in its.items()
        }
    return msgspec.json.encode(told).decode()


def hashed(device: str, day: date) -> str:
    """Return what stands for a device in the cells of one day, and only of that day."""
    made = _keyed(day).copy()
    made.update(device.encode())
    return made.hexdigest()


@lru_cache(maxsize=512)
def _keyed(day: date) -> blake2b:
    key = blake2b(day.isoformat().encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=32).digest()
    return blake2b(key=key, digest_size=5)
