"""Delivering a notice to a recipient's own machine: signed, once by its Idempotency-Key, never following redirects."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from privacy.disclosures.models import Notice
from privacy.disclosures.notice_texts import signature
from privacy.disclosures.refusals import UnusableWebhook
from privacy.lib.http.network_addresses import is_public

# Seconds for one step, and for the whole delivery from connecting to the status line. The look-up of the name has the
# limits of the host's resolver.
STEP_TIMEOUT = 10
TOTAL_TIMEOUT = 20
PORTS = (443, 8443)


class WebhookFailed(Exception):
    """The recipient's machine did not take the notice; the delivery is tried again."""


def check_address(address: str) -> None:
    """Refuse a webhook's address to which we would never deliver. Raises UnusableWebhook, saying what to enter."""
    if settings.DEVELOPMENT:
        return
    try:
        _parse(address)
    except WebhookFailed:
        ports = ", ".join(str(port) for port in PORTS)
        raise UnusableWebhook(
            _("Enter the webhook as https://host/path, without a user name, on one of these ports: %(ports)s.")
            % {"ports": ports}
        ) from None


def post(notice: Notice, body: bytes, *, at: datetime) -> None:
    """POST ``body`` and expect 2xx. Raises WebhookFailed, with a code and never with a body."""
    party = notice.third_party
    url, host, port = _parse(party.webhook_url)
    address = _resolve(host, port)
    stamp = str(int(at.timestamp()))
    headers = {
        "Host": url.netloc,
        "Content-Type": "application/json",
        "Idempotency-Key": str(notice.id),
        "X-Extrus-Timestamp": stamp,
        "X-Extrus-Signature": f"sha256={signature(party, stamp=stamp, body=body)}",
        "User-Agent": "extrus-privacy-portal",
    }
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection = http.client.HTTPConnection(host, port, timeout=STEP_TIMEOUT)
    try:
        # The connection closes what it holds, also when the handshake over it fails.
        connection.sock = socket.create_connection(address, timeout=STEP_TIMEOUT)
        with _limited(connection.sock):
            if url.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            connection.request("POST", target, body=body, headers=headers)
            status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise WebhookFailed(type(error).__name__) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise WebhookFailed(f"status-{status}")


@contextmanager
def _limited(connected: socket.socket) -> Iterator[None]:
    """End the connection after TOTAL_TIMEOUT, however slowly the other side drips. Raises TimeoutError then.

    The handshake takes the socket over under its number, so the timer holds a second number of the same connection.
    """
    overdue: list[bool] = []
    with connected.dup() as same:
        timer = Timer(TOTAL_TIMEOUT, _shut, args=[same, overdue])
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, ValueError, http.client.HTTPException):
            if overdue:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
            timer.join()


def _shut(connected: socket.socket, overdue: list[bool]) -> None:
    overdue.append(True)
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _parse(address: str) -> tuple[SplitResult, str, int]:
    """Return an address in its parts, with host and port. Raises WebhookFailed for what is never delivered to."""
    try:
        url = urlsplit(address)
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        host.encode("idna")
    except ValueError:
        raise WebhookFailed("malformed") from None
    if not host or url.username is not None:
        raise WebhookFailed("malformed")
    if not settings.DEVELOPMENT:
        if url.scheme != "https":
            raise WebhookFailed("not-https")
        if port not in PORTS:
            raise WebhookFailed("port-not-allowed")
    return url, host, port


def _resolve(host: str, port: int) -> tuple[str, int]:
    """Resolve once and connect to exactly that: a name must not lead into our own network (SSRF).

    One address that is not public refuses the name: what leads elsewhere at times is not a recipient's machine.
    """
    try:
        found = [str(address[0]) for *_unused, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise WebhookFailed("unresolved") from None
    if not settings.DEVELOPMENT and not all(is_public(each) for each in found):
        raise WebhookFailed("private-address")
    return found[0], port
