"""The key service while its database is restarted, cut off or hung: it says so in a second, and comes back."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connections

from privacy.vault import actions as vault
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from tests.database import PortalDatabase
from tests.privacy.vault.key_services import seconds_of

pytestmark = pytest.mark.attack("18")

SOON = 1.4
ONE = "SELECT 1"


class Between:
    """What stands between the service and the server: lets bytes through, keeps them, or takes no connection."""

    def __init__(self, path: Path, server: str) -> None:
        self.path, self.server = path, server
        self.passing = threading.Event()
        self.ended = False
        self.sockets: list[socket.socket] = []
        self.passing.set()
        self.listen()

    def listen(self) -> None:
        self.path.unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen()
        threading.Thread(target=self._accept, args=(self.listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.server)
                self.sockets += [near, far]
                threading.Thread(target=self._pass, args=(near, far), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), selectors.DefaultSelector() as waiting:
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _events in waiting.select():
                    self.passing.wait()
                    said = key.fileobj.recv(65_536)  # type: ignore[union-attr]  # a socket
                    if not said:
                        for one in (near, far):
                            one.shutdown(socket.SHUT_RDWR)
                        return
                    key.data.sendall(said)

    def down(self) -> None:
        """Be a server that was stopped: what is open ends, and nobody listens."""
        self.path.unlink()
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.cut()

    def cut(self) -> None:
        """End every open connection."""
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.passing.set()
        self.down()
        for one in self.sockets:
            one.close()


@pytest.fixture
def between(portal_database: PortalDatabase) -> Iterator[Between]:
    with TemporaryDirectory(dir="/tmp") as folder:
        address = connections["default"].get_connection_params()
        port = address.get("port") or 5432
        made = Between(Path(folder) / f".s.PGSQL.{port}", f"{address['host']}/.s.PGSQL.{port}")
        before = connections["default"].settings_dict["HOST"]
        connections["default"].settings_dict["HOST"] = folder
        try:
            yield made
        finally:
            connections["default"].settings_dict["HOST"] = before
            made.close()


@pytest.fixture
def query(between: Between) -> Iterator[DatabaseQuestions]:
    made = DatabaseQuestions()
    assert made(ONE, []) == [(1,)]
    yield made
    made.close()


def away(query: DatabaseQuestions) -> None:
    """It says within a second that it can't."""
    started = time.monotonic()
    with pytest.raises(vault.KeyServiceUnavailable):
        query(ONE, [])
    assert seconds_of(started) < SOON


def back(query: DatabaseQuestions, seconds: float) -> None:
    """It answers again within so many seconds."""
    started = time.monotonic()
    while True:
        with contextlib.suppress(vault.KeyServiceUnavailable):
            assert query(ONE, []) == [(1,)]
            break
        assert seconds_of(started) < seconds
    assert seconds_of(started) < seconds


def test_after_a_restart_the_first_question_is_answered(between: Between, query: DatabaseQuestions) -> None:
    asking = [threading.Thread(target=query, args=("SELECT pg_sleep(0.2)", [])) for _number in range(5)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    between.cut()
    for _time in range(6):
        assert query(ONE, []) == [(1,)]


def test_a_server_that_is_away_for_a_while(between: Between, query: DatabaseQuestions) -> None:
    between.down()
    for _time in range(4):
        away(query)
    between.listen()
    back(query, 3)


def test_a_network_that_swallows_all(between: Between, query: DatabaseQuestions) -> None:
    between.passing.clear()
    for _time in range(3):
        away(query)
    between.passing.set()
    back(query, 4)


def test_a_question_that_takes_too_long(query: DatabaseQuestions) -> None:
    started = time.monotonic()
    with pytest.raises(vault.KeyServiceUnavailable):
        query("SELECT pg_sleep(5)", [])
    assert seconds_of(started) < SOON
    back(query, 1)
