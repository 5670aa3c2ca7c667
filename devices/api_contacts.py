"""The calls about contacts: how the user of a device is reached. No answer contains a value."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from devices import actions as devices
from devices import schemas
from devices.actors import GatewayActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject
from privacy.subjects.replaced_values import was_replaced
from privacy.vault import actions as vault


def record(device: UUID, body: schemas.Contacts, *, caller: GatewayActor, at: datetime) -> dict[str, Any]:
    """Record what the user gave on the device, and return which contacts are used now."""
    devices.owned_device(device, caller)
    subject, corrected = Subject.objects.get(pk=device), set[str]()
    for one in body.contacts:
        used = subjects.record_contact(
            subject,
            kind=one.kind,
            value=one.value,
            source=Contact.Source.GATEWAY,
            language=one.language,
            is_preferred=one.preferred,
            actor=caller,
            at=at,
        )
        if used.replaced and was_replaced(used.replaced, one.kind, vault.blind_index("contact", one.value)):
            corrected.add(one.kind)
    return current(device, corrected=corrected)


def current(device: UUID, *, corrected: Collection[str] = ()) -> dict[str, Any]:
    """Return which contacts of a device's user are used, and of which kinds a call repeated what was ``corrected``."""
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
                "corrected": row.kind in corrected,
            }
            for row in rows
        ],
    }
