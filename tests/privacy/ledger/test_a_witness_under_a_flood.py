"""A witness that many connect to, or slowly: a bounded number of threads, and each request has its time in all."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path

import pytest

from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.witness import serving
from tests.factories.ledger import ORIGIN
from tests.privacy.ledger.test_witnesses import Log, leaves, make_witness

pytestmark = pytest.mark.attack("20.12")


@pytest.fixture
def log() -> Log:
    return Log(Signer.make(ORIGIN), leaves(40))


@pytest.fixture
def port(tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(serving, "SECONDS", 1)
    server = serving.make_server(make_witness(tmp_path, log.signer), "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def is_cosigned(port: int, log: Log, size: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/add-checkpoint", log.request(0, size))
    return connection.getresponse().status == HTTPStatus.OK


def drip(port: int, *parts: bytes) -> float:
    """Send what comes, then a byte at a time; return after how many seconds the witness hung up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        began = time.monotonic()
        with suppress(OSError):
            for part in parts:
                connection.sendall(part)
            while time.monotonic() < began + 8:
                connection.sendall(b"x")
                time.sleep(0.1)
        return time.monotonic() - began


@pytest.mark.parametrize(
    "parts",
    [
        (b"POST /add-checkpoint HTTP/1.1\r\nX-Slow: ",),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 60000\r\n\r\n",),
        (),
    ],
)
def test_a_request_that_comes_byte_by_byte_ends_with_its_time(port: int, log: Log, parts: tuple[bytes, ...]) -> None:
    assert drip(port, *parts) < 4
    assert is_cosigned(port, log, 10)


def test_many_connections_take_no_more_than_its_threads(port: int, log: Log) -> None:
    before = threading.active_count()
    with ExitStack() as open_ones:
        for _number in range(3 * serving.MOST_CONNECTIONS):
            open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        time.sleep(0.3)
        assert threading.active_count() - before <= 2 * serving.MOST_CONNECTIONS
    assert is_cosigned(port, log, 10)
