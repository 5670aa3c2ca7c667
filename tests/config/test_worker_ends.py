"""The worker ends within ten seconds of a signal, to its main process alone or to all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.config.test_web_server import children, is_running, until
from tests.database import ROOT, PortalDatabase

LONGEST = 10.0
# sentinel, two workers, monitor, pusher
PROCESSES = 5


@contextmanager
def working(database: PortalDatabase) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**database.environ("portal_worker"), "PORTAL_PROCESS": "worker"}
    command = [sys.executable, "manage.py", "qcluster"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True) as worker:
        try:
            until(lambda: len(children(worker.pid)) >= PROCESSES)
            yield worker
        finally:
            os.killpg(worker.pid, signal.SIGKILL)


def the_main_process(worker: int) -> None:
    os.kill(worker, signal.SIGTERM)


def all_of_them(worker: int) -> None:
    os.killpg(worker, signal.SIGTERM)


@pytest.mark.truth("20.5")
@pytest.mark.parametrize("told", [the_main_process, all_of_them])
def test_it_ends_whoever_is_told(portal_database: PortalDatabase, told: Callable[[int], None]) -> None:
    """A unit with KillMode=control-group signals all of them; it hung for more than 20 minutes."""
    for _round in range(2):
        with working(portal_database) as worker:
            below = children(worker.pid)
            began = time.monotonic()
            told(worker.pid)
            until(lambda: not any(map(is_running, (worker.pid, *below))), LONGEST)  # noqa: B023 - of this round
            assert time.monotonic() - began < LONGEST


@pytest.mark.truth("20.5")
def test_it_ends_though_one_of_its_processes_does_not(portal_database: PortalDatabase) -> None:
    """What died holding a lock, or hangs, is waited for without an end by the others."""
    with working(portal_database) as worker:
        below = children(worker.pid)
        (sentinel,) = [pid for pid in below if children(pid)]
        os.kill(max(children(sentinel)), signal.SIGSTOP)
        os.kill(min(children(sentinel)), signal.SIGSTOP)
        os.kill(worker.pid, signal.SIGTERM)
        until(lambda: not any(map(is_running, (worker.pid, *below))), LONGEST)
