"""Files of strangers are read by a process that has nothing, may take little, and ends when it takes more."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection

from privacy.lib.documents.upload_validation import LIMITS
from privacy.lib.postgres import advisory_locks
from privacy.lib.sandbox import rejection, runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.lib.sandbox.runner import Busy, Limits, NoVerdict
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.hostile_files import costly_pdf
from tests.sample_uploads import PDF, pdf, stream

pytestmark = [pytest.mark.attack("17.4"), pytest.mark.asvs("5.2.5", "5.3.3", "15.2.5")]


def probe(**wished: list[object]) -> dict[str, object]:
    (found,) = runner.answers("probe", json.dumps(wished).encode(), LIMITS)
    return dict(found)


def children() -> set[psutil.Process]:
    """What this process started and is still there; a browser of other tests is, too."""
    return set(psutil.Process().children(recursive=True))


class SandboxTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = children()

    def left(self) -> set[psutil.Process]:
        return children() - self.before

    def test_it_reaches_no_file_no_key_no_port_and_starts_nothing(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            paths = [str(settings.MASTER_KEY_FILE), str(settings.INDEX_KEY_FILE), "/etc/hostname", "/proc/self/mem"]
            assert all(os.access(path, os.R_OK) for path in paths[:3])
            found = probe(paths=paths, ports=[port])
        assert found["reached"] == []

    def test_it_has_no_environment_and_is_not_root(self) -> None:
        found = probe()
        assert set(found["environment"]) <= {"LC_CTYPE"}  # type: ignore[call-overload]
        assert found["uid"] != 0

    def test_it_has_a_network_of_its_own(self) -> None:
        if os.system("unshare --user --net true") != 0:
            pytest.skip("this kernel gives no namespaces to unprivileged users")
        assert probe()["network"] != str(Path("/proc/self/ns/net").readlink())

    def test_what_takes_too_long_is_ended(self) -> None:
        begun = time.monotonic()
        with pytest.raises(Rejected) as refused:
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=2, clock_seconds=60))
        assert refused.value.code == rejection.TOO_COSTLY
        assert time.monotonic() - begun < 60
        assert not self.left()

    def test_what_takes_too_much_memory_is_ended(self) -> None:
        with pytest.raises(Rejected):
            runner.judge("pdf_files", pdf(stream(b"\0" * (600 * 2**20))), LIMITS)
        assert not self.left()

    def test_a_child_that_outlives_its_time_by_the_clock_is_killed(self) -> None:
        """A machine that is too busy says nothing of the file: it is read again."""
        with pytest.raises(NoVerdict):
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=60, clock_seconds=1))
        assert not self.left()

    def test_a_child_that_somebody_ended_says_nothing_of_the_file(self) -> None:
        """The kernel short of memory, or whoever stops the worker: the file is neither clean nor hostile."""
        # Whoever starts the tests in the background has them ignore some; a child inherits that.
        sent = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        for number in (number for number in sent if signal.getsignal(number) != signal.SIG_IGN):
            with self.subTest(number), pytest.raises(NoVerdict):
                self.signalled(number)

    def test_a_child_that_fell_over_the_file_refuses_it(self) -> None:
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL):
            with self.subTest(number), pytest.raises(Rejected) as refused:
                self.signalled(number)
            assert refused.value.code == rejection.DAMAGED

    def signalled(self, number: int) -> None:
        """Judge a file whose reader gets a signal as soon as it runs."""

        def send() -> None:
            deadline = time.monotonic() + 20
            while not (mine := self.left()) and time.monotonic() < deadline:
                time.sleep(0.01)
            for child in mine:
                child.send_signal(number)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=20, clock_seconds=20))
        finally:
            sender.join()

    def test_what_answers_too_much_is_ended(self) -> None:
        with pytest.raises(Rejected):
            list(runner.answers("spreadsheet_files", b"model\n" + b"a,b\n" * 100_000, Limits(output=10_000)))

    def test_the_two_places_are_counted_over_all(self) -> None:
        with ExitStack() as held:
            for place in runner.PLACES:
                assert held.enter_context(advisory_locks.try_lock(runner.SPACE, place))
            # The same session could take its own lock again: another asks.
            refused: list[BaseException] = []

            def ask() -> None:
                try:
                    runner.judge("pdf_files", PDF, LIMITS)
                except Busy as busy:
                    refused.append(busy)
                finally:
                    connection.close()

            other = threading.Thread(target=ask)
            other.start()
            other.join()
        assert len(refused) == 1
        runner.judge("pdf_files", PDF, LIMITS)


def test_a_killed_worker_leaves_no_child_behind(portal_database: PortalDatabase) -> None:
    script = (
        "import os, django; django.setup();"
        "from privacy.lib.sandbox import runner; from tests.hostile_files import costly_pdf;"
        "print('begun', flush=True);"
        "runner.judge('pdf_files', costly_pdf(), runner.Limits(seconds=60, clock_seconds=60))"
    )
    environ = {**portal_database.environ("portal_app"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen([sys.executable, "-c", script], env=environ, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"begun\n"
        process = psutil.Process(worker.pid)
        deadline = time.monotonic() + 30
        while not (started := process.children()) and time.monotonic() < deadline:
            continue
        worker.kill()
    assert started
    _gone, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
