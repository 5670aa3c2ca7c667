"""A real key service on a test's own databases, and this process as one that asks it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.test import override_settings

from privacy.vault import keys
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.refusals import KeyServiceUnavailable
from tests.database import ROOT, PortalDatabase

# A key service whose policy leaves out what it has to ask again at every call: the control of tests of races.
BROKEN = """
import django
django.setup()
from django.core.management import execute_from_command_line
from privacy.vault.keyservice import custodian
from privacy.vault.keyservice.reading_policy import ReadingPolicy
custodian.is_destroyed = lambda *asked: False
ReadingPolicy.refuse_closed = lambda *asked: None
ReadingPolicy._refuse_without_grant = lambda *asked: None
execute_from_command_line(["manage.py", "keyservice"])
"""


class KeyService:
    """The process ``manage.py keyservice``, which a test may stop, kill and start again."""

    def __init__(self, database: PortalDatabase, folder: Path, *, program: str = "", **environ: str) -> None:
        self.folder = folder
        self.command = [sys.executable, *(["-c", program] if program else ["manage.py", "keyservice"])]
        self.environ = {
            **database.environ("portal_keys"), "KEY_SERVICE": "socket", "KEY_SERVICE_DIR": str(folder),
            # Here nobody seals or signs.
            "KEY_UNSIGNED_MINUTES": "0", **environ,
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and return once it answers."""
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=self.environ, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert b"answers" in self.process.stdout.readline()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()


@contextmanager
def key_service(
    database: PortalDatabase, *, process: str = "pages", program: str = "", **environ: str
) -> Iterator[KeyService]:
    """Run a key service; this process asks it as ``process`` does."""
    # A socket's path has room for 107 characters.
    with TemporaryDirectory(dir="/tmp") as folder:
        service = KeyService(database, Path(folder), program=program, **environ)
        service.start()
        with override_settings(KEY_SERVICE="socket", KEY_SERVICE_DIR=Path(folder), PORTAL_PROCESS=process):
            keys.caches.here().clear()
            try:
                yield service
            finally:
                client.forget_connection()
                service.signal(signal.SIGCONT)
                service.kill()


@contextmanager
def asking_as(process: str) -> Iterator[None]:
    """Ask at another process's socket inside the block."""
    client.forget_connection()
    with override_settings(PORTAL_PROCESS=process):
        try:
            yield
        finally:
            client.forget_connection()


def answers() -> bool:
    """Whether the key service answers this process."""
    try:
        client.ask(messages.Describe())
    except KeyServiceUnavailable:
        return False
    return True


def seconds_of(started: float) -> float:
    """Return how long it took since ``started`` (``time.monotonic``)."""
    return time.monotonic() - started
