"""Delivering a notice to a recipient's own machine: signed, once by its Idempotency-Key, never following redirects."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from privacy.disclosures.models import Notice
from privacy.disclosures.notice_texts import signature
from privacy.disclosures.refusals import UnusableWebhook
from privacy.lib.integrations import outbound_http

# Seconds for the whole delivery, from connecting to the status line.
TOTAL_TIMEOUT = outbound_http.TOTAL_TIMEOUT


class WebhookFailed(Exception):
    """The recipient's machine did not take the notice; the delivery is tried again."""


def check_address(address: str) -> None:
    """Refuse a webhook's address to which we would never deliver. Raises UnusableWebhook, saying what to enter."""
    if settings.DEVELOPMENT:
        return
    try:
        outbound_http.parse(address)
    except outbound_http.OutboundFailed:
        ports = ", ".join(str(port) for port in outbound_http.PORTS)
        raise UnusableWebhook(
            _("Enter the webhook as https://host/path, without a user name, on one of these ports: %(ports)s.")
            % {"ports": ports}
        ) from None


def post(notice: Notice, body: bytes, *, at: datetime, key: str = "") -> None:
    """POST ``body`` and expect 2xx; ``key`` is its Idempotency-Key where it is not the notice's first delivery.

    Raises WebhookFailed, with a code and never with a body.
    """
    party = notice.third_party
    stamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key or str(notice.id),
        "X-Extrus-Timestamp": stamp,
        "X-Extrus-Signature": f"sha256={signature(party, stamp=stamp, body=body)}",
    }
    try:
        answer = outbound_http.post(party.webhook_url, body, headers, timeout=TOTAL_TIMEOUT, longest_answer=0)
    except outbound_http.OutboundFailed as error:
        raise WebhookFailed(str(error)) from None
    if not answer.is_success:
        raise WebhookFailed(f"status-{answer.status}")
