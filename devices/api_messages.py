"""The calls about messages: what a device has to show to its user, and that it did (decision 0407)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from devices import actions as devices
from devices.actors import GatewayActor
from devices.refusals import MESSAGES, UnknownMessage
from privacy.campaigns import device_messages
from privacy.campaigns.models import Campaign


def pending(device: UUID, *, caller: GatewayActor) -> dict[str, Any]:
    """Return what a device has to show, oldest first, in both languages."""
    owned = devices.owned_device(device, caller)
    return {
        "device": str(device),
        "messages": [
            {
                "message": str(row.pk),
                "kind": row.campaign.kind,
                "language": row.language,
                "since": row.on_device_at.isoformat() if row.on_device_at else "",
                "ko": _text(row.campaign, "ko"),
                "en": _text(row.campaign, "en"),
            }
            for row in device_messages.pending(owned.subject_id)
        ],
    }


def shown(device: UUID, message: UUID, shown_at: datetime, *, caller: GatewayActor, at: datetime) -> dict[str, Any]:
    """Take a gateway's word that the device showed a message; the first one counts, and the same again is no error."""
    owned = devices.owned_device(device, caller)
    if not device_messages.note_shown(message, subject_id=owned.subject_id, shown_at=min(shown_at, at)):
        raise UnknownMessage(MESSAGES["unknown-message"])
    return {"message": str(message), "device": str(device)}


def _text(campaign: Campaign, language: str) -> dict[str, str]:
    return {"title": getattr(campaign, f"title_{language}"), "text": getattr(campaign, f"text_{language}")}
