"""What is held of a device, in clear, for its person's view package (P1.2): item by item, through the vault's door."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from devices.actions.registration import ITEMS
from devices.models import AppLog, Device, Licence, Report
from privacy.vault.door import Door


def registration(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield the registration of a device."""
    for device in Device.objects.filter(subject_id=subject_id):
        values = door.reveal_items(device, ITEMS)
        yield {
            "device": device.reference,
            **{item: value for item, value in values.items() if value is not None},
            "registered_at": device.registered_at.isoformat(),
            "service_ended_on": device.service_ended_on and device.service_ended_on.isoformat(),
        }


def licences(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield the licences of a device."""
    held = Licence.objects.filter(device_id=subject_id).order_by("starts_on")
    for licence, key in door.reveal_many(held, "key"):
        yield {
            "licence": str(licence.id),
            "licence_key": key,
            "starts_on": licence.starts_on.isoformat(),
            "ends_on": licence.ends_on.isoformat(),
        }


def reports(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield what a device reported, in the order of the events."""
    yield from _reported(Report, subject_id, door)


def app_logs(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield the app logs of a device, in the order of the events."""
    yield from _reported(AppLog, subject_id, door)


def _reported(model: type[Report] | type[AppLog], subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    held = model.objects.filter(device_id=subject_id).order_by("occurred_at", "id")
    for row, body in door.reveal_many(held, "body"):
        yield {
            "report": str(row.id),
            "kind": row.kind,
            "occurred_at": row.occurred_at.isoformat(),
            "received_at": row.received_at.isoformat(),
            "body": body,
        }
