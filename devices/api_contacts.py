"""The calls about contacts: how the user of a device is reached. No answer contains a value."""

from datetime import datetime
from typing import Any
from uuid import UUID

from devices import actions as devices
from devices import schemas
from devices.actors import GatewayActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject


def record(device: UUID, body: schemas.Contacts, *, caller: GatewayActor, at: datetime) -> dict[str, Any]:
    """Record what the user gave on the device, and return which contacts are used now."""
    devices.owned_device(device, caller)
    subject = Subject.objects.get(pk=device)
    for one in body.contacts:
        subjects.record_contact(
            subject,
            kind=one.kind,
            value=one.value,
            source=Contact.Source.GATEWAY,
            language=one.language,
            is_preferred=one.preferred,
            actor=caller,
            at=at,
        )
    return current(device)


def current(device: UUID) -> dict[str, Any]:
    """Return which contacts of a device's user are used."""
    rows = Contact.objects.current().of(device).order_by("-is_preferred", "kind")
    return {
        "device": str(device),
        "contacts": [
            {
                "kind": row.kind,
                "language": row.language,
                "preferred": row.is_preferred,
                "verified": row.verified_at is not None,
                "recorded_at": row.recorded_at.isoformat(),
            }
            for row in rows
        ],
    }
