"""What surrounds the portal in a fault run: small disks, a network that can be cut, a server of the test's own.

They need root and a kernel that lets us; where it doesn't, the tests that use them are skipped.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql

from config.databases import DATABASES, role_in
from config.embedded_postgres import EmbeddedServer
from privacy.ledger.entries import autocommit
from tests import own_writes
from tests.database import ROOT, PortalDatabase, schema_digest, server_connection
from tests.privacy.retention.kill_at_commit import close_everything


def _works(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


needs_mounts = pytest.mark.skipif(
    os.getuid() != 0 or not _works("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"),
    reason="this machine lets nobody mount a disk",
)
needs_networks = pytest.mark.skipif(
    os.getuid() != 0 or not _works("unshare", "-n", "nft", "add", "table", "inet", "probe"),
    reason="this machine lets nobody make a network, or has no nft",
)


class SmallDisk:
    """A mounted disk that can be filled to the last byte, and emptied."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"
        self.megabytes = megabytes

    def fill(self) -> None:
        """Leave no room."""
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(64 * 1024))
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0")

    def free(self) -> None:
        """Give the room back."""
        self.ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of so many megabytes on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "fault-disk", str(folder)], check=True
    )
    try:
        yield SmallDisk(folder, megabytes)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def databases_on(database: PortalDatabase, disk: SmallDisk) -> Iterator[None]:
    """Move a test's databases onto a disk; they are dropped with it."""
    name, place = f"small_{uuid.uuid4().hex[:8]}", disk.folder / "tables"
    place.mkdir(mode=0o700)
    close_everything()
    with server_connection() as server:
        server.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), str(place)))
        for one in database.names.values():
            server.execute(sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(*map(sql.Identifier, (one, name))))
    try:
        yield
    finally:
        disk.free()
        close_everything()
        with server_connection() as server:
            for one in database.names.values():
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(one)))
            server.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))


@contextmanager
def refused(database: PortalDatabase, alias: str) -> Iterator[None]:
    """Let nobody connect to one of a test's databases, and cut off who is connected."""
    name = sql.Identifier(database.names[alias])
    with server_connection() as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.names[alias]]
        )
    try:
        yield
    finally:
        with server_connection() as server:
            server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


class OwnServer(EmbeddedServer):
    """A migrated cluster of one test's own, which survives a crash as production's does (fsync is on)."""

    def __init__(self, folder: Path) -> None:
        # So little log is kept that a small disk has room for it.
        super().__init__(folder, {"wal_recycle": "off", "min_wal_size": "32MB", "max_wal_size": "48MB"})

    def url_of(self, alias: str, role: str) -> str:
        """Return the address of one of its databases."""
        return self.url(role_in(alias, role), DATABASES[alias])

    def environ(self, role: str) -> dict[str, str]:
        """Return the environment of a process of the portal that works on it."""
        names = {"default": "DATABASE_URL", "personal": "PERSONAL_DATABASE_URL", "archive": "ARCHIVE_DATABASE_URL"}
        kept = {name: value for name, value in os.environ.items() if name != "EMBEDDED_CONF"}
        return {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEVELOPMENT": "1",
            "PORTAL_HOME": str(settings.PORTAL_HOME),
            "DESTRUCTION_JOURNAL_DIR": str(settings.DESTRUCTION_JOURNAL_DIR),
            "PORTAL_ROLE": role,
            **{variable: self.url_of(alias, role) for alias, variable in names.items()},
        }

    def connect(self, alias: str = "default") -> psycopg.Connection:
        """Connect as the superuser."""
        return psycopg.connect(self.url_of(alias, "postgres"), autocommit=True)


def migrated_home() -> Path:
    """Return the folder of a migrated cluster that stands still, made where it is missing; it is copied, never used."""
    made = Path(settings.PORTAL_HOME) / f"own-{schema_digest()}"
    if not made.exists():
        new = made.with_suffix(f".{os.getpid()}")
        server = OwnServer(new)
        server.start()
        environ = server.environ("portal_owner")
        subprocess.run([sys.executable, "manage.py", "migrate_all", "-v", "0"], cwd=ROOT, env=environ, check=True)
        for alias in DATABASES:
            with server.connect(alias) as superuser:
                if alias == "default":
                    own_writes.make_role(superuser)
                own_writes.open_tables(superuser)
        server.stop()
        server.release()
        with contextlib.suppress(OSError):  # another process was faster
            new.rename(made)
    return made


def copy_migrated_cluster(folder: Path) -> None:
    """Make a migrated cluster in a folder that is not there yet."""
    shutil.copytree(migrated_home(), folder, ignore=shutil.ignore_patterns("*.lock", "socket", "postgres.log"))


@contextmanager
def own_server(folder: Path) -> Iterator[OwnServer]:
    """Run a copy of the migrated cluster, and let Django work on it."""
    copy_migrated_cluster(folder)
    server = OwnServer(folder)
    server.start()
    before: dict[str, dict[str, Any]] = {}
    close_everything()
    for alias in connections:
        options = connections[alias].settings_dict
        before[alias] = {name: options[name] for name in ("NAME", "PASSWORD", "OPTIONS")}
        options |= {
            "NAME": DATABASES[alias], "PASSWORD": server.password_file.read_text(),
            "OPTIONS": {**options["OPTIONS"], "host": str(server.socket)},
        }  # fmt: skip
    try:
        yield server
    finally:
        close_everything()
        for alias, options in before.items():
            connections[alias].settings_dict |= options
        server.stop("immediate")
        server.release()


def in_thread(work: Any) -> threading.Thread:
    """Do something in a thread that leaves no connection behind."""

    def run() -> None:
        try:
            work()
        finally:
            autocommit.close()
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def move(folder: Path, to: Path) -> None:
    """Move a folder elsewhere, and leave a link in its place."""
    shutil.move(folder, to)
    folder.symlink_to(to)


def exhaust_log(server: EmbeddedServer) -> None:
    """Write until the server's log finds no room: the server dies of it."""
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as one,
    ):
        one.execute("CREATE TABLE IF NOT EXISTS ballast (filling text)")
        while True:
            one.execute("INSERT INTO ballast SELECT repeat(md5(n::text), 200) FROM generate_series(1, 2000) n")
