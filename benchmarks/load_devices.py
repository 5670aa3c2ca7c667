"""Putting a fleet in place by COPY: what the verbs would write, sealed for real under keys of its own, in bulk.

The verbs make one device at a time and would need hours for a million. Keys are wrapped by the vault's provider and
boxes are made by its cryptography, so whatever is loaded opens through its door (``dataset_cache.py`` tries); only the
rows go past the verbs. ``load_reports.py`` and ``load_ledger.py`` hold the rest.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import harness  # noqa: F401 - it puts the project on the path
import load_progress

from privacy.policies.categories import APP_LOG, DEVICE_REGISTRATION, SERVICE_ANALYTICS

MODELS = ("SM-S931N", "SM-S926N", "SM-A556S", "SM-F956N", "SM-X910N")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
UUID_, TEXT, BYTES, MOMENT, DAY = "uuid", "varchar", "bytea", "timestamptz", "date"
SMALL, NUMBER, FLAG = "int2", "int4", "bool"
SUBJECT = {"id": UUID_, "reference": TEXT, "state": TEXT, "registered_at": MOMENT}
DECISION = {
    "id": UUID_, "reference": TEXT, "subject_id": UUID_, "agreement_id": UUID_, "version_id": UUID_,
    "text_digest": TEXT, "choice": TEXT, "decided_at": MOMENT, "recorded_at": MOMENT, "method": TEXT,
    "language": TEXT, "actor_kind": TEXT, "actor_ref": TEXT, "by_representative": FLAG, "confirmation": TEXT,
    "receipt_digest": TEXT,
}  # fmt: skip
STANDING = {
    "id": UUID_, "subject_id": UUID_, "agreement_id": UUID_, "decision_id": UUID_, "choice": TEXT, "number": SMALL,
    "decided_at": MOMENT,
}  # fmt: skip
KEY = {
    "id": UUID_, "subject_id": UUID_, "category": TEXT, "wrapped": BYTES, "generation": NUMBER, "created_at": MOMENT,
}  # fmt: skip
CATEGORIES = (DEVICE_REGISTRATION, SERVICE_ANALYTICS, APP_LOG)
SEALED = ("imei", "serial_number", "model", "os_version", "os_build", "time_zone")
DEVICE = {
    "id": UUID_, "subject_id": UUID_, "reference": TEXT, "gateway_id": UUID_, **dict.fromkeys(SEALED, BYTES),
    "imei_index": BYTES, "serial_number_index": BYTES, "registered_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip
LICENCE = {
    "id": UUID_, "device_id": UUID_, "key": BYTES, "key_index": BYTES, "starts_on": DAY, "ends_on": DAY,
    "recorded_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip
type Keys = dict[str, list[bytes]]


@dataclass(frozen=True)
class Slice:
    """Some devices next to each other, to be put in place together; ``reports`` of each over the ``months``."""

    first: int
    ids: Sequence[UUID]
    gateway_id: UUID
    at: datetime
    offset: int
    agreed: Sequence[str] = ("activation", "service-analytics", "app-log")
    reports: int = 0
    months: Sequence[date] = field(default_factory=tuple)
    resumable: bool = False


def imei(number: int) -> str:
    """Return a valid IMEI."""
    digits = f"{35_690_010_000_000 + number:014d}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"


def items(number: int) -> dict[str, str]:
    """Return what a device of this number is registered with."""
    values = (imei(number), f"R3CT{number:07d}X", MODELS[number % len(MODELS)], str(14 + number % 3))
    return dict(zip(SEALED, (*values, "BP2A.250605.031", "Asia/Seoul"), strict=True))


def licence_key(number: int) -> str:
    """Return the licence key of a device of this number."""
    return f"EXAFE-{number:08d}"


def reference(prefix: str, number: int) -> str:
    """Return the reference of a number: scattered, and never the same for two numbers below 2**40."""
    value = number * 0x9E3779B9_7F % 2**40
    parts = [PAIRS[value >> step & 1023] for step in (30, 20, 10, 0)]
    return f"{prefix}-{parts[0]}{parts[1]}-{parts[2]}{parts[3]}"


def registered(part: Slice) -> list[datetime]:
    """Return when each was registered: one after another, a day for every slice of the fleet's first year."""
    begun = part.at - timedelta(days=364) + timedelta(seconds=part.first * 30 % (363 * 86_400))
    return [begun + timedelta(seconds=place) for place in range(len(part.ids))]


def put(part: Slice) -> Keys:
    """Put a slice's people, decisions, keys, devices and licences in place; return the raw keys by category.

    Of a ``resumable`` slice what an earlier sitting put in place stays.
    """
    moments = registered(part)
    with _step("default", part, "people") as left:
        if left:
            keys = {category: make_keys(part.ids, category, part.at) for category in CATEGORIES}
            _people(part, moments)
            _decisions(part, moments)
    if not left:
        keys = {category: kept_keys(part.ids, category) for category in CATEGORIES}
    with _step("personal", part, "devices") as left:
        if left:
            _devices(part, moments, keys[DEVICE_REGISTRATION])
    return keys


@contextmanager
def _step(alias: str, part: Slice, name: str) -> Iterator[bool]:
    """Give a transaction, and whether its rows are left to put in place; it notes that they are."""
    from django.db import connections, transaction

    step = f"{name} {part.first}"
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        left = not (part.resumable and load_progress.has_done(cursor.connection, step))
        yield left
        if left and part.resumable:
            load_progress.note_done(cursor.connection, step)


def copy(alias: str, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows by binary COPY."""
    from django.db import connections

    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connections[alias].cursor() as cursor, cursor.copy(statement) as stream:
        stream.set_types(list(columns.values()))
        for row in rows:
            stream.write_row(row)


def new_ids(count: int) -> list[UUID]:
    """Return ids of version 7, in order."""
    from devices.actions import binary_copy

    blocks = (min(4_096, count - done) for done in range(0, count, 4_096))
    return [UUID(bytes=made) for block in blocks for made in binary_copy.new_uuid7s(block)]


def make_keys(ids: Sequence[UUID], category: str, at: datetime) -> list[bytes]:
    """Make a key for each of these people who have none, wrapped as the vault wraps them; return the raw keys."""
    from privacy.vault import crypto, key_providers
    from privacy.vault.actions.key_creation import current_generation

    generation, size = current_generation(at=at), crypto.KEY_BYTES
    random = os.urandom(size * len(ids))
    raw = [random[start : start + size] for start in range(0, len(random), size)]
    labels = [crypto.subject_key_label(person.bytes, category) for person in ids]
    wrapped = key_providers.master_keys().wrap(generation, list(zip(raw, labels, strict=True)))
    rows = (
        (row, person, category, box, generation, at)
        for row, person, box in zip(new_ids(len(ids)), ids, wrapped, strict=True)
    )
    copy("default", "vault_subjectkey", KEY, rows)
    return raw


def kept_keys(ids: Sequence[UUID], category: str) -> list[bytes]:
    """Return the raw keys that an earlier sitting made for these people."""
    from privacy.vault import crypto, key_providers
    from privacy.vault.models import SubjectKey

    found = SubjectKey.objects.filter(subject_id__in=ids, category=category)
    kept = {
        person: key_providers.WrappedKey(generation, bytes(box), crypto.subject_key_label(person.bytes, category))
        for person, generation, box in found.values_list("subject_id", "generation", "wrapped")
    }
    return key_providers.master_keys().unwrap([kept[person] for person in ids])


def _people(part: Slice, moments: Sequence[datetime]) -> None:
    numbers = range(part.offset + part.first, part.offset + part.first + len(part.ids))
    rows = (
        (device, reference("S", number), "active", at)
        for device, number, at in zip(part.ids, numbers, moments, strict=True)
    )
    copy("default", "subjects_subject", SUBJECT, rows)


def _decisions(part: Slice, moments: Sequence[datetime]) -> None:
    from consents.models import AgreementVersion

    versions = AgreementVersion.objects.published().filter(agreement__code__in=part.agreed)
    for place, version in enumerate(versions.order_by("agreement__position")):
        of, text = version.agreement_id, version.id
        ids = new_ids(len(part.ids))
        # Every agreement's receipts have a range of numbers of their own.
        start = part.offset + (place + 1 << 34) + part.first
        decisions = (
            (
                decision, reference("C", number), device, of, text, version.digest, "agree", at, at, "app", "ko",
                "system", "system:benchmark", False, "", "",
            )
            for number, decision, device, at in zip(
                range(start, start + len(ids)), ids, part.ids, moments, strict=True
            )
        )  # fmt: skip
        copy("default", "consents_decision", DECISION, decisions)
        standings = (
            (row, device, of, decision, "agree", version.number, at)
            for row, decision, device, at in zip(new_ids(len(ids)), ids, part.ids, moments, strict=True)
        )
        copy("default", "consents_currentconsent", STANDING, standings)


def month_key(category: str, month: date, at: datetime) -> bytes:
    """Return the raw key of a category's month, made where there is none: these loaders hold the keys themselves."""
    from privacy.vault.actions.key_creation import keys_for_encryption
    from privacy.vault.keyservice.key_material import unwrap

    (key,) = unwrap(list(keys_for_encryption([], [(category, month)], at=at).values()))
    return key


def _devices(part: Slice, moments: Sequence[datetime], keys: Sequence[bytes]) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from privacy.vault import actions as vault
    from privacy.vault import crypto

    # The keys of both kinds are compared with the enrolled ones once; the rows of the slice then go straight.
    month = vault.month_of(part.at)
    epoch = month_key(DEVICE_REGISTRATION, month, part.at)
    vault.blind_index("imei", imei(part.first))
    places = {item: crypto.associated_data("devices.Device", item, DEVICE_REGISTRATION) for item in SEALED}
    on_licence = crypto.associated_data("devices.Licence", "key", DEVICE_REGISTRATION)
    rows, licences = [], []
    for number, (device, key, begun, licence) in enumerate(
        zip(part.ids, keys, moments, new_ids(len(part.ids)), strict=True), part.first
    ):
        cipher = AESGCM(crypto.content_key(key, epoch))
        held, licensed = items(number), licence_key(number)
        rows.append(
            (
                device, device, reference("D", part.offset + number), part.gateway_id,
                *[crypto.encrypt(cipher, month, held[item].encode(), places[item], device, device) for item in SEALED],
                vault.blind_index("imei", held["imei"]),
                vault.blind_index("serial_number", held["serial_number"]), begun, begun,
            )
        )  # fmt: skip
        licences.append(
            (
                licence, device, crypto.encrypt(cipher, month, licensed.encode(), on_licence, licence, device),
                vault.blind_index("licence_key", licensed), begun.date(),
                begun.date() + timedelta(days=730), begun, begun,
            )
        )  # fmt: skip
    copy("personal", "devices_device", DEVICE, rows)
    copy("personal", "devices_licence", LICENCE, licences)
