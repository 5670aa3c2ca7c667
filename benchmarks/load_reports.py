"""The reports of a fleet, sealed device by device under the keys of ``load_devices.py``, month by month by COPY."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import fleet
import load_progress
from load_devices import Keys, Slice, month_key

# Where the statistics put a report of a kind by its value, and what a report adds to a cell's total.
CELLS = {"status": "status:active", "configuration": "configuration:applied"}
TOTALS = {"access-count": 7}


class Pile(NamedTuple):
    """Reports of one table and month as columns: whose (place in the slice), what, when."""

    table: str
    month: date
    places: list[int]
    kinds: list[str]
    moments: list[int]


def put_reports(part: Slice, keys: Keys) -> Counter[tuple[date, str]]:
    """Seal and store the reports of a slice as closed months lie: by device and time. Return the statistics' cells."""
    from django.db import connections, transaction

    from devices.actions import binary_copy

    [received] = binary_copy.postgres_microseconds([part.at])
    devices = [device.bytes for device in part.ids]
    cells: Counter[tuple[date, str]] = Counter()
    with transaction.atomic(using="personal"), connections["personal"].cursor() as cursor:
        if part.resumable and load_progress.has_done(cursor.connection, f"reports {part.first}"):
            return cells
        for pile in _piles(part):
            ids = [made for count in _blocks(len(pile.places), 4_096) for made in binary_copy.new_uuid7s(count)]
            boxes = _sealed(pile, ids, devices, keys, part.at)
            owners = [devices[place] for place in pile.places]
            binary_copy.copy_rows(
                cursor,
                pile.table,
                binary_copy.encode_rows(ids, owners, pile.moments, pile.kinds, boxes, received=received),
            )
            cells.update(_cells(pile))
        if part.resumable:
            said = [[day.isoformat(), cell, number] for (day, cell), number in cells.items()]
            load_progress.note_done(cursor.connection, f"reports {part.first}", said)
    return cells


def _piles(part: Slice) -> Iterator[Pile]:
    """Yield the reports by month and table: the kinds in turn, so that each device has had all of them in a while."""
    from devices.actions import binary_copy

    kinds = [kind for kind, _body in fleet.BODIES]
    for place, first in enumerate(part.months):
        after = (first + timedelta(days=32)).replace(day=1)
        start, end = binary_copy.postgres_microseconds([_midnight(first), min(_midnight(after), part.at)])
        before, until = (part.reports * step // len(part.months) for step in (place, place + 1))
        if until == before:
            continue
        # A device's reports follow each other at even steps, from a moment of its own.
        step = (end - start) // (until - before)
        begun = [start + int.from_bytes(os.urandom(6)) % step for _device in part.ids]
        for table in sorted(set(binary_copy.TABLES.values())):
            wanted = [binary_copy.TABLES[kind] == table for kind in kinds]
            chosen = [
                (owner, number)
                for owner in range(len(part.ids))
                for number in range(before, until)
                if wanted[(owner + number) % len(kinds)]
            ]
            if chosen:
                yield Pile(
                    table,
                    first,
                    [owner for owner, _number in chosen],
                    [kinds[(owner + number) % len(kinds)] for owner, number in chosen],
                    [begun[owner] + (number - before) * step for owner, number in chosen],
                )


def _sealed(pile: Pile, ids: Sequence[bytes], devices: Sequence[bytes], keys: Keys, at: datetime) -> list[bytes]:
    from devices.actions import binary_copy
    from devices.eligibility import CATEGORY_OF_KIND
    from privacy.vault import crypto
    from privacy.vault.actions.bulk_encryption import PlaintextColumn, encrypt_with_keys

    category = CATEGORY_OF_KIND[pile.kinds[0]]
    epoch = month_key(category, pile.month, at)
    raw, present = keys[category], sorted(set(pile.places))
    number_of = dict(zip(present, range(len(present)), strict=True))
    bodies = {kind: json.dumps(body, separators=(",", ":")).encode() for kind, body in fleet.BODIES}
    column = PlaintextColumn(
        binary_copy.LABELS[pile.kinds[0]], "body", category, pile.month, [devices[place] for place in present],
        [number_of[place] for place in pile.places], ids, [bodies[kind] for kind in pile.kinds],
    )  # fmt: skip
    return encrypt_with_keys(column, [crypto.content_key(raw[place], epoch) for place in present])


def _cells(pile: Pile) -> Counter[tuple[date, str]]:
    from devices.actions.report_columns import KST_OFFSET, MICROSECONDS_PER_DAY
    from devices.daily_counters import UNCOUNTED
    from devices.partitions import day_of

    counted = Counter(
        zip([(moment + KST_OFFSET) // MICROSECONDS_PER_DAY for moment in pile.moments], pile.kinds, strict=True)
    )
    return Counter(
        {
            (day_of(day), CELLS.get(kind, kind)): number
            for (day, kind), number in counted.items()
            if kind not in UNCOUNTED
        }
    )


def put_figures(cells: Counter[tuple[date, str]], today: date) -> None:
    """Keep the figures that the reports would have added day by day."""
    from django.db import transaction

    from devices.daily_counters import SUPPRESSION_THRESHOLD
    from devices.models import DailyReportCount

    figures = [
        DailyReportCount(
            day=day, cell=cell, reports=number, total=number * TOTALS.get(cell, 1),
            devices=min(number, SUPPRESSION_THRESHOLD), closed=True,
        )
        for (day, cell), number in sorted(cells.items())
        if day <= today
    ]  # fmt: skip
    # An earlier sitting may have been stopped after these.
    if not DailyReportCount.objects.exists():
        with transaction.atomic():
            DailyReportCount.objects.bulk_create(figures, batch_size=2_000)


def _midnight(day: date) -> datetime:
    from privacy.lib.dates import clock

    return datetime(day.year, day.month, day.day, tzinfo=clock.KST)


def _blocks(total: int, size: int) -> Iterator[int]:
    while total > 0:
        yield min(total, size)
        total -= size


def opens(samples: Sequence[Any]) -> None:
    """Stop the run unless these records open through the vault's door, each to what it was sealed from."""
    from privacy.ledger.actors import SystemActor
    from privacy.lib.dates import clock
    from privacy.vault import actions as vault
    from privacy.vault.purposes import Purpose

    bodies = dict(fleet.BODIES)
    with vault.opened(
        purpose=Purpose.RIGHTS, task="devices.report.viewed", actor=SystemActor("benchmark"), at=clock.now(),
        reason="the loaded reports open",
    ) as vault_session:  # fmt: skip
        for report, body in vault_session.decrypt_many(samples, "body"):
            if body != bodies[report.kind]:
                raise SystemExit(f"{report.pk} does not open to what it was sealed from: {body!r}")
