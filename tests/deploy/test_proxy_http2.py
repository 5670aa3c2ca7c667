"""The shipped nginx speaks HTTP/2 to clients: what HTTP/2 forbids in a request does not reach the portal."""

import socket
import ssl
import struct
from contextlib import suppress

import pytest

from tests.deploy.test_proxy import NAME, Proxy, proxy, pytestmark  # noqa: F401 - the fixture and its condition

SETTINGS, HEADERS, END = 4, 1, 0x5
Pairs = list[tuple[bytes, bytes]]
REQUEST: Pairs = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/asked"), (b":authority", NAME.encode())]


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def block(pairs: Pairs) -> bytes:
    """Headers as HPACK literals that are not indexed: as they are, whatever is in them."""
    return b"".join(b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in pairs)


def ask(proxy: Proxy, more: Pairs) -> None:  # noqa: F811
    """Send one request over HTTP/2, and wait until the proxy has answered it or let go."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
        secured.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
        secured.sendall(frame(HEADERS, END, 1, block(REQUEST + more)))
        secured.settimeout(2)
        with suppress(TimeoutError, OSError):
            while secured.recv(65536):
                continue


def test_a_plain_request_is_sent_on(proxy: Proxy) -> None:  # noqa: F811
    """The positive control of the two below."""
    ask(proxy, [(b"x-plain", b"yes")])
    assert proxy.asked
    for asked in proxy.asked:
        assert asked.startswith(b"GET /asked HTTP/1.1\r\n") and b"x-plain: yes\r\n" in asked


@pytest.mark.asvs("4.2.3")
@pytest.mark.parametrize(
    "header", [(b"transfer-encoding", b"chunked"), (b"connection", b"keep-alive, x-a"), (b"upgrade", b"h2c")]
)
def test_a_header_of_a_connection_is_not_sent_on(proxy: Proxy, header: tuple[bytes, bytes]) -> None:  # noqa: F811
    ask(proxy, [header, (b"x-a", b"1")])
    for asked in proxy.asked:
        assert header[1] not in asked, asked


@pytest.mark.asvs("4.2.4")
@pytest.mark.parametrize(
    "header",
    [
        (b"x-a", b"1\r\nx-smuggled: 1"),
        (b"x-a", b"1\nx-smuggled: 1"),
        (b"x-a", b"1\rx"),
        (b"x-a\r\nx-b", b"1"),
        (b"x-a", b"a\x00b"),
    ],
)
def test_a_header_with_a_line_end_is_refused(proxy: Proxy, header: tuple[bytes, bytes]) -> None:  # noqa: F811
    ask(proxy, [header])
    assert proxy.asked == []
