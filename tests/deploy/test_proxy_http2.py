"""The shipped nginx speaks HTTP/2 to clients: what HTTP/2 forbids neither reaches the portal nor leaves it."""

import re
import shutil
import socket
import ssl
import struct
import subprocess
from contextlib import suppress

import pytest

from tests.deploy.test_proxy import NAME, Proxy, proxy, pytestmark  # noqa: F401 - the fixture and its condition

DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 0x1, 0x4
Pairs = list[tuple[bytes, bytes]]
REQUEST: Pairs = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/asked"), (b":authority", NAME.encode())]


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def block(pairs: Pairs) -> bytes:
    """Headers as HPACK literals that are not indexed: as they are, whatever is in them."""
    return b"".join(b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in pairs)


def ask(proxy: Proxy, more: Pairs, body: bytes = b"", *, path: bytes = b"/asked") -> None:  # noqa: F811
    """Send one request over HTTP/2, and wait until the proxy has answered it or let go."""
    asked = [(name, path if name == b":path" else value) for name, value in REQUEST]
    sent = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), 1, block(asked + more))
    sent += frame(DATA, END_STREAM, 1, body) if body else b""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=60) as connection,
        context.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
        secured.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
        secured.sendall(sent)
        secured.settimeout(2)
        with suppress(TimeoutError, OSError):
            while secured.recv(65536):
                continue


def test_a_plain_request_is_sent_on(proxy: Proxy) -> None:  # noqa: F811
    """The positive control of those below."""
    ask(proxy, [(b"x-plain", b"yes"), (b"content-length", b"2")], b"ab")
    assert proxy.asked
    for asked in proxy.asked:
        assert asked.startswith(b"GET /asked HTTP/1.1\r\n") and b"x-plain: yes\r\n" in asked
        assert asked.endswith(b"\r\n\r\nab")


@pytest.mark.asvs("4.2.3")
@pytest.mark.parametrize(
    "header",
    [
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"keep-alive, x-a"),
        (b"proxy-connection", b"keep-alive"),
        (b"keep-alive", b"timeout=5"),
        (b"upgrade", b"h2c"),
        (b"te", b"trailers, gzip"),
    ],
)
@pytest.mark.parametrize("path", [b"/asked", b"/api/v1/reports"])
def test_a_request_with_a_header_of_a_connection_is_not_taken(
    proxy: Proxy,  # noqa: F811
    header: tuple[bytes, bytes],
    path: bytes,
) -> None:
    ask(proxy, [header, (b"x-a", b"1")], path=path)
    assert proxy.asked == []


def test_a_request_may_say_that_it_takes_trailers(proxy: Proxy) -> None:  # noqa: F811
    """The only value of te that HTTP/2 knows: programs of gRPC's kind send it, and it is sent to nobody."""
    ask(proxy, [(b"te", b"trailers")])
    assert proxy.asked and not [asked for asked in proxy.asked if b"trailers" in asked]


@pytest.mark.asvs("4.2.3")
@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_no_answer_has_a_header_of_a_connection(proxy: Proxy) -> None:  # noqa: F811
    """Whatever the portal says of its own: of chunks, of how long it listens, of another protocol."""
    asked = ["curl", "-sk", "--http2", "--resolve", f"{NAME}:{proxy.tls}:127.0.0.1", "-D", "-"]
    run = subprocess.run([*asked, f"https://{NAME}:{proxy.tls}/answered"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("HTTP/2 200") and run.stdout.endswith("\nok")
    assert not re.search(r"(?im)^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade):", run.stdout)


@pytest.mark.asvs("4.2.1")
@pytest.mark.parametrize("body", [b"", b"ab", b"abcdef"])
def test_a_body_that_is_not_as_long_as_it_says_is_not_sent_on(proxy: Proxy, body: bytes) -> None:  # noqa: F811
    ask(proxy, [(b"content-length", b"5")], body)
    assert proxy.asked == []


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
