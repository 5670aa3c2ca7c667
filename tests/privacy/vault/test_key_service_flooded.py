"""The key service asked by a process that somebody took over: any bytes, any number of connections, or silence."""

import errno
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from privacy.vault import actions as vault
from privacy.vault.keyservice import client, connection_limits, messages, server
from privacy.vault.keyservice.connection_limits import MOST_CONNECTIONS, BoundedSocket, Crowded, ProcessShare
from privacy.vault.keyservice.server import KeyServer
from tests.database import PortalDatabase
from tests.privacy.vault.key_services import KeyService, asking_as, key_service, seconds_of

pytestmark = pytest.mark.attack("18")

PROMPT_SECONDS = 1.0
CLAIMS_MOST = messages.LENGTH.pack(messages.MAX_MESSAGE)


@pytest.fixture(scope="module")
def service(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[KeyService]:
    with django_db_blocker.unblock(), PortalDatabase().in_use() as database, key_service(database) as made:  # type: ignore[attr-defined]
        yield made


def connected(folder: Path, process: str = "pages") -> socket.socket:
    """Return a connection to one of the service's sockets."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Not yet with a time-out: then a full queue of those who connect would be an error and not a wait.
        made.connect(str(folder / f"{process}.sock"))
    except OSError:
        made.close()
        raise
    made.settimeout(10)
    return made


def memory(service: KeyService) -> int:
    """Return the bytes that the service has in memory."""
    assert service.process is not None
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def threads(service: KeyService) -> int:
    assert service.process is not None
    return len(list(Path(f"/proc/{service.process.pid}/task").iterdir()))


def assert_prompt(process: str) -> None:
    """Another process is answered as if nothing were."""
    with asking_as(process):
        started = time.monotonic()
        assert client.ask(messages.Describe())
        assert seconds_of(started) < PROMPT_SECONDS


def test_what_a_header_claims_takes_no_memory(service: KeyService) -> None:
    before = memory(service)
    with ExitStack() as open_ones:
        for _number in range(40):
            open_ones.enter_context(connected(service.folder)).sendall(CLAIMS_MOST + b"x")
        time.sleep(0.3)
        assert memory(service) - before < 100 * 2**20
        assert_prompt("worker")


@pytest.mark.asvs("13.2.6", "15.4.1", "15.4.4")
def test_connections_of_a_process_are_bounded_and_the_others_are_answered(service: KeyService) -> None:
    with ExitStack() as open_ones:
        for _number in range(3 * MOST_CONNECTIONS):
            open_ones.enter_context(connected(service.folder))
        assert_prompt("worker")
        assert_prompt("intake")
        assert threads(service) < MOST_CONNECTIONS + 40
    time.sleep(0.2)
    assert_prompt("pages")


def test_a_process_that_sends_slowly_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte used to begin the wait anew: 900 s for each of 64 million."""
    monkeypatch.setattr(connection_limits, "MESSAGE_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        bounded, ended = BoundedSocket(ours, ProcessShare()), threading.Event()

        def trickle() -> None:
            theirs.sendall(CLAIMS_MOST)
            while not ended.wait(0.05):
                theirs.sendall(b"x")

        sender = threading.Thread(target=trickle)
        sender.start()
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            messages.receive(bounded)
        assert seconds_of(started) < PROMPT_SECONDS
        ended.set()
        sender.join()


def test_a_process_that_says_nothing_or_takes_no_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(connection_limits, "MESSAGE_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        bounded = BoundedSocket(ours, ProcessShare())
        with pytest.raises(TimeoutError):
            messages.receive(bounded)
        with pytest.raises(TimeoutError):
            messages.send_encoded(bounded, bytes(8 * 2**20))


def test_what_a_process_has_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "MOST_BYTES", 1_000)
    share, body = ProcessShare(), bytes(800)
    (ours, theirs), (mine, yours) = socket.socketpair(), socket.socketpair()
    with ours, theirs, mine, yours:
        one, other = BoundedSocket(ours, share), BoundedSocket(mine, share)
        for end in (theirs, yours):
            end.sendall(messages.LENGTH.pack(len(body)) + body)
        assert messages.receive(one) == body
        with pytest.raises(Crowded):
            messages.receive(other)
        one.settle()
        other.settle()
        assert share.bytes == 0


def test_few_requests_of_a_process_are_worked_on_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "TURN_SECONDS", 0.05)
    share = ProcessShare()
    with share.turn(2 * connection_limits.LARGE_BYTES):
        with pytest.raises(Crowded), share.turn(2 * connection_limits.LARGE_BYTES):
            pass
        with ExitStack() as turns:
            for _number in range(connection_limits.MOST_AT_WORK - 1):
                turns.enter_context(share.turn(10))
            with pytest.raises(Crowded), share.turn(10):
                pass
    with share.turn(2 * connection_limits.LARGE_BYTES):
        pass


def test_an_error_of_accepting_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many open files used to close a process's socket for ever."""
    monkeypatch.setattr(server, "RETRY_SECONDS", 0.01)
    ours, theirs = socket.socketpair()
    served = threading.Event()

    class Listening:
        def __init__(self) -> None:
            self.answers: list[Any] = [OSError(errno.EMFILE, "Too many open files"), (ours, "")]

        def accept(self) -> Any:
            if not self.answers:
                made._ended.set()
                raise OSError(errno.EBADF, "closed")
            found = self.answers.pop(0)
            if isinstance(found, OSError):
                raise found
            return found

    made = KeyServer(tmp_path, SimpleNamespace(), {"pages": 0})  # type: ignore[arg-type]  # nobody asks it
    monkeypatch.setattr(made, "_is_of", lambda *_given: True)
    monkeypatch.setattr(made, "_serve", lambda *_given: served.set())
    with ours, theirs:
        made._accept(Listening(), "pages")  # type: ignore[arg-type]  # as above
        assert served.wait(60)


@pytest.mark.asvs("11.2.5", "16.3.4", "16.5.1", "16.5.4")
def test_an_error_that_nobody_expected_is_logged_whole_and_answered_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_asked: Any) -> None:
        raise RuntimeError("k-4711")

    made = KeyServer(tmp_path, SimpleNamespace(answer=fails), {"pages": 0})  # type: ignore[arg-type]  # it only fails
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threading.Thread(target=made._serve, args=(ours, "pages", ProcessShare()), daemon=True).start()
        for _time in range(2):  # the connection goes on
            messages.send_encoded(theirs, messages.ENCODER.encode(["en", {"type": "describe"}]))
            assert b"k-4711" not in (answer := messages.receive(theirs)) and b"unavailable" in answer
    told = [one for one in caplog.records if one.exc_info]
    assert len(told) == 2 and "k-4711" in str(told[0].exc_info[1])  # type: ignore[index]


def many(item: bytes) -> msgspec.Raw:
    """Return a list of one item, as long as a message may be."""
    count = (messages.MAX_MESSAGE - 1_000) // len(item)
    return msgspec.Raw(b"\xdd" + count.to_bytes(4) + item * count)


NO_KEYS: dict[str, Any] = {"subjects": [], "months": []}
HOSTILE: dict[str, dict[str, Any]] = {
    "pairs": {"type": "sealing-keys", "keys": NO_KEYS, "wanted": many(b"\x92\0\0")},
    "look-ups": {"type": "index", "values": many(b"\x92\xa1i\xa11")},
    "unknown": {"type": "describe", "more": many(b"\x92\0\0")},
    "pieces": {"type": "reseal", "record": 1, "people": [], "source": NO_KEYS, "target": NO_KEYS, "where": b"",
               "there": [], "bundles": many(b"\x96\xc4\0\xc4\0\x92\0\0\x90\x90\x90")},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_request_of_millions_holds_nobody_up(service: KeyService, name: str) -> None:
    body = messages.ENCODER.encode(["en", HOSTILE[name]])
    with connected(service.folder) as raw:
        raw.sendall(struct.pack("!I", len(body)) + body)
        started = time.monotonic()
        assert_prompt("worker")
        assert messages.receive(raw)
        assert seconds_of(started) < PROMPT_SECONDS


@pytest.mark.asvs("15.2.2")
def test_a_flood_of_the_largest_requests_leaves_the_others_their_answers(service: KeyService) -> None:
    body = messages.ENCODER.encode(["en", {"type": "sign", "body": "x" * (messages.MAX_MESSAGE - 100)}])
    ended = threading.Event()

    def flood() -> None:
        while not ended.is_set():
            try:
                with connected(service.folder) as raw:
                    raw.sendall(struct.pack("!I", len(body)) + body)
                    messages.receive(raw)
            except OSError:
                continue

    senders = [threading.Thread(target=flood) for _number in range(4)]
    for sender in senders:
        sender.start()
    try:
        for _time in range(5):
            time.sleep(0.1)
            with asking_as("worker"):
                started = time.monotonic()
                assert client.ask(messages.Describe())
                assert seconds_of(started) < client.ANSWER_SECONDS
    finally:
        ended.set()
        for sender in senders:
            sender.join()
    assert memory(service) < 400 * 2**20
    with pytest.raises(vault.KeysRefused):
        client.ask(messages.Sign("{}"))
