"""Storing a batch of reports: one question for all devices, one sealing, one COPY, one entry (P3.5; performance.md).

The batch's row and its reports commit together, so a repeated batch finds its answer and stores nothing twice. The
ledger's entry commits just before them (ledger.md, Writing); one without its batch is a try that failed after it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import ProgrammingError, connections
from django.utils.translation import gettext as _
from psycopg.errors import UndefinedTable

from devices import gate, months
from devices.actions import copying
from devices.callers import Caller
from devices.events import Event
from devices.reading import Delivery, Refused, read_batch
from devices.refusals import MESSAGES, Problem
from devices.tallies import tally
from devices.wire import KIND_OF_REPORT, BatchAnswer, RefusedReport
from privacy.ledger import actions as ledger
from privacy.lib.closings import Heard
from privacy.lib.refusals import Refusal
from privacy.vault import actions as vault

APP_LOG = "app-log"
# How far a device's clock may run ahead, and how late a report may come: a device can be switched off for long.
AHEAD = timedelta(minutes=5)
LATE = timedelta(days=366)
# Korea has no summer time: its days begin nine hours before those of UTC.
KST = 9 * 60 * 60 * 1_000_000
DAY = 24 * 60 * 60 * 1_000_000
ANSWERED = "SELECT digest, answer FROM devices_batch WHERE gateway_id = %s AND batch = %s"


class BatchReused(Refusal):
    """This batch's id was used before for other reports: a client that made a mistake would lose them."""

    code = "batch-reused"


class Taken(NamedTuple):
    """Reports on their way into their tables, column by column: as many of each as there are reports."""

    ids: Sequence[bytes]
    kinds: Sequence[str]
    devices: Sequence[str]
    reports: Sequence[Any]
    bodies: Sequence[bytes]
    moments: Sequence[int]
    days: Sequence[int]
    positions: Sequence[int]

    def at(self, places: Sequence[int]) -> "Taken":
        """Return the reports at these places, which ascend."""
        if places and places[-1] - places[0] == len(places) - 1:
            # They stand side by side, in order: a slice costs a tenth.
            columns: tuple[Any, ...] = tuple([column[places[0] : places[-1] + 1] for column in self])
            return Taken(*columns)
        return Taken(*map(picking(places), self))

    def without(self, places: set[int]) -> "Taken":
        """Return the reports but those at these places."""
        return self.at([place for place in range(len(self.ids)) if place not in places])


def picking(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Return what picks these places out of a column."""
    return itemgetter(*places) if len(places) > 1 else lambda column: [column[place] for place in places]


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
    digest = sha256(raw).digest()
    # Asked with the token, for a call that came with one.
    heard = gateway.heard or gate.hear()
    while True:
        try:
            return _stored(delivery, digest, gateway=gateway, heard=heard, at=at)
        except gate.Closed:
            # What was closed between is not remembered any more, so this time it is asked for.
            continue


def _stored(delivery: Delivery, digest: bytes, *, gateway: Caller, heard: Heard, at: datetime) -> bytes:
    """Store what may be stored of a batch and return the answer. Raises gate.Closed, then nothing is stored."""
    refused = list(delivery.refused)
    taken, trusted = _admit(delivery, refused, gateway=gateway, heard=heard, at=at)
    taken, rows = _seal(taken, refused, at=at)
    answer = _answer(delivery.batch, len(taken.ids), refused)
    claim = Claim(
        UUID(bytes=copying.new_ids(1)[0]), gateway.gateway_id, delivery.batch, digest, at, len(taken.ids), len(refused),
        answer.decode(), tally(taken.days, taken.kinds, taken.devices, taken.reports),
    )  # fmt: skip
    # Cached: the rows may go a second time, the entry is one.
    record = cache(partial(_record, taken, claim, gateway=gateway, at=at))
    try:
        stored = _store(rows, claim, record, trusted)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        # A month for which nobody made the partition ahead: make it and try once more.
        months.make(sorted({months.first_of(months.day_of(day)) for day in taken.days}))
        stored = _store(rows, claim, record, trusted)
    return answer if stored else _same_answer(claim)


def _admit(
    delivery: Delivery, refused: list[Refused], *, gateway: Caller, heard: Heard, at: datetime
) -> tuple[Taken, set[str]]:
    """Sort out what may not be taken, and why; return also the devices that the gate did not ask about.

    By table, then in the order of the devices: the rows of one go to the same pages of their table's index, and so does
    a reader.
    """
    named = [report.device for report in delivery.reports]
    said = [KIND_OF_REPORT[type(report)] for report in delivery.reports]
    order = sorted(range(len(named)), key=named.__getitem__)
    order = [place for place in order if said[place] != APP_LOG] + [place for place in order if said[place] == APP_LOG]
    columns: tuple[Sequence[Any], ...] = (said, named, delivery.reports, delivery.bodies, delivery.positions)
    kinds, devices, reports, bodies, positions = map(picking(order), columns)
    moments = copying.microseconds([report.occurred_at for report in reports])
    earliest, latest = min(moments, default=0), max(moments, default=0)
    first, last = (earliest + KST) // DAY, (latest + KST) // DAY
    if last - first <= 1:  # mostly
        midnight = last * DAY - KST
        days = [last if moment >= midnight else first for moment in moments]
    else:
        days = [(moment + KST) // DAY for moment in moments]
    every = Taken(copying.new_ids(len(kinds)), kinds, devices, reports, bodies, moments, days, positions)
    first_log = _first_log(kinds)
    reporting, logging = set(devices[:first_log]), set(devices[first_log:])
    obstacles, trusted = gate.passage(reporting, logging, gateway=gateway, heard=heard, at=at)
    oldest, newest = copying.microseconds([at - LATE, at + AHEAD])
    if not obstacles and (not moments or (oldest <= earliest and latest <= newest)):
        return every, trusted
    shut: set[int] = set()
    for place, (device, kind, moment, day) in enumerate(zip(devices, kinds, moments, days, strict=True)):
        problem = _problem(obstacles.get(device.lower()), kind, day)
        if problem is None and not oldest <= moment <= newest:
            problem = ("/occurred_at", "clock")
        if problem is not None:
            pointer, code = problem
            shut.add(place)
            refusal = Problem(pointer, code, str(MESSAGES[code]))
            refused.append(Refused(positions[place], refusal))
    return every.without(shut), trusted


def _first_log(kinds: Sequence[str]) -> int:
    """Return where the app logs begin, which stand behind all others."""
    return len(kinds) - kinds.count(APP_LOG)


def _problem(obstacle: gate.Obstacle | None, kind: str, day: int) -> tuple[str, str] | None:
    if obstacle is None:
        return None
    if obstacle.code:
        return "/device", obstacle.code
    if kind in obstacle.refused_kinds:
        return "/kind", obstacle.refused_kinds[kind]
    if obstacle.ended_on is not None and months.day_of(day) > obstacle.ended_on:
        return "/device", "withdrawn"
    return None


def _seal(taken: Taken, refused: list[Refused], *, at: datetime) -> tuple[Taken, dict[str, bytes]]:
    """Seal the bodies and return the rows of each month's table; reports whose key is gone are refused and left out."""
    while True:
        groups = _grouped(taken)
        try:
            boxes = vault.seal_columns([column for _table, column, _part in groups], at, heard=True)
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
        for (table, column, part), sealed in zip(groups, boxes, strict=True):
            devices = [column.subjects[place] for place in column.places]
            rows[table] = copying.rows(column.rows, devices, part.moments, part.kinds, sealed, received=received)
        return taken, rows


def _grouped(taken: Taken) -> list[tuple[str, vault.Column, Taken]]:
    """Part the reports by table, category and month, as the vault and COPY want them (decision 0045)."""
    groups = []
    for (_logging, month), places in sorted(_parts(taken).items()):
        if not places:
            continue
        part = taken.at(places)
        number_of = {device: number for number, device in enumerate(dict.fromkeys(part.devices))}
        column = vault.Column(
            copying.LABELS[part.kinds[0]],
            "body",
            gate.CATEGORY_OF_KIND[part.kinds[0]],
            month,
            [bytes.fromhex(device.replace("-", "")) for device in number_of],
            [number_of[device] for device in part.devices],
            part.ids,
            part.bodies,
        )
        groups.append((months.partition(copying.TABLES[part.kinds[0]], month), column, part))
    return groups


def _parts(taken: Taken) -> Mapping[tuple[bool, date], Sequence[int]]:
    """Return the places of the reports of each table (whether it is that of the app logs) and month."""
    month_of = {day: months.first_of(months.day_of(day)) for day in set(taken.days)}
    if len(every := set(month_of.values())) == 1:
        # As _admit has ordered them, those of a table stand side by side.
        [month], first_log = every, _first_log(taken.kinds)
        return {(False, month): range(first_log), (True, month): range(first_log, len(taken.kinds))}
    parts: dict[tuple[bool, date], list[int]] = {}
    for place, (kind, day) in enumerate(zip(taken.kinds, taken.days, strict=True)):
        parts.setdefault((kind == APP_LOG, month_of[day]), []).append(place)
    return parts


def _gone(taken: Taken, keys: frozenset[Any]) -> set[int]:
    """Return the places of the reports whose subject's or month's key was destroyed."""
    return {
        place
        for place, (kind, device, day) in enumerate(zip(taken.kinds, taken.devices, taken.days, strict=True))
        if ("subject", (UUID(device), gate.CATEGORY_OF_KIND[kind])) in keys
        or ("epoch", (gate.CATEGORY_OF_KIND[kind], months.first_of(months.day_of(day)))) in keys
    }


def _store(
    rows: dict[str, bytes], claim: Claim, record: Callable[[], ledger.Recording], trusted: Collection[str]
) -> bool:
    """Claim the batch and store its reports in one transaction; ``False`` if it was answered before."""
    with copying.Storing(claim, rows) as storing:
        if not storing.claim(trusted=trusted):
            return False
        entry = record()
        try:
            storing.write()
        finally:
            # Committed before the reports are, in a database of its own; what it took ran beside them.
            entry.settle()
        storing.commit()
    return True


def _record(taken: Taken, claim: Claim, *, gateway: Caller, at: datetime) -> ledger.Recording:
    # Naming each device would make the entry fifty times as long; the digest of the list tells which they were.
    devices = sorted(set(taken.devices))
    return ledger.record_meanwhile(
        Event.REPORTS_STORED,
        actor=gateway,
        at=at,
        about=("devices.batch", claim.id),
        facts={
            "devices": len(devices),
            "digest": sha256("\n".join(devices).encode()).hexdigest(),
            "batch": str(claim.batch),
            "stored": claim.stored,
            "refused": claim.refused,
            "kinds": dict(Counter(taken.kinds)),
        },
    )


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
