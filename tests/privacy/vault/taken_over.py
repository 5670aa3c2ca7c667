"""A real process of the portal in an attacker's hands: its own role, its own socket at a real key service, no key file.

Where the tests run as root it is another user of the host, as in production: it gives root up once its databases are
open (the embedded server's socket is root's alone).
"""

import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from config.databases import PROCESS_ROLES
from tests.database import ROOT, PortalDatabase
from tests.privacy.vault.key_services import KeyService

# A user of the host for each process, where the tests may become others.
USERS = {"pages": "daemon", "intake": "bin", "worker": "nobody"} if os.getuid() == 0 else {}
ANSWER_SECONDS = 60


class Refused(Exception):
    """What an attack ran into: the name of the exception in the process, and its words."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"{name}: {said}")
        self.name = name


class TakenOver:
    """The process; ``run`` has it call a function of ``attacks.py`` and returns what came of it."""

    def __init__(self, database: PortalDatabase, service: KeyService, process: str) -> None:
        ours, theirs = socket.socketpair()
        keyless = service.folder / "no-keys"
        keyless.mkdir(exist_ok=True)
        environ = {
            **database.environ(PROCESS_ROLES[process]), "PORTAL_PROCESS": process, "KEY_SERVICE": "socket",
            "KEY_SERVICE_DIR": str(service.folder), "KEYS_DIR": str(keyless), "SECRET_KEY": "of this process alone",
        }  # fmt: skip
        user = pwd.getpwnam(USERS[process]).pw_uid if USERS else os.getuid()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.privacy.vault.taken_over_process", str(theirs.fileno()), str(user)],
                cwd=ROOT, env=environ, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self._wire = Connection(ours.detach())

    def wait_until_ready(self) -> None:
        """Return once the process has started."""
        assert self._answer() == "ready"

    def run[**P, R](self, act: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Return what a function did inside the process. Raises Refused for whatever it raised."""
        self._wire.send((act, arguments, named))
        return self._answer()  # type: ignore[no-any-return]

    def _answer(self) -> Any:
        assert self._wire.poll(ANSWER_SECONDS), "the process does not answer"
        went_well, found = self._wire.recv()
        if not went_well:
            raise Refused(*found)
        return found

    def end(self) -> None:
        """End the process."""
        self._wire.close()
        self.process.kill()
        self.process.wait()


@contextmanager
def key_service_of_users(database: PortalDatabase, **environ: str) -> Iterator[KeyService]:
    """Run a key service that knows each process by its user; this process holds the keys itself meanwhile."""
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        users = ",".join(f"{process}={user}" for process, user in USERS.items())
        service = KeyService(database, Path(folder), KEY_SERVICE_USERS=users, **environ)
        service.start()
        try:
            yield service
        finally:
            service.kill()


@contextmanager
def taken_over(database: PortalDatabase, service: KeyService, process: str) -> Iterator[TakenOver]:
    """Start a process that does what a test has it do."""
    made = TakenOver(database, service, process)
    try:
        yield made
    finally:
        made.end()


def memory_holds(pid: int, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets that stand in the memory of a process. Raises PermissionError."""
    found: set[str] = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(one, 16) for one in where.split("-"))
            memory.seek(start)
            held = memory.read(end - start)
            found |= {name for name, secret in secrets.items() if secret in held}
    return found
