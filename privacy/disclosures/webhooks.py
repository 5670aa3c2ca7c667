"""Delivering a notice to a recipient's own machine: signed, once by its Idempotency-Key, never following redirects."""

import http.client
import ipaddress
import socket
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from privacy.disclosures.letters import signature
from privacy.disclosures.models import Notice

TIMEOUT = 10


class WebhookFailed(Exception):
    """The recipient's machine did not take the notice; the delivery is tried again."""


def post(notice: Notice, body: bytes, *, at: datetime) -> None:
    """POST ``body`` and expect 2xx. Raises WebhookFailed, with a code and never with a body."""
    party = notice.third_party
    url = urlsplit(party.webhook_url)
    if url.scheme != "https" and not settings.DEVELOPMENT:
        raise WebhookFailed("not-https")
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    address = _address(host, port)
    stamp = str(int(at.timestamp()))
    headers = {
        "Host": url.netloc,
        "Content-Type": "application/json",
        "Idempotency-Key": str(notice.id),
        "X-Extrus-Timestamp": stamp,
        "X-Extrus-Signature": f"sha256={signature(party, stamp=stamp, body=body)}",
        "User-Agent": "extrus-privacy-portal",
    }
    try:
        raw = socket.create_connection(address, timeout=TIMEOUT)
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        connection.sock = (
            ssl.create_default_context().wrap_socket(raw, server_hostname=host) if (url.scheme == "https") else raw
        )
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("POST", target, body=body, headers=headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise WebhookFailed(type(error).__name__) from None
    if not 200 <= status < 300:
        raise WebhookFailed(f"status-{status}")


def _address(host: str, port: int) -> tuple[str, int]:
    """Resolve once and connect to exactly that: a name must not lead into our own network (SSRF)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise WebhookFailed("unresolved") from None
    for *_unused, address in found:
        ip = ipaddress.ip_address(address[0])
        if ip.is_global or settings.DEVELOPMENT:
            return str(ip), port
    raise WebhookFailed("private-address")
