"""Bringing in an existing fleet: looked at, confirmed, carried out in slices by the worker.

Every row is sealed when the file is read, under the key of the device it will become; the file itself is not kept.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from hashlib import sha256
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from pydantic import ValidationError

from consents import actions as consents
from consents.models import AgreementVersion
from devices import fleetfiles, schemas
from devices.actions.registration import IDENTIFIERS, LicenceTerms, register
from devices.callers import caller_for
from devices.events import Event
from devices.fleetfiles import AGREEMENTS
from devices.models import Device, FleetImport, Gateway, ImportedRow
from devices.refusals import Problem
from devices.screening import is_sensitive_name
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.ids import new_id
from privacy.lib.refusals import Refusal
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault import keepers
from privacy.vault.declarations import sealed_field
from privacy.vault.fields import Sealed
from privacy.vault.purposes import Purpose

READ, SLICE = 500, 200
MOST_FINDINGS = 5_000


class ImportNotOpen(Refusal):
    """An import that was confirmed, completed or discarded is not confirmed again."""

    code = "import-not-open"


def preview_import(*, name: str, content: bytes, gateway: Gateway, actor: Actor, at: datetime) -> FleetImport:
    """Read a file, seal what can be taken, and say what can't; nothing is registered yet.

    Raises NotPermitted, UnreadableFile.
    """
    require(actor, "devices.import_fleet", about=gateway)
    made = FleetImport(gateway=gateway, file_digest=sha256(content).hexdigest(), made_by=actor.ref, made_at=at)
    seen: set[bytes] = set()
    ready: list[ImportedRow] = []
    for lines in batched(fleetfiles.rows(name, content), READ):
        judged = [(number, *_judged(values)) for number, values in lines]
        known = _known([registration for _number, registration, problems in judged if not problems])
        taken: list[tuple[int, dict[str, Any]]] = []
        for number, registration, problems in judged:
            made.rows += 1
            problems = problems or _doubled(registration, seen | known)
            if problems:
                made.refused += 1
                made.findings += [[number, problem.pointer, problem.code] for problem in problems]
                continue
            seen |= set(_indexes(registration))
            taken.append((number, registration))
        ready += _sealed(made, taken, at=at)
    made.accepted, made.findings = len(ready), made.findings[:MOST_FINDINGS]
    with transaction.atomic(using="personal"):
        ImportedRow.objects.bulk_create(ready, batch_size=1_000)
        with transaction.atomic():
            made.save(force_insert=True)
            facts = {"rows": made.rows, "accepted": made.accepted, "refused": made.refused, "file": made.file_digest}
            ledger.record(Event.IMPORT_PREVIEWED, actor=actor, at=at, about=made, facts=facts)
    return made


@transaction.atomic
def confirm_import(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> FleetImport:
    """Let the worker register what was previewed. Raises NotPermitted, ImportNotOpen."""
    require(actor, "devices.import_fleet", about=fleet_import)
    row = _open(fleet_import)
    row.state, row.confirmed_by, row.confirmed_at = FleetImport.State.RUNNING, actor.ref, at
    row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    outbox.put("devices.import", ids={"import": str(row.id)}, key=f"devices.import:{row.id}")
    ledger.record(Event.IMPORT_CONFIRMED, actor=actor, at=at, about=row, facts={"accepted": row.accepted})
    return row


def discard_import(fleet_import: FleetImport, *, actor: Actor, at: datetime) -> None:
    """Throw away what was previewed: its keys are destroyed, its rows removed.

    Raises NotPermitted, ImportNotOpen; Kept while a hold reaches everybody.
    """
    require(actor, "devices.import_fleet", about=fleet_import)
    keepers.refuse_kept(None, None, at=at)
    with transaction.atomic():
        row = _open(fleet_import)
        row.state, row.finished_at = FleetImport.State.DISCARDED, at
        row.save(update_fields=["state", "finished_at"])
        ledger.record(Event.IMPORT_DISCARDED, actor=actor, at=at, about=row, facts={"rows": row.accepted})
    held = ImportedRow.objects.filter(import_id=row.id)
    while ids := list(held.values_list("id", flat=True)[:1_000]):
        vault.shred_subjects(
            subject_ids=ids, categories=None, cause="import-discarded", certificate=row.reference, actor=actor, at=at
        )
        held.filter(id__in=ids).delete()


def carry_on_import(import_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Register the next slice of an import; return whether all of it is done. Safe to repeat and to interrupt."""
    row = FleetImport.objects.select_related("gateway").get(pk=import_id)
    if row.state != FleetImport.State.RUNNING:
        return True
    held = list(ImportedRow.objects.filter(import_id=row.id).order_by("number")[:SLICE])
    if not held:
        with transaction.atomic():
            row = FleetImport.objects.select_for_update().get(pk=import_id)
            row.state, row.registered, row.finished_at = FleetImport.State.DONE, row.accepted, at
            row.save(update_fields=["state", "registered", "finished_at"])
            ledger.record(Event.IMPORT_COMPLETED, actor=actor, at=at, about=row, facts={"registered": row.registered})
        return True
    texts = {
        version.agreement.code: version for version in AgreementVersion.objects.published().select_related("agreement")
    }
    with vault.opened(
        purpose=Purpose.REGISTRATION, task="devices.import.registered", actor=actor, at=at, reason=row.reference
    ) as door:
        for one, registration in door.reveal_many(held, "registration"):
            _register(row.gateway, one, registration, texts, actor=actor, at=at)
    # A slice that was interrupted is registered again, which changes nothing; then its rows go.
    ImportedRow.objects.filter(id__in=[one.id for one in held]).delete()
    FleetImport.objects.filter(pk=row.pk).update(registered=F("registered") + len(held))
    return False


def queue_rest(import_id: UUID) -> None:
    """Let another delivery go on with an import: a delivery of less than a minute each."""
    row = FleetImport.objects.get(pk=import_id)
    with transaction.atomic():
        outbox.put("devices.import", ids={"import": str(row.id)}, key=f"devices.import:{row.id}:{row.registered}")


def _register(
    gateway: Gateway,
    one: ImportedRow,
    registration: dict[str, Any],
    texts: dict[str, AgreementVersion],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    licence = registration.pop("licence")
    agreed = registration.pop("agreed")
    terms = LicenceTerms(
        licence["key"], date.fromisoformat(licence["starts_on"]), date.fromisoformat(licence["ends_on"])
    )
    registration["licence"] = terms
    register(device_id=one.id, registration=registration, gateway=caller_for(gateway, ["devices"]), at=at)
    subject = Subject.objects.get(pk=one.id)
    for code, day in agreed.items():
        noon, since = datetime.combine(date.fromisoformat(day), time(12), clock.KST), _since(texts[code])
        consents.decide(
            subject=subject, version=texts[code], decision="agree", decided_at=max(noon, since), method="paper",
            language="ko", paper_on=noon.date() if noon < since else None, actor=actor, at=at,
        )  # fmt: skip


def _since(text: AgreementVersion) -> datetime:
    assert text.published_at is not None
    return text.published_at


def _judged(values: dict[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return what can be registered of a row, or what is wrong with it, by column."""
    sent: dict[str, Any] = {name: values[name] for name in values if name in schemas.Registration.model_fields}
    sent["licence"] = {name: values.get(f"licence_{name}", "") for name in ("key", "starts_on", "ends_on")}
    try:
        checked = schemas.Registration.model_validate(sent)
    except ValidationError as error:
        return {}, [_problem(one) for one in error.errors(include_url=False, include_input=False)]
    registration = checked.model_dump(exclude_none=True, mode="json")
    registration["agreed"] = {code: values[column] for column, code in AGREEMENTS.items() if column in values}
    return registration, _problems(registration, values)


def _indexes(registration: dict[str, Any]) -> dict[bytes, str]:
    """Return the blind indexes of a device's identifiers, each with the identifier it is of."""
    return {
        item.encode() + vault.blind_index(item, registration[item]): item
        for item in IDENTIFIERS
        if item in registration
    }


def _doubled(registration: dict[str, Any], seen: set[bytes]) -> list[Problem]:
    """Return which identifiers stand twice in the file, or belong to a device that is registered."""
    return [Problem(item, "already-registered", "") for index, item in _indexes(registration).items() if index in seen]


def _known(registrations: list[dict[str, Any]]) -> set[bytes]:
    """Return the indexes that devices have already, in one question for each identifier."""
    asked = [index for registration in registrations for index in _indexes(registration)]
    known: set[bytes] = set()
    for item in IDENTIFIERS:
        prefix = item.encode()
        wanted = [index[len(prefix) :] for index in asked if index.startswith(prefix)]
        name = f"{item}_index"
        held = Device.objects.filter(**{f"{name}__in": wanted}).values_list(name, flat=True)
        known |= {prefix + bytes(index) for index in held}
    return known


def _sealed(fleet_import: FleetImport, taken: list[tuple[int, dict[str, Any]]], *, at: datetime) -> list[ImportedRow]:
    """Seal rows, each under a key of its own, all keys made together."""
    rows = [ImportedRow(id=new_id(), import_id=fleet_import.id, number=number) for number, _registration in taken]
    label = ImportedRow._meta.label
    encode = sealed_field(ImportedRow, "registration").codec.encode
    plain = [
        (label, "registration", row.id, row.id, ImportedRow.Sealing.category, encode(registration))
        for row, (_number, registration) in zip(rows, taken, strict=True)
    ]
    for row, box in zip(rows, vault.seal_batch(plain, at), strict=True):
        row.registration = Sealed(box)
    return rows


def _problems(registration: dict[str, Any], values: dict[str, str]) -> list[Problem]:
    problems = []
    if not any(registration.get(item) for item in IDENTIFIERS):
        problems.append(Problem("imei", "malformed", ""))
    for item, value in [(item, registration.get(item)) for item in IDENTIFIERS] + [
        ("licence_key", registration["licence"]["key"])
    ]:
        try:
            if value is not None:
                vault.blind_index(item, value)
        except vault.BadIdentifier:
            problems.append(Problem(item, "bad-identifier", ""))
    if registration["licence"]["ends_on"] < registration["licence"]["starts_on"]:
        problems.append(Problem("licence_ends_on", "clock", ""))
    for column in AGREEMENTS:
        try:
            if column in values:
                date.fromisoformat(values[column])
        except ValueError:
            problems.append(Problem(column, "malformed", ""))
    return problems


def _problem(error: Any) -> Problem:
    place = [str(part) for part in error["loc"]]
    column = "licence_" + place[1] if place[0] == "licence" and len(place) > 1 else place[0]
    code = error["type"] if error["type"] in {"sensitive-item", "malformed"} else "malformed"
    return Problem(column, "sensitive-item" if is_sensitive_name(column) else code, "")


def _open(fleet_import: FleetImport) -> FleetImport:
    row = FleetImport.objects.select_for_update().get(pk=fleet_import.pk)
    if row.state != FleetImport.State.PREVIEWED:
        raise ImportNotOpen(_("This import was confirmed, completed or discarded already."))
    return row


def remove_imported_rows(subject_ids: Iterable[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove rows of people who are being destroyed; safe to repeat."""
    removed, _each = ImportedRow.objects.filter(id__in=list(subject_ids)).delete()
    return removed
