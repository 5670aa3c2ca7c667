"""Storing a batch of reports: one question for all devices, one sealing, one COPY, one entry (P3.5; performance.md).

The batch's row and its reports commit together, so a repeated batch finds its answer and stores nothing twice. The
ledger's entry commits just before them (ledger.md, Writing).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import compress
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connections, transaction
from django.utils.translation import gettext as _
from psycopg.errors import CheckViolation

from devices import gate, months
from devices.actions import copying
from devices.callers import Caller
from devices.events import Event
from devices.reading import Delivery, Refused, read_batch
from devices.refusals import MESSAGES, Problem
from devices.tallies import tally
from devices.wire import KIND_OF_REPORT, BatchAnswer, RefusedReport
from privacy.ledger import actions as ledger
from privacy.lib import prepared
from privacy.lib.refusals import Refusal
from privacy.vault import actions as vault

# How far a device's clock may run ahead, and how late a report may come: a device can be switched off for long.
AHEAD = timedelta(minutes=5)
LATE = timedelta(days=366)
# Korea has no summer time: its days begin nine hours before those of UTC.
KST = 9 * 60 * 60 * 1_000_000
DAY = 24 * 60 * 60 * 1_000_000
CLAIM = """
INSERT INTO devices_batch (id, gateway_id, batch, digest, received_at, stored, refused, answer, tally)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (gateway_id, batch) DO NOTHING
"""
ANSWERED = "SELECT digest, answer FROM devices_batch WHERE gateway_id = %s AND batch = %s"


class BatchReused(Refusal):
    """This batch's id was used before for other reports: a client that made a mistake would lose them."""

    code = "batch-reused"


class Taken(NamedTuple):
    """Reports on their way into their tables, column by column: as many of each as there are reports."""

    ids: list[bytes]
    kinds: list[str]
    devices: list[str]
    reports: list[Any]
    bodies: list[bytes]
    moments: list[int]
    days: list[int]
    positions: Sequence[int]

    def without(self, places: set[int]) -> "Taken":
        """Return the reports but those at these places."""
        return Taken(*([one for place, one in enumerate(column) if place not in places] for column in self))


class Claim(NamedTuple):
    """The row of a batch, in the order of its columns."""

    id: UUID
    gateway_id: UUID
    batch: UUID
    digest: bytes
    received_at: datetime
    stored: int
    refused: int
    answer: str
    tally: str


def store_reports(raw: bytes, *, gateway: Caller, at: datetime) -> bytes:
    """Store a batch as it came (JSON) and return the answer (JSON); the same batch again gets the same answer.

    Raises Malformed for what is no batch, BatchReused. A report that is not taken is named in the answer with its
    index, code and pointer, and neither stored nor logged.
    """
    delivery = read_batch(raw)
    taken = _admit(delivery, gateway=gateway, at=at)
    taken, rows = _seal(taken, delivery.refused, at=at)
    answer = _answer(delivery.batch, len(taken.ids), delivery.refused)
    claim = Claim(
        UUID(bytes=copying.new_ids(1)[0]), gateway.gateway_id, delivery.batch, sha256(raw).digest(), at,
        len(taken.ids), len(delivery.refused), answer.decode(),
        tally(list(map(day_of, taken.days)), taken.kinds, taken.devices, taken.reports),
    )  # fmt: skip
    try:
        stored = _store(taken, rows, claim, gateway=gateway, at=at)
    except CheckViolation:
        # A month for which nobody made the partition ahead: make it and try once more.
        months.make(sorted({months.first_of(day_of(day)) for day in taken.days}))
        stored = _store(taken, rows, claim, gateway=gateway, at=at)
    return answer if stored else _same_answer(claim)


@lru_cache(maxsize=4096)
def day_of(number: int) -> date:
    """Return a calendar day in Korea by its number since 2000."""
    return date(2000, 1, 1) + timedelta(days=number)


def _admit(delivery: Delivery, *, gateway: Caller, at: datetime) -> Taken:
    """Sort out what may not be taken, and why."""
    reports = delivery.reports
    kinds = [KIND_OF_REPORT[type(report)] for report in reports]
    devices = [report.device for report in reports]
    moments = copying.microseconds([report.occurred_at for report in reports])
    days = [(moment + KST) // DAY for moment in moments]
    every = Taken(
        copying.new_ids(len(kinds)), kinds, devices, reports, delivery.bodies, moments, days, delivery.positions
    )
    senders = set(zip(devices, [kind == "app-log" for kind in kinds], strict=True))
    obstacles = gate.obstacles(
        {device for device, logs in senders if not logs},
        {device for device, logs in senders if logs},
        gateway=gateway,
        at=at,
    )
    oldest, newest = copying.microseconds([at - LATE, at + AHEAD])
    if not obstacles and (not moments or (oldest <= min(moments) and max(moments) <= newest)):
        return every
    shut: set[int] = set()
    for place, (device, kind, moment, day) in enumerate(zip(devices, kinds, moments, days, strict=True)):
        problem = _problem(obstacles.get(device.lower()), kind, day)
        if problem is None and not oldest <= moment <= newest:
            problem = ("/occurred_at", "clock")
        if problem is not None:
            pointer, code = problem
            shut.add(place)
            refusal = Problem(pointer, code, str(MESSAGES[code]))
            delivery.refused.append(Refused(delivery.positions[place], refusal))
    return every.without(shut)


def _problem(obstacle: gate.Obstacle | None, kind: str, day: int) -> tuple[str, str] | None:
    if obstacle is None:
        return None
    if obstacle.code:
        return "/device", obstacle.code
    if kind in obstacle.refused_kinds:
        return "/kind", obstacle.refused_kinds[kind]
    if obstacle.ended_on is not None and day_of(day) > obstacle.ended_on:
        return "/device", "withdrawn"
    return None


def _seal(taken: Taken, refused: list[Refused], *, at: datetime) -> tuple[Taken, dict[str, bytes]]:
    """Seal the bodies and return the rows of each table; reports whose key is gone are refused and left out."""
    while True:
        groups = _grouped(taken)
        try:
            boxes = vault.seal_columns([column for _table, column, _moments, _kinds in groups], at)
        except vault.Destroyed as destroyed:
            gone = _gone(taken, destroyed.keys)
            if not gone:
                raise
            problem = Problem("/device", "destroyed", str(MESSAGES["destroyed"]))
            refused.extend(Refused(taken.positions[place], problem) for place in gone)
            taken = taken.without(gone)
            continue
        [received] = copying.microseconds([at])
        rows: dict[str, bytes] = {}
        for (table, column, moments, kinds), sealed in zip(groups, boxes, strict=True):
            devices = [column.subjects[place] for place in column.places]
            more = copying.rows(column.rows, devices, moments, kinds, sealed, received=received)
            rows[table] = rows.get(table, b"") + more
        return taken, rows


def _grouped(taken: Taken) -> list[tuple[str, vault.Column, list[int], list[str]]]:
    """Part the reports by table, category and month, as the vault and COPY want them."""
    month_of = {day: months.first_of(day_of(day)) for day in set(taken.days)}
    logs = [kind == "app-log" for kind in taken.kinds]
    groups = []
    for logging, month in sorted(set(zip(logs, [month_of[day] for day in taken.days], strict=True))):
        chosen = [log == logging for log in logs]
        if len(month_of) > 1:
            chosen = [this and month_of[day] == month for this, day in zip(chosen, taken.days, strict=True)]
        devices = list(compress(taken.devices, chosen))
        kinds = list(compress(taken.kinds, chosen))
        number_of = {device: number for number, device in enumerate(dict.fromkeys(devices))}
        column = vault.Column(
            copying.LABELS[kinds[0]],
            "body",
            gate.CATEGORY_OF_KIND[kinds[0]],
            month,
            [bytes.fromhex(device.replace("-", "")) for device in number_of],
            [number_of[device] for device in devices],
            list(compress(taken.ids, chosen)),
            list(compress(taken.bodies, chosen)),
        )
        groups.append((copying.TABLES[kinds[0]], column, list(compress(taken.moments, chosen)), kinds))
    return groups


def _gone(taken: Taken, keys: frozenset[Any]) -> set[int]:
    """Return the places of the reports whose subject's or month's key was destroyed."""
    return {
        place
        for place, (kind, device, day) in enumerate(zip(taken.kinds, taken.devices, taken.days, strict=True))
        if ("subject", (UUID(device), gate.CATEGORY_OF_KIND[kind])) in keys
        or ("epoch", (gate.CATEGORY_OF_KIND[kind], months.first_of(day_of(day)))) in keys
    }


def _store(taken: Taken, rows: dict[str, bytes], claim: Claim, *, gateway: Caller, at: datetime) -> bool:
    """Claim the batch and store its reports in one transaction; ``False`` if it was answered before."""
    with transaction.atomic(using="personal"), connections["personal"].cursor() as cursor:
        if prepared.run("personal", CLAIM, claim) == 0:
            return False
        for table, body in rows.items():
            copying.write(cursor, table, body)
        # On a connection of its own database, so it is committed before the reports are. Naming each device would
        # make the entry fifty times as long; the digest of the list tells which they were.
        devices = set(taken.devices)
        ledger.record(
            Event.REPORTS_STORED,
            actor=gateway,
            at=at,
            about=("devices.batch", claim.id),
            facts={
                "devices": len(devices),
                "digest": sha256("\n".join(sorted(devices)).encode()).hexdigest(),
                "batch": str(claim.batch),
                "stored": claim.stored,
                "refused": claim.refused,
                "kinds": dict(Counter(taken.kinds)),
            },
        )
    return True


def _answer(batch: UUID, stored: int, refused: list[Refused]) -> bytes:
    named = [
        RefusedReport(position, problem.code, f"/reports/{position}{problem.pointer}", problem.message)
        for position, problem in sorted(refused, key=lambda item: item.position)
    ]
    return msgspec.json.encode(BatchAnswer(batch, stored, named))


def _same_answer(claim: Claim) -> bytes:
    with connections["personal"].cursor() as cursor:
        cursor.execute(ANSWERED, [claim.gateway_id, claim.batch])
        held, answer = cursor.fetchone()
    if bytes(held) != claim.digest:
        raise BatchReused(_("This batch id was used before for other reports. Send these under an id of their own."))
    return msgspec.json.encode(msgspec.json.decode(answer, type=BatchAnswer))
