"""clamd's protocol over a real port: only its OK is clean; whatever else it says or does is no answer."""

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privacy.lib.integrations import clamd
from privacy.lib.integrations.clamd import Scanner, ScannerUnavailable, configured_scanner
from tests.fake_clamd import EICAR, Daemon, running

pytestmark = pytest.mark.clause("P8.5")


def of(daemon: Daemon, seconds: float = 5.0) -> Scanner:
    found = configured_scanner(path="", host=daemon.address)
    assert found is not None
    return Scanner(host=found.host, port=found.port, seconds=seconds)


def test_clean_and_found_and_the_whole_file_arrives() -> None:
    with running() as daemon:
        content = bytes(range(256)) * 1_000  # four pieces
        assert of(daemon).scan(content).is_clean
        assert daemon.received == [content]
        assert of(daemon).scan(b"before" + EICAR).signature == "Eicar-Signature"
        assert of(daemon).scan(b"").is_clean


@pytest.mark.parametrize("mood", ["break", "error", "limit"])
def test_anything_but_ok_is_no_answer(mood: str) -> None:
    with running() as daemon:
        daemon.mood = mood
        with pytest.raises(ScannerUnavailable):
            of(daemon).scan(b"x" * 200_000)


@pytest.mark.fault("FLT-24")
def test_a_hanging_scanner_is_left_after_its_time() -> None:
    with running() as daemon:
        daemon.mood = "hang"
        begun = time.monotonic()
        with pytest.raises(ScannerUnavailable):
            of(daemon, seconds=0.3).scan(b"x")
        assert time.monotonic() - begun < 3


@pytest.mark.fault("FLT-24")
def test_a_scanner_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ScannerUnavailable):
        Scanner(host="127.0.0.1", port=port).scan(b"x")
    with pytest.raises(ScannerUnavailable):
        Scanner(path="/nowhere/clamd.ctl").signatures()


def test_signatures_with_their_day() -> None:
    with running() as daemon:
        found = of(daemon).signatures()
    assert (found.engine, found.number) == ("1.4.3", 27800)
    assert found.made_at == datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


def test_a_socket_of_the_file_system(tmp_path: Path) -> None:
    path = str(tmp_path / "clamd.ctl")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen(1)

        def serve() -> None:
            link, _peer = server.accept()
            with link:
                link.recv(100)
                link.sendall(b"ClamAV 1.4.3\0")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ScannerUnavailable):  # a clamd without any signatures says no day
            Scanner(path=path).signatures()
        thread.join()


def test_where_the_scanner_is() -> None:
    assert configured_scanner(path="", host="") is None
    assert configured_scanner(path="/run/clamd.ctl", host="av.example") == Scanner(path="/run/clamd.ctl")
    assert configured_scanner(path="", host="av.example") == Scanner(host="av.example", port=clamd.PORT)
    assert configured_scanner(path="", host="[::1]:3311") == Scanner(host="::1", port=3311)
