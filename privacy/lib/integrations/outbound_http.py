"""HTTP to an address that a person or a partner named: https, no redirects, into no network that nobody named (SSRF).

A name is resolved once and the connection goes to the address that was checked, so that an answer of the name server
that changes leads nowhere else. Networks of ours are reached only where ``OUTBOUND_NETWORKS`` names them; in
development plain HTTP and every address are.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from privacy.lib.http.network_addresses import is_public

# Seconds for one step, and for the whole call from connecting to the end of the answer. The look-up of the name has
# the limits of the host's resolver.
STEP_TIMEOUT = 10
TOTAL_TIMEOUT = 20
# Of machines on the public Internet; those of our own networks have any.
PORTS = (443, 8443)
LONGEST_ANSWER = 64 * 1024
USER_AGENT = "extrus-privacy-portal"


class OutboundFailed(Exception):
    """There is no usable answer: the text is a code (``private-address``, ``TimeoutError``), never what was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float = TOTAL_TIMEOUT,
    allowed_networks: Sequence[str] = (),
    longest_answer: int = LONGEST_ANSWER,
) -> Answer:
    """POST once and return the answer, redirects included. Raises OutboundFailed.

    ``timeout``: seconds for the whole call, however slowly the other side drips. ``allowed_networks``: networks that
    may be reached beside the public Internet, mostly ``settings.OUTBOUND_NETWORKS``. ``longest_answer``: bytes; a
    longer answer is refused, and with 0 none is read.
    """
    parts, host, port = parse(url, allowed_networks=allowed_networks)
    address = _resolve(host, port, allowed_networks)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"User-Agent": USER_AGENT, **headers, "Host": parts.netloc}
    connection = http.client.HTTPConnection(host, port, timeout=min(STEP_TIMEOUT, timeout))
    try:
        # The connection closes what it holds, also when the handshake over it fails.
        connection.sock = socket.create_connection(address, timeout=min(STEP_TIMEOUT, timeout))
        with _limited(connection.sock, timeout):
            if parts.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            connection.request("POST", target, body=body, headers=sent)
            with connection.getresponse() as response:
                said = response.read(longest_answer + 1) if longest_answer else b""
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise OutboundFailed(type(error).__name__) from None
    finally:
        connection.close()
    if len(said) > longest_answer:
        raise OutboundFailed("answer-too-long")
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, said)


def parse(url: str, *, allowed_networks: Sequence[str] = ()) -> tuple[SplitResult, str, int]:
    """Return an address in its parts, with host and port. Raises OutboundFailed for one that nothing is sent to.

    Whether its machine may be reached is known only when it is called.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        host.encode("idna")
        target = f"{parts.path}?{parts.query}"
    except ValueError:
        raise OutboundFailed("malformed") from None
    if not host or parts.username is not None or not target.isascii() or not target.isprintable() or " " in target:
        raise OutboundFailed("malformed")
    if parts.scheme != "https" and not (settings.DEVELOPMENT and parts.scheme == "http"):
        raise OutboundFailed("not-https")
    if not settings.DEVELOPMENT and port not in PORTS and not allowed_networks:
        raise OutboundFailed("port-not-allowed")
    return parts, host, port


def _resolve(host: str, port: int, allowed: Sequence[str]) -> tuple[str, int]:
    """Return the one address to connect to.

    One address that may not be reached refuses the name: what leads elsewhere at times is not who was meant.
    """
    try:
        found = [str(address[0]) for *_unused, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise OutboundFailed("unresolved") from None
    if not settings.DEVELOPMENT:
        ours = [_is_in(each, allowed) for each in found]
        if not all(named or is_public(each) for named, each in zip(ours, found, strict=True)):
            raise OutboundFailed("private-address")
        if port not in PORTS and not all(ours):
            raise OutboundFailed("port-not-allowed")
    return found[0], port


def _is_in(address: str, networks: Sequence[str]) -> bool:
    parsed = ip_address(address)
    return any(parsed in ip_network(network, strict=False) for network in networks)


@contextmanager
def _limited(connected: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection after so many seconds, however slowly the other side drips. Raises TimeoutError then.

    The handshake takes the socket over under its number, so the timer holds a second number of the same connection.
    """
    overdue: list[bool] = []
    with connected.dup() as same:
        timer = Timer(seconds, _shut, args=[same, overdue])
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
    if overdue:
        raise TimeoutError


def _shut(connected: socket.socket, overdue: list[bool]) -> None:
    overdue.append(True)
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
