"""Bringing in an existing fleet: looked at, confirmed, carried out in slices by the worker.

Every row is sealed when the file is read, under the key of the device it will become; the file itself is not kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from hashlib import sha256
from itertools import batched, chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents import actions as consents
from consents.models import AgreementVersion
from devices import fleet_import_files
from devices.actions.gateways import GatewayClosed
from devices.actions.registration import LicenceTerms, register
from devices.actors import gateway_actor
from devices.events import Event
from devices.fleet_import_files import AGREEMENT_OF_COLUMN
from devices.models import FleetImport, Gateway, ImportedRow
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, Unavailable
from privacy.lib.identifiers.ids import new_id
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.lib.record_labels import about_label, record_label
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes
from privacy.vault.decryption_session import DecryptionSession
from privacy.vault.encryption_options import encrypted_field
from privacy.vault.fields import EncryptedValue
from privacy.vault.purposes import Purpose

READ_SIZE, ROWS_PER_RUN, CLEARED_PER_RUN = 500, 200, 1_000
MAX_ROW_ERRORS = 5_000
COLUMN_OF = {code: column for column, code in AGREEMENT_OF_COLUMN.items()}


class ImportNotOpen(Refusal):
    """An import that was confirmed, completed or discarded is not confirmed again; nor one that was not kept whole."""

    code = "import-not-open"


def preview_import(*, name: str, content: bytes, gateway: Gateway, actor: Actor, at: datetime) -> FleetImport:
    """Read a file, seal what can be taken, and say what can't; nothing is registered yet.

    Raises NotPermitted, GatewayClosed, UnreadableFile.
    """
    require_permission(actor, "devices.import_fleet", about=gateway)
    _check_gateway_open(gateway)
    made = FleetImport(gateway=gateway, file_digest=sha256(content).hexdigest(), made_by=actor.ref, made_at=at)
    seen: set[bytes] = set()
    ready: list[ImportedRow] = []
    for lines in batched(fleet_import_files.read_rows(name, content), READ_SIZE):
        judged = [(number, *fleet_import_files.validate_row(values, clock.kst_date(at))) for number, values in lines]
        found = fleet_import_files.indexes(
            [{} if problems else registration for _number, registration, problems in judged]
        )
        seen |= fleet_import_files.registered_indexes(found)
        corrected = fleet_import_files.corrected_indexes(found)
        taken: list[tuple[int, dict[str, Any]]] = []
        for (number, registration, problems), of_device in zip(judged, found, strict=True):
            made.rows += 1
            problems = problems or fleet_import_files.problems_of_age(
                registration, anybody=gateway.users == Gateway.Users.ANYBODY, today=clock.kst_date(at)
            )
            problems = problems or fleet_import_files.duplicates(of_device, seen, corrected)
            if problems:
                made.refused += 1
                made.findings += [[number, problem.pointer, problem.code] for problem in problems]
                continue
            seen |= of_device.keys()
            taken.append((number, registration))
        ready += _sealed_rows(made, taken, at=at)
    made.accepted, made.findings = len(ready), made.findings[:MAX_ROW_ERRORS]
    with transaction.atomic(using="personal"):
        ImportedRow.objects.bulk_create(ready, batch_size=1_000)
        with transaction.atomic():
            made.save(force_insert=True)
            facts = {"rows": made.rows, "accepted": made.accepted, "refused": made.refused, "file": made.file_digest}
            ledger.record(Event.IMPORT_PREVIEWED, actor=actor, at=at, about=made, facts=facts)
    return made


@transaction.atomic
def confirm_import(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> FleetImport:
    """Let the worker register what was previewed. Raises NotPermitted, ImportNotOpen, GatewayClosed."""
    require_permission(actor, "devices.import_fleet", about=fleet_import)
    row = lock_previewed(fleet_import)
    _check_gateway_open(row.gateway)
    if ImportedRow.objects.filter(import_id=row.id).count() != row.accepted:
        # The preview died between the two databases: what it counted was never kept.
        raise ImportNotOpen(_("This file was not kept completely. Discard this import and upload the file again."))
    row.state, row.confirmed_by, row.confirmed_at = FleetImport.State.RUNNING, actor.ref, at
    row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    outbox.enqueue("devices.import", ids={"import": str(row.id)}, key=f"devices.import:{row.id}")
    ledger.record(Event.IMPORT_CONFIRMED, actor=actor, at=at, about=row, facts={"accepted": row.accepted})
    return row


def continue_import(import_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Register the next slice of an import; return whether all of it is done. Safe to repeat and to interrupt.

    What became of a slice is counted once, before its rows go. Raises UnderHold at the end, while a hold keeps rows
    that were refused on the way: the import is done when these are gone.
    """
    row = FleetImport.objects.select_related("gateway").get(pk=import_id)
    if row.state != FleetImport.State.RUNNING:
        return True
    rows = ImportedRow.objects.filter(import_id=row.id)
    held = list(rows.filter(number__gt=row.counted_until).order_by("number")[:ROWS_PER_RUN])
    if not held:
        while left := list(rows.values_list("id", flat=True)[:CLEARED_PER_RUN]):
            if not Subject.objects.filter(id__in=left).exists():
                destruction_vetoes.refuse_if_vetoed(left, None, at=at)
            _record_continued(row, rows=len(left), actor=actor, at=at)
            _remove_counted(row, left, actor=actor, at=at)
        with transaction.atomic():
            row = FleetImport.objects.select_for_update().get(pk=import_id)
            if row.state == FleetImport.State.RUNNING:
                row.state, row.finished_at = FleetImport.State.DONE, at
                row.save(update_fields=["state", "finished_at"])
                facts = {"registered": row.registered}
                ledger.record(Event.IMPORT_COMPLETED, actor=actor, at=at, about=row, facts=facts)
        return True
    refused, noted = _register_slice(row, held, actor=actor, at=at)
    with transaction.atomic():
        now = FleetImport.objects.select_for_update().get(pk=row.pk)
        if now.counted_until != row.counted_until:
            return False  # another delivery of the same import has counted this slice
        found = [*chain.from_iterable(refused.values()), *noted]
        now.findings = [*now.findings, *(one for one in found if one not in now.findings)][:MAX_ROW_ERRORS]
        now.registered += len(held) - len(refused)
        now.accepted -= len(refused)
        now.refused += len(refused)
        now.counted_until = held[-1].number
        now.save(update_fields=["findings", "registered", "accepted", "refused", "counted_until"])
        _record_continued(now, rows=len(held), actor=actor, at=at)
    with suppress(vault.UnderHold):
        _remove_counted(row, [one.id for one in held], actor=actor, at=at)
    return False


def _register_slice(
    row: FleetImport, held: list[ImportedRow], *, actor: Actor, at: datetime
) -> tuple[dict[UUID, list[list[Any]]], list[list[Any]]]:
    """Register each of these rows; return what was found of those refused, and which consents were not recorded."""
    refused: dict[UUID, list[list[Any]]] = {}
    noted: list[list[Any]] = []
    texts = {
        version.agreement.code: version for version in AgreementVersion.objects.published().select_related("agreement")
    }
    with vault.opened(
        purpose=Purpose.REGISTRATION, task="devices.import.registered", actor=actor, at=at, reason=row.reference
    ) as vault_session:
        readable = list(_decrypted_rows(held, vault_session))
        # A gateway or another file may have brought a device since this file was looked at.
        indexed = fleet_import_files.indexes([registration for _one, registration in readable])
        own = [one.id for one in held]
        known = fleet_import_files.registered_indexes(indexed, besides=own)
        corrected = fleet_import_files.corrected_indexes(indexed, besides=own)
        for (one, registration), of_device in zip(readable, indexed, strict=True):
            if problems := fleet_import_files.duplicates(of_device, known, corrected):
                refused[one.id] = [[one.number, problem.pointer, problem.code] for problem in problems]
                continue
            try:
                noted += _register(row.gateway, one, registration, texts, actor=actor, at=at)
            except Unavailable:
                # What is needed is away for a moment: the slice is done again, and nobody is refused for it.
                raise
            except Refusal as refusal:
                refused[one.id] = [_row_error(one, refusal)]
    opened = {one.id for one, _registration in readable}
    refused |= {one.id: [[one.number, "", vault.Destroyed.code]] for one in held if one.id not in opened}
    return refused, noted


def _remove_counted(row: FleetImport, ids: list[UUID], *, actor: Actor, at: datetime) -> None:
    """Remove rows whose outcome is counted, with the keys of those that were refused. Raises UnderHold for these.

    Whoever is registered under the id of a row keeps her key, and has in the registration what the row said.
    """
    registered = set(Subject.objects.filter(id__in=ids).values_list("id", flat=True))
    ImportedRow.objects.filter(id__in=registered).delete()
    refused = sorted(set(ids) - registered)
    vault.shred_subjects(
        subject_ids=refused, categories=None, cause="import-refused", certificate=row.reference, actor=actor, at=at
    )
    ImportedRow.objects.filter(id__in=refused).delete()


def _record_continued(row: FleetImport, *, rows: int, actor: Actor, at: datetime) -> None:
    """Record, before rows of an import go, that they do (``captured_writes.py``)."""
    with transaction.atomic():
        ledger.record(Event.IMPORT_CONTINUED, actor=actor, at=at, about=row, facts={"rows": rows})


def _decrypted_rows(
    rows: list[ImportedRow], vault_session: DecryptionSession
) -> Iterator[tuple[ImportedRow, dict[str, Any]]]:
    """Yield the rows in clear; those whose key was destroyed meanwhile are left out."""
    with suppress(vault.Destroyed):
        yield from vault_session.decrypt_many(rows, "registration")


def requeue_import(import_id: UUID) -> None:
    """Let another delivery go on with an import: a delivery of less than a minute each."""
    row = FleetImport.objects.get(pk=import_id)
    # Each slice registers or refuses some rows, so no two deliveries have the same key.
    key = f"devices.import:{row.id}:{row.registered}:{row.refused}"
    with transaction.atomic():
        outbox.enqueue("devices.import", ids={"import": str(row.id)}, key=key)


def _register(
    gateway: Gateway,
    one: ImportedRow,
    registration: dict[str, Any],
    texts: dict[str, AgreementVersion],
    *,
    actor: Actor,
    at: datetime,
) -> list[list[Any]]:
    """Register one device with its consents; return which of these can't be recorded, and why."""
    licence = registration.pop("licence")
    agreed = registration.pop("agreed")
    terms = LicenceTerms(
        licence["key"], date.fromisoformat(licence["starts_on"]), date.fromisoformat(licence["ends_on"])
    )
    registration["licence"] = terms
    # Looked at again: it may have been previewed before children could use the gateway's devices, or long ago.
    anybody, today = gateway.users == Gateway.Users.ANYBODY, clock.kst_date(at)
    problems = fleet_import_files.problems_of_age({**registration, "agreed": agreed}, anybody=anybody, today=today)
    born_on = registration.pop("birth_date", None)
    register(device_id=one.id, registration=registration, gateway=gateway_actor(gateway, ["devices"]), at=at)
    subject = Subject.objects.get(pk=one.id)
    if born_on is not None:
        consents.state_age(subject, born_on=date.fromisoformat(born_on), actor=actor, at=at)
    if problems:
        return [[one.number, COLUMN_OF[code], problems[0].code] for code in agreed]
    refused = []
    for code, day in agreed.items():
        try:
            _record_consent(subject, texts.get(code), date.fromisoformat(day), actor=actor, at=at)
        except Unavailable:
            raise
        except Refusal as refusal:
            refused.append([one.number, COLUMN_OF[code], refusal.code])
    return refused


def _record_consent(subject: Subject, text: AgreementVersion | None, day: date, *, actor: Actor, at: datetime) -> None:
    if text is None:
        raise consents.TextNotOffered(_("This agreement has no such version."))
    noon, since = datetime.combine(day, time(12), clock.KST), _published_at(text)
    # A form of today counts from now, not from a noon that may lie ahead.
    decided_at = max(min(noon, at) if day <= clock.kst_date(at) else noon, since)
    consents.decide(
        subject=subject, version=text, decision="agree", decided_at=decided_at, method="paper", language="ko",
        paper_on=day if noon < since else None, once=True, actor=actor, at=at,
    )  # fmt: skip


def _row_error(one: ImportedRow, refusal: Refusal) -> list[Any]:
    return [one.number, (refusal.pointer or "").strip("/"), refusal.code]


def _published_at(text: AgreementVersion) -> datetime:
    assert text.published_at is not None
    return text.published_at


def _sealed_rows(
    fleet_import: FleetImport, taken: list[tuple[int, dict[str, Any]]], *, at: datetime
) -> list[ImportedRow]:
    """Seal rows, each under a key of its own, all keys made together."""
    rows = [ImportedRow(id=new_id(), import_id=fleet_import.id, number=number) for number, _registration in taken]
    label = record_label(ImportedRow)
    encode = encrypted_field(ImportedRow, "registration").codec.encode
    plain = [
        (label, "registration", row.id, row.id, ImportedRow.Encryption.category, encode(registration))
        for row, (_number, registration) in zip(rows, taken, strict=True)
    ]
    for row, ciphertext in zip(rows, vault.encrypt_batch(plain, at), strict=True):
        row.registration = EncryptedValue(ciphertext)
    return rows


def lock_previewed(fleet_import: FleetImport) -> FleetImport:
    """Return an import that nobody has confirmed or discarded, locked. Raises ImportNotOpen."""
    row = FleetImport.objects.select_for_update().get(pk=fleet_import.pk)
    if row.state != FleetImport.State.PREVIEWED:
        raise ImportNotOpen(_("This import has already been confirmed, completed or discarded."))
    return row


def _check_gateway_open(gateway: Gateway) -> None:
    """Raise GatewayClosed where nobody could speak for the devices that a file brings in."""
    if Gateway.objects.filter(pk=gateway.pk, closed_at__isnull=False).exists():
        raise GatewayClosed(_("This gateway is closed."))


def remove_imported_rows(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove rows of people who are being destroyed; safe to repeat."""
    with transaction.atomic(using="personal"):
        rows = ImportedRow.objects.filter(any_of("id", subject_ids))
        if found := rows.count():
            with transaction.atomic():
                facts = {"of": about_label(ImportedRow), "rows": found, "certificate": certificate}
                ledger.record(Event.REMOVED, actor=actor, at=at, subjects=subject_ids, facts=facts)
            rows.delete()
    return found
