"""The forwarding process of the demo routes by the address, and forwards nothing that could be read in two ways."""

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import forwarder
from tests.config.test_web_server import free_port, until
from tests.database import ROOT

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


class Behind:
    """A process behind the forwarder: keeps each request as it came, and answers who it is."""

    def __init__(self, name: bytes) -> None:
        self.name, self.requests = name, list[bytes]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _address = self.listener.accept()
                with taken:
                    self.requests.append(request := self._read(taken))
                    taken.sendall(CHUNKED if b"/chunked" in request else ANSWER + self.name)

    @staticmethod
    def _read(taken: socket.socket) -> bytes:
        read = b""
        while b"\r\n\r\n" not in read:
            read += taken.recv(65536)
        head, _, body = read.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += taken.recv(65536)
        return head + b"\r\n\r\n" + body


class Portal:
    """A forwarder of its own process, and what is behind it."""

    def __init__(self) -> None:
        self.pages, self.intake, self.port = Behind(b"pages"), Behind(b"intak"), free_port()
        ports = [str(port) for port in (self.port, self.pages.port, self.intake.port)]
        self.process = subprocess.Popen([sys.executable, "-m", "config.forwarder", *ports], cwd=ROOT)
        until(self.connects)

    def connects(self) -> bool:
        with contextlib.suppress(OSError), self.connection():
            return True
        return False

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request: bytes) -> bytes:
        """Send bytes and return all that comes back."""
        with self.connection() as client:
            client.sendall(request)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while block := client.recv(65536):
                    answer += block
            return answer

    @property
    def forwarded(self) -> list[bytes]:
        return self.pages.requests + self.intake.requests


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.process.kill()
    portal.process.wait()


@pytest.fixture
def portal(running: Portal) -> Portal:
    running.pages.requests.clear()
    running.intake.requests.clear()
    return running


def request(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


HOST = "Host: localhost"


def test_the_api_is_of_intake_and_everything_else_of_the_pages(portal: Portal) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
    said = []
    for path in ("/", "/api/v1/reports", "/office/", "/api/v1", "/%61pi/v1/reports", "//api/v1/reports", "/api/v1/"):
        connection.request("POST", path, body=b"x")
        said.append(connection.getresponse().read())
    assert said == [b"pages", b"intak", b"pages", b"pages", b"pages", b"pages", b"intak"]
    assert connection.sock is not None, "the connection was kept from one request to the next"
    connection.close()


def test_the_clients_address_is_the_peers_whatever_it_says_itself(portal: Portal) -> None:
    portal.raw(
        request(
            "GET / HTTP/1.1", HOST, "X-Forwarded-For: 203.0.113.9", "x_forwarded_for: 203.0.113.9", "Connection: close",
            "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.9", "X-Real-Kept: yes",
        )
    )  # fmt: skip
    (seen,) = portal.pages.requests
    assert b"X-Forwarded-For: 127.0.0.1\r\n" in seen and b"X-Forwarded-Proto: http\r\n" in seen
    assert b"203.0.113.9" not in seen and b"https" not in seen
    assert b"X-Real-Kept: yes\r\n" in seen


def test_headers_of_one_connection_are_not_forwarded(portal: Portal) -> None:
    hop = ("Connection: close, X-Own", "X-Own: 1", "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c", "Trailer: X")
    portal.raw(request("GET / HTTP/1.1", HOST, *hop))
    (seen,) = portal.pages.requests
    assert seen.split(b"\r\n", 2)[2] == request(
        "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "Connection: close", "Content-Length: 0"
    )


def test_the_host_is_of_the_request_whatever_is_said_to_be_of_the_connection(portal: Portal) -> None:
    portal.raw(request("GET / HTTP/1.1", HOST, "Connection: close, Host"))
    (seen,) = portal.pages.requests
    assert f"{HOST}\r\n".encode() in seen


def test_chunks_arrive_whole_with_their_length(portal: Portal) -> None:
    body = b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"
    portal.raw(
        request("POST /api/v1/reports HTTP/1.1", HOST, "Transfer-Encoding: chunked", "Connection: close", body=body)
    )
    (seen,) = portal.intake.requests
    assert seen.endswith(b"\r\n\r\nWikipedia") and b"Content-Length: 9" in seen and b"chunked" not in seen


def test_an_answer_in_chunks_and_every_cookie_come_back(portal: Portal) -> None:
    assert portal.raw(request("GET /chunked HTTP/1.1", HOST)) == CHUNKED
    answer = portal.raw(request("GET / HTTP/1.1", HOST, "Connection: close"))
    assert b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in answer and answer.endswith(b"pages")


def test_two_requests_that_come_at_once_are_answered_in_turn(portal: Portal) -> None:
    first = request("POST /api/v1/x HTTP/1.1", HOST, "Content-Length: 3", body=b"abc")
    answer = portal.raw(first + request("GET / HTTP/1.1", HOST, "Connection: close"))
    assert [part[:5] for part in answer.split(b"\r\n\r\n")[1:]] == [b"intak", b"pages"]


def test_who_waits_to_be_told_to_go_on_is_told(portal: Portal) -> None:
    sent = request(
        "POST / HTTP/1.1", HOST, "Content-Length: 3", "Expect: 100-continue", "Connection: close", body=b"abc"
    )
    assert portal.raw(sent).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


CHUNKS = "Transfer-Encoding: chunked"
SMUGGLED = request("GET /office/ HTTP/1.1", HOST)
HOSTILE = {
    "two lengths": request("POST / HTTP/1.1", HOST, "Content-Length: 0", "Content-Length: 9", body=SMUGGLED),
    "the same length twice": request("POST / HTTP/1.1", HOST, "Content-Length: 1", "Content-Length: 1", body=b"x"),
    "two lengths in one": request("POST / HTTP/1.1", HOST, "Content-Length: 0, 5", body=SMUGGLED),
    "a length and chunks": request("POST / HTTP/1.1", HOST, "Content-Length: 5", CHUNKS, body=b"0\r\n\r\n" + SMUGGLED),
    "chunks and a length of nothing": request("POST / HTTP/1.1", HOST, CHUNKS, "Content-Length: 0", body=b"0\r\n\r\n"),
    "two encodings": request("POST / HTTP/1.1", HOST, CHUNKS, "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
    "another encoding": request("POST / HTTP/1.1", HOST, "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "an encoding nearly": request("POST / HTTP/1.1", HOST, "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "an encoding after a tab": request("POST / HTTP/1.1", HOST, "Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"),
    "a length with a sign": request("POST / HTTP/1.1", HOST, "Content-Length: +5", body=b"abcde"),
    "a length in hexadecimal": request("POST / HTTP/1.1", HOST, "Content-Length: 0x5", body=b"abcde"),
    "a length of other digits": request("POST / HTTP/1.1", HOST, "Content-Length: \xb2", body=b"ab"),
    "an empty length": request("POST / HTTP/1.1", HOST, "Content-Length:"),
    "a space before the colon": request("POST / HTTP/1.1", HOST, "Content-Length : 5", body=b"abcde"),
    "a folded header": request("GET / HTTP/1.1", HOST, "X-A: 1", " Content-Length: 5"),
    "a header without a name": request("GET / HTTP/1.1", HOST, ": 1"),
    "a header without a colon": request("GET / HTTP/1.1", HOST, "X-A"),
    "lines that end with LF": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "one line that ends with LF": b"GET / HTTP/1.1\r\nHost: localhost\nX: 1\r\n\r\n",
    "a bare CR": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: 1\rContent-Length: 5\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n",
    "an empty first line": b"\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host": request("GET / HTTP/1.1", "X: 1"),
    "two hosts": request("GET / HTTP/1.1", HOST, "Host: other"),
    "HTTP/1.0": request("GET / HTTP/1.0", HOST),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a whole address": request("GET http://localhost/api/v1/ HTTP/1.1", HOST),
    "an address with a space": request("GET /a b HTTP/1.1", HOST),
    "two spaces": request("GET  / HTTP/1.1", HOST),
    "a tunnel": request("CONNECT localhost:22 HTTP/1.1", HOST),
    "a huge header": request("GET / HTTP/1.1", HOST, "X: " + "a" * 20_000),
    "many headers": request("GET / HTTP/1.1", HOST, *["X: 1"] * 5_000),
    "another expectation": request("POST / HTTP/1.1", HOST, "Content-Length: 1", "Expect: 200-ok", body=b"x"),
    "a chunk without its end": request("POST / HTTP/1.1", HOST, CHUNKS, body=b"3\r\nabcd\r\n0\r\n\r\n"),
    "a chunk that ends with LF": request("POST / HTTP/1.1", HOST, CHUNKS, body=b"3\nabc\n0\n\n\r\n"),
    "a chunk with an extension": request("POST / HTTP/1.1", HOST, CHUNKS, body=b"3;a=1\r\nabc\r\n0\r\n\r\n"),
    "a chunk of no size": request("POST / HTTP/1.1", HOST, CHUNKS, body=b"-1\r\nabc\r\n0\r\n\r\n"),
    "trailers": request("POST / HTTP/1.1", HOST, CHUNKS, body=b"0\r\nX-Forwarded-For: 1\r\n\r\n"),
}  # fmt: skip


@pytest.mark.asvs("1.5.3", "4.2.1")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_could_be_read_in_two_ways_is_refused_and_never_forwarded(portal: Portal, name: str) -> None:
    answer = portal.raw(HOSTILE[name])
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert portal.forwarded == []
    assert portal.raw(request("GET / HTTP/1.1", HOST, "Connection: close")).endswith(b"pages")


@pytest.mark.parametrize(
    "sent",
    [
        request("POST / HTTP/1.1", HOST, f"Content-Length: {forwarder.MAX_BODY + 1}"),
        request("POST / HTTP/1.1", HOST, CHUNKS, body=b"FFFFFFF\r\n"),
    ],
)
def test_a_body_that_is_too_large_is_not_even_read(portal: Portal, sent: bytes) -> None:
    assert portal.raw(sent).startswith(b"HTTP/1.1 413 ")
    assert portal.forwarded == []


def test_who_does_not_finish_their_headers_is_not_waited_for(portal: Portal) -> None:
    began = time.monotonic()
    assert portal.raw(b"GET / HTTP/1.1\r\nHost: local") == b""
    assert time.monotonic() - began < forwarder.HEAD_SECONDS + 5


def test_more_connections_than_there_are_places_are_told_to_come_again(portal: Portal) -> None:
    with contextlib.ExitStack() as stack:
        for _place in range(512):
            stack.enter_context(portal.connection())
        until(lambda: portal.raw(request("GET / HTTP/1.1", HOST, "Connection: close")).startswith(b"HTTP/1.1 503 "), 5)
    until(lambda: portal.raw(request("GET / HTTP/1.1", HOST, "Connection: close")).endswith(b"pages"), 5)


def test_it_listens_on_this_machine_alone(portal: Portal) -> None:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [each[1] for each in sockets if each[3] == "0A"]
    assert [each for each in listening if int(each.partition(":")[2], 16) == portal.port] == [
        f"0100007F:{portal.port:04X}"
    ]


def test_a_process_that_is_away_is_a_bad_gateway(portal: Portal) -> None:
    alone = subprocess.Popen([sys.executable, "-m", "config.forwarder", str(port := free_port()), "1", "1"], cwd=ROOT)
    try:

        def told() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(request("GET / HTTP/1.1", HOST))
                return client.recv(100).startswith(b"HTTP/1.1 502 ")
            return False

        until(told, 10)
    finally:
        alone.kill()
        alone.wait()
