"""What is held of a device, in clear, for its person's view package (P1.2): item by item, through the vault's door."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from devices.items import CODES
from devices.models import AppLog, Device, Licence, Report
from privacy.subjects.holdings import ExportedSlice, ExportSlice
from privacy.vault.decryption_session import DecryptionSession
from privacy.vault.refusals import Destroyed

SLICE = 2_000


def registration(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield the registration of a device."""
    for device in Device.objects.filter(subject_id=subject_id):
        values = vault_session.decrypt_fields(device, CODES)
        yield {
            "device": device.reference,
            **{item: value for item, value in values.items() if value is not None},
            "registered_at": device.registered_at.isoformat(),
            "service_ended_on": device.service_ended_on and device.service_ended_on.isoformat(),
        }


def licences(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield the licences of a device."""
    held = Licence.objects.filter(device_id=subject_id).order_by("starts_on")
    for licence, key in vault_session.decrypt_many(held, "key"):
        yield {
            "licence": str(licence.id),
            "licence_key": key,
            "starts_on": licence.starts_on.isoformat(),
            "ends_on": licence.ends_on.isoformat(),
        }


def reports(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield what a device reported, in the order of the events."""
    return _export_all(reports_slice, subject_id, vault_session)


def app_logs(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield the app logs of a device, in the order of the events."""
    return _export_all(app_logs_slice, subject_id, vault_session)


def reports_slice(
    subject_id: UUID, vault_session: DecryptionSession, *, after: str, most: int, until: datetime
) -> ExportedSlice:
    """Return some of what a device reported."""
    return _slice(Report, subject_id, vault_session, after=after, most=most, until=until)


def app_logs_slice(
    subject_id: UUID, vault_session: DecryptionSession, *, after: str, most: int, until: datetime
) -> ExportedSlice:
    """Return some of the app logs of a device."""
    return _slice(AppLog, subject_id, vault_session, after=after, most=most, until=until)


def _export_all(part: ExportSlice, subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    after, more = "", True
    while more:
        found = part(subject_id, vault_session, after=after, most=SLICE, until=vault_session.at)
        yield from found.records
        after, more = found.after, found.more


def _slice(
    model: type[Report] | type[AppLog],
    subject_id: UUID,
    vault_session: DecryptionSession,
    *,
    after: str,
    most: int,
    until: datetime,
) -> ExportedSlice:
    """Read on from a key, “moment id”. What can't be opened any more, because its key was destroyed, is left out."""
    held = model.objects.filter(device_id=subject_id, received_at__lte=until)
    if after:
        moment, _space, identifier = after.partition(" ")
        last = datetime.fromisoformat(moment)
        held = held.filter(occurred_at__gte=last).filter(Q(occurred_at__gt=last) | Q(id__gt=UUID(identifier)))
    rows: list[Any] = list(held.order_by("occurred_at", "id")[: most + 1])
    read, more = rows[:most], len(rows) > most
    try:
        shown = list(vault_session.decrypt_many(read, "body"))
    except Destroyed:
        shown = []
    return ExportedSlice(
        [
            {
                "report": str(row.id),
                "kind": row.kind,
                "occurred_at": row.occurred_at.isoformat(),
                "received_at": row.received_at.isoformat(),
                "body": body,
            }
            for row, body in shown
        ],
        after=f"{read[-1].occurred_at.isoformat()} {read[-1].id}" if read else after,
        more=more,
    )
