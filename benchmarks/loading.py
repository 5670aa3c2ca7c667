"""Putting a fleet in place by COPY: what the verbs would write, sealed for real under keys of its own, in bulk.

The verbs make one device at a time and would need hours for a million. Keys are made and boxes sealed by the vault
itself, so whatever is loaded opens through its door; only the rows go past the verbs.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

MODELS = ("SM-S931N", "SM-S926N", "SM-A556S", "SM-F956N", "SM-X910N")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
UUID_, TEXT, BYTES, MOMENT, DAY, NUMBER, FLAG = "uuid", "varchar", "bytea", "timestamptz", "date", "int2", "bool"
SUBJECT = {"id": UUID_, "reference": TEXT, "state": TEXT, "registered_at": MOMENT}
DECISION = {
    "id": UUID_, "reference": TEXT, "subject_id": UUID_, "agreement_id": UUID_, "version_id": UUID_,
    "text_digest": TEXT, "choice": TEXT, "decided_at": MOMENT, "recorded_at": MOMENT, "method": TEXT,
    "language": TEXT, "actor_kind": TEXT, "actor_ref": TEXT, "by_representative": FLAG, "confirmation": TEXT,
}  # fmt: skip
STANDING = {
    "id": UUID_, "subject_id": UUID_, "agreement_id": UUID_, "decision_id": UUID_, "choice": TEXT, "number": NUMBER,
    "decided_at": MOMENT,
}  # fmt: skip
SEALED = ("imei", "serial_number", "model", "os_version", "os_build", "time_zone")
DEVICE = {
    "id": UUID_, "subject_id": UUID_, "reference": TEXT, "gateway_id": UUID_, **dict.fromkeys(SEALED, BYTES),
    "imei_index": BYTES, "serial_number_index": BYTES, "registered_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip
LICENCE = {
    "id": UUID_, "device_id": UUID_, "key": BYTES, "key_index": BYTES, "starts_on": DAY, "ends_on": DAY,
    "recorded_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip


@dataclass(frozen=True)
class Slice:
    """Some devices next to each other, to be put in place together; ``reports`` of each over the ``months``."""

    first: int
    ids: Sequence[UUID]
    gateway_id: UUID
    at: datetime
    offset: int
    agreed: Sequence[str] = ("activation", "app-log")
    reports: int = 0
    months: Sequence[date] = field(default_factory=tuple)


def imei(number: int) -> str:
    """Return a valid IMEI."""
    digits = f"{35_690_010_000_000 + number:014d}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def items(number: int) -> dict[str, str]:
    """Return what a device of this number is registered with."""
    values = (imei(number), f"R3CT{number:07d}X", MODELS[number % len(MODELS)], str(14 + number % 3))
    return dict(zip(SEALED, (*values, "BP2A.250605.031", "Asia/Seoul"), strict=True))


def reference(prefix: str, number: int) -> str:
    """Return the reference of a number: scattered, and never the same for two numbers below 2**40."""
    value = number * 0x9E3779B9_7F % 2**40
    parts = [PAIRS[value >> step & 1023] for step in (30, 20, 10, 0)]
    return f"{prefix}-{parts[0]}{parts[1]}-{parts[2]}{parts[3]}"


def put(part: Slice) -> Counter[tuple[date, str]]:
    """Put a slice in place: people, decisions, devices, licences, keys, reports. Return its cells of the statistics."""
    from django.db import transaction

    from privacy.vault.actions.making import ring_for_sealing

    pairs = [(device, category) for device in part.ids for category in ("service-analytics", "app-log")]
    ring_for_sealing(pairs, [], at=part.at)
    with transaction.atomic():
        _people(part)
        _decisions(part)
    with transaction.atomic(using="personal"):
        _devices(part)
    return _reports(part) if part.reports else Counter()


def copy(alias: str, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows by binary COPY."""
    from django.db import connections

    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connections[alias].cursor() as cursor, cursor.copy(statement) as stream:
        stream.set_types(list(columns.values()))
        for row in rows:
            stream.write_row(row)


def _people(part: Slice) -> None:
    rows = ((device, reference("S", part.offset + number), "active", part.at) for number, device in _numbered(part))
    copy("default", "subjects_subject", SUBJECT, rows)


def _decisions(part: Slice) -> None:
    from consents.models import AgreementVersion
    from privacy.lib.ids import new_id

    versions = AgreementVersion.objects.published().filter(agreement__code__in=part.agreed)
    for place, version in enumerate(versions.order_by("agreement__position")):
        of, text = version.agreement_id, version.id
        ids = [new_id() for _device in part.ids]
        # Every agreement's receipts have a range of numbers of their own.
        start = part.offset + (place + 1 << 34)
        decisions = (
            (
                decision, reference("C", start + number), device, of, text, version.digest, "agree", part.at, part.at,
                "app", "ko", "system", "system:benchmark", False, "",
            )
            for decision, (number, device) in zip(ids, _numbered(part), strict=True)
        )  # fmt: skip
        copy("default", "consents_decision", DECISION, decisions)
        standings = (
            (new_id(), device, of, decision, "agree", version.number, part.at)
            for decision, device in zip(ids, part.ids, strict=True)
        )
        copy("default", "consents_standing", STANDING, standings)


def _devices(part: Slice) -> None:
    from privacy.lib.ids import new_id
    from privacy.vault import actions as vault

    values = [items(number) for number, _device in _numbered(part)]
    keys = [f"EXAFE-{number:08d}" for number, _device in _numbered(part)]
    licences = [new_id() for _device in part.ids]
    plain = [
        ("devices.Device", item, device, device, "device-registration", value.encode())
        for device, held in zip(part.ids, values, strict=True)
        for item, value in held.items()
    ]
    plain += [
        ("devices.Licence", "key", licence, device, "device-registration", key.encode())
        for licence, device, key in zip(licences, part.ids, keys, strict=True)
    ]
    boxes = iter(vault.seal_batch(plain, part.at))
    # One after another, as a fleet is registered: a day for every slice of the fleet's first year.
    begun = part.at - timedelta(days=364) + timedelta(seconds=part.first * 30 % (363 * 86_400))
    rows = [
        (
            device, device, reference("D", part.offset + number), part.gateway_id, *[next(boxes) for _item in held],
            vault.blind_index("imei", held["imei"]), vault.blind_index("serial_number", held["serial_number"]),
            begun + timedelta(seconds=number - part.first), part.at,
        )
        for (number, device), held in zip(_numbered(part), values, strict=True)
    ]  # fmt: skip
    copy("personal", "devices_device", DEVICE, rows)
    licence_rows = [
        (
            licence, device, next(boxes), vault.blind_index("licence_key", key), date(2026, 1, 1), date(2027, 12, 31),
            part.at, part.at,
        )
        for licence, device, key in zip(licences, part.ids, keys, strict=True)
    ]  # fmt: skip
    copy("personal", "devices_licence", LICENCE, licence_rows)


def _reports(part: Slice) -> Counter[tuple[date, str]]:
    """Seal and store the reports of a slice, month by month, device by device: as closed months lie."""
    from django.db import connections, transaction

    from devices.actions import copying
    from privacy.vault import actions as vault

    source = random.Random(part.first)
    groups = [group for place in range(len(part.months)) for group in _month(part, place, source)]
    sealed = vault.seal_columns([column for _table, column, _moments, _kinds in groups], part.at)
    [received] = copying.microseconds([part.at])
    cells: Counter[tuple[date, str]] = Counter()
    with transaction.atomic(using="personal"), connections["personal"].cursor() as cursor:
        for (table, column, moments, kinds), boxes in zip(groups, sealed, strict=True):
            owners = [column.subjects[place] for place in column.places]
            copying.write(cursor, table, copying.rows(column.rows, owners, moments, kinds, boxes, received=received))
            cells.update(_cells(moments, kinds))
    return cells


def _month(part: Slice, place: int, source: random.Random) -> Iterator[tuple[str, Any, list[int], list[str]]]:
    """Yield a month's reports by table: the kinds in turn, so that each device has had all of them in a while."""
    from devices.actions import copying
    from devices.gate import CATEGORY_OF_KIND
    from privacy.vault.actions.columns import Column

    first = part.months[place]
    after = (first + timedelta(days=32)).replace(day=1)
    start, end = copying.microseconds([_midnight(first), min(_midnight(after), part.at)])
    before, until = (part.reports * step // len(part.months) for step in (place, place + 1))
    bodies = fleet_bodies()
    for table in sorted(set(copying.TABLES.values())):
        places, moments, kinds, plains = [], [], [], []
        for owner in range(len(part.ids)):
            for step in range(before, until):
                kind, plain = bodies[(owner + step) % len(bodies)]
                if copying.TABLES[kind] == table:
                    places.append(owner)
                    kinds.append(kind)
                    plains.append(plain)
                    moments.append(start + int(source.random() * (end - start)))
        if places:
            ids = [made for count in _blocks(len(places), 4_096) for made in copying.new_ids(count)]
            subjects = [device.bytes for device in part.ids]
            category = CATEGORY_OF_KIND[kinds[0]]
            label = copying.LABELS[kinds[0]]
            yield table, Column(label, "body", category, first, subjects, places, ids, plains), moments, kinds


def fleet_bodies() -> list[tuple[str, bytes]]:
    """Return the kinds of reports with their bodies as intake stores them."""
    import fleet

    return [(kind, json.dumps(body, separators=(",", ":")).encode()) for kind, body in fleet.BODIES]


def _cells(moments: Sequence[int], kinds: Sequence[str]) -> Iterator[tuple[date, str]]:
    from devices.actions.reports import DAY as DAY_LENGTH
    from devices.actions.reports import KST, day_of
    from devices.tallies import UNCOUNTED

    names = {"status": "status:active", "configuration": "configuration:applied"}
    for moment, kind in zip(moments, kinds, strict=True):
        if kind not in UNCOUNTED:
            yield day_of((moment + KST) // DAY_LENGTH), names.get(kind, kind)


def _numbered(part: Slice) -> Iterator[tuple[int, UUID]]:
    return enumerate(part.ids, part.first)


def _midnight(day: date) -> datetime:
    from privacy.lib import clock

    return datetime(day.year, day.month, day.day, tzinfo=clock.KST)


def _blocks(total: int, size: int) -> Iterator[int]:
    while total > 0:
        yield min(total, size)
        total -= size
