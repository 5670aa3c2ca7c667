"""The web server as it is started: slow clients take no place from others, and no worker outlives its parent."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import web_server
from tests.database import ROOT, PortalDatabase

SLOW_CLIENTS = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/livez", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def until(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def children(pid: int) -> set[int]:
    """Every process below one, by what the kernel says."""
    below = {int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()}
    return below.union(*(children(each) for each in below)) if below else below


def is_running(pid: int) -> bool:
    """Whether a process lives; one that ended and that nobody has waited for yet is still listed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def served(database: PortalDatabase) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    command = web_server.command(host="127.0.0.1", port=port)
    server = subprocess.Popen(command, cwd=ROOT, env=database.environ(), start_new_session=True)
    try:
        until(lambda: alive(port))
        yield server, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def drip(port: int, ended: threading.Event) -> None:
    """Send the headers of a request a line a second, and begin again when the server has had enough."""
    while not ended.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            while not ended.wait(1):
                client.sendall(b"X-Slow: 1\r\n")


@pytest.mark.asvs("15.2.2", "15.4.4")
@pytest.mark.attack("17.12")
def test_hundreds_of_slow_clients_take_no_place_from_others(portal_database: PortalDatabase) -> None:
    ended = threading.Event()
    with served(portal_database) as (_server, port):
        clients = [threading.Thread(target=drip, args=(port, ended)) for _number in range(SLOW_CLIENTS)]
        try:
            for client in clients:
                client.start()
            # Longer than the server waits for headers, so that they all come again.
            for _time in range(20):
                assert alive(port)
                ended.wait(0.4)
        finally:
            ended.set()
            for client in clients:
                client.join()


@pytest.mark.attack("17.13")
def test_no_worker_outlives_its_parent(portal_database: PortalDatabase) -> None:
    with served(portal_database) as (server, port):
        workers = children(server.pid)
        assert len(workers) >= 2
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not any(is_running(worker) for worker in workers))
        assert not alive(port)


@pytest.mark.attack("17.13")
def test_no_worker_outlives_its_parent_while_it_starts(portal_database: PortalDatabase) -> None:
    """Also one that is killed before its workers listen to signals."""
    command = web_server.command(host="127.0.0.1", port=free_port())
    for _round in range(3):
        with subprocess.Popen(command, cwd=ROOT, env=portal_database.environ(), start_new_session=True) as server:
            until(lambda: len(children(server.pid)) >= 2)
            workers = children(server.pid)
            server.kill()
        until(lambda: not any(map(is_running, workers)))  # noqa: B023 - of this round


@pytest.mark.truth("20.4")
def test_as_many_threads_as_the_settings_say(portal_database: PortalDatabase) -> None:
    """Each may open a connection to each database: the server's own default was 256 in each process."""
    environ = {**portal_database.environ("portal_app"), "PORTAL_PROCESS": "pages", "PORT": str(free_port())}
    command = [sys.executable, "manage.py", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env={**environ, "WEB_THREADS": "3"}, start_new_session=True) as server:
        try:
            until(lambda: alive(int(environ["PORT"])))
            said = Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")
        finally:
            os.killpg(server.pid, signal.SIGKILL)
    assert said[said.index("--blocking-threads") + 1] == "3"
    assert said[said.index("--workers") + 1] == "2"


def test_only_pages_and_intake_are_served(portal_database: PortalDatabase) -> None:
    environ = {**portal_database.environ("portal_worker"), "PORTAL_PROCESS": "worker"}
    run = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1 and "neither pages nor intake" in run.stderr
