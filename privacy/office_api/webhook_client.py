"""Sending an event: CloudEvents 1.0 as structured JSON, signed as Standard Webhooks have it, by the guarded client.

What is signed is ``webhook-id.webhook-timestamp.body``; the header carries one signature for each secret that is valid.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings

from privacy.lib.integrations import outbound_http
from privacy.lib.integrations.outbound_http import OutboundFailed
from privacy.office_api.event_kinds import TYPE_PREFIX
from privacy.office_api.models import OutgoingEvent, Subscription
from privacy.vault.derived_secrets import derive_secret

# For the whole call, in seconds, however slowly the other side drips.
CALL_SECONDS = 10
SOURCE_PATH = "/api/office/v1/"
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret of Standard Webhooks begins with
MEDIA_TYPE = "application/cloudevents+json"


class EventNotTaken(Exception):
    """The address did not take the event: the text is a code (``status-500``, ``TimeoutError``), never an answer."""


def check_address(address: str) -> bool:
    """Whether an address is one that can be called at all."""
    try:
        parts, _host, _port = outbound_http.parse(address, allowed_networks=settings.OUTBOUND_NETWORKS)
    except OutboundFailed:
        return False
    return not parts.fragment


def secret(webhook: Subscription, generation: int) -> bytes:
    """Return a secret of a webhook: derived, never stored."""
    return _derived(webhook.id, generation)


@lru_cache(maxsize=256)
def _derived(webhook_id: UUID, generation: int) -> bytes:
    """Remembered: the key service gives a process so many secrets an hour, and events are more."""
    return derive_secret("office_api.webhook", f"{webhook_id}:{generation}".encode())


def secret_text(webhook: Subscription) -> str:
    """Return the newest secret as it is handed over."""
    return SECRET_PREFIX + base64.b64encode(secret(webhook, webhook.secret_generation)).decode()


def valid_secrets(webhook: Subscription, *, at: datetime) -> list[bytes]:
    """Return the secrets that sign at a moment: the newest, and the one before while it counts."""
    found = [secret(webhook, webhook.secret_generation)]
    if webhook.old_secret_until is not None and at < webhook.old_secret_until and webhook.secret_generation > 1:
        found.append(secret(webhook, webhook.secret_generation - 1))
    return found


def cloud_event(event: OutgoingEvent) -> dict[str, Any]:
    """Return an event as a CloudEvent. ``sequence`` is its extension of that name: compare as text."""
    return {
        "specversion": "1.0",
        "id": str(event.event_id),
        "source": settings.PORTAL_URL.rstrip("/") + SOURCE_PATH,
        "type": TYPE_PREFIX + event.kind,
        "subject": event.about,
        "time": event.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{event.sequence:020d}",
        "data": event.body,
    }


def headers(event_id: str, body: bytes, secrets: list[bytes], *, at: datetime) -> dict[str, str]:
    """Return what is sent beside a body: the id, the moment of this attempt, and the signatures."""
    stamp = str(int(at.timestamp()))
    signed = f"{event_id}.{stamp}.".encode() + body
    made = [base64.b64encode(hmac.new(one, signed, hashlib.sha256).digest()).decode() for one in secrets]
    return {
        "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{one}" for one in made),
    }


def send(webhook: Subscription, event: OutgoingEvent, *, at: datetime) -> None:
    """POST an event once; all but a success is a failure, and no answer is read. Raises EventNotTaken."""
    body = json.dumps(cloud_event(event), ensure_ascii=False, separators=(",", ":")).encode()
    said = headers(str(event.event_id), body, valid_secrets(webhook, at=at), at=at)
    try:
        answer = outbound_http.post(
            webhook.address, body, said, timeout=CALL_SECONDS, allowed_networks=settings.OUTBOUND_NETWORKS,
            longest_answer=0,
        )  # fmt: skip
    except OutboundFailed as error:
        raise EventNotTaken(str(error)) from None
    if not answer.is_success:
        raise EventNotTaken(f"status-{answer.status}")
