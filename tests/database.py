"""Databases for tests: one migrated template, cloned in milliseconds, used as the portal's unprivileged role."""

import fcntl
import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from config.databases import DATABASES, DEVELOPMENT_ROLE, create_database, role_in
from privacy.ledger.entries import autocommit
from tests import own_writes
from tests.warm_python import run_command

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "config/database_grants.py", "config/database_grants.toml", "config/databases.py",
    "config/settings.py", "config/written_once.sql", "privacy/accounts/roles.py",
    "privacy/lib/postgres/invalidation.py",
    "privacy/ledger/captured_tables.py", "privacy/ledger/write_capture.py",
    "privacy/ledger/protected_tables.py", "privacy/ledger/row_statements.py",
    "requirements.lock",
)  # fmt: skip


# Locks of the connected database: another test process has its own in the same cluster. From pg_locks alone: within
# a transaction pg_stat_activity keeps showing the backends of its first look; who connected later would never wait.
LOCKS_HERE = """
SELECT count(*) FROM pg_locks WHERE pid IN (
    SELECT pid FROM pg_locks JOIN pg_database AS here ON here.oid = database WHERE datname = current_database()
)"""


def server_connection() -> psycopg.Connection:
    """Connect to the tests' cluster as its superuser."""
    return psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", "postgres"), autocommit=True)


def schema_digest() -> str:
    """Return a digest of everything that shapes the migrated databases."""
    digest = hashlib.sha256()
    files = [ROOT / name for name in SOURCES]
    for folder in ("privacy", "consents", "devices"):
        files += (ROOT / folder).rglob("migrations/*.py")
        files += (ROOT / folder).rglob("models.py")
        files += (ROOT / folder).rglob("models/*.py")
        files += (ROOT / folder).rglob("migrations/*.sql")
        files += (ROOT / folder).rglob("sql/*.sql")
        files += (ROOT / folder).rglob("editions/*")
        files += (ROOT / folder).rglob("captured_writes.py")
        files += (ROOT / folder).rglob("protected_rows.py")
    files.append(ROOT / "tests/own_writes.py")
    for path in sorted(files):
        if path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def template_names() -> dict[str, str]:
    """Return the names of the migrated templates, made first where they are missing; looked up once a process."""
    digest = schema_digest()
    names = {alias: f"template_{digest}_{alias}" for alias in DATABASES}
    with (settings.PORTAL_HOME / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with server_connection() as server:
            present = {row[0] for row in server.execute("SELECT datname FROM pg_database").fetchall()}
            _drop_abandoned(server, present)
            if f"template_{digest}_done" not in present:
                for alias, name in names.items():
                    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                    create_database(server, alias, name)
                run = subprocess.run(
                    [sys.executable, "manage.py", "migrate_all", "--skip-checks"],
                    cwd=ROOT, env=environ("portal_owner", names), capture_output=True, text=True, check=False,
                )  # fmt: skip
                if run.returncode != 0:
                    raise RuntimeError(f"migrate_all failed:\n{run.stdout}\n{run.stderr}")
                own_writes.make_role(server)
                for name in names.values():
                    with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", name), autocommit=True) as inside:
                        own_writes.open_tables(inside)
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"template_{digest}_done")))
    return names


def _drop_abandoned(server: psycopg.Connection, present: set[str]) -> None:
    """Drop what a killed test process left behind."""
    for name in present:
        owner = name.split("_")[1] if name.startswith("test_") else ""
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def clone(names: dict[str, str]) -> None:
    """Make the databases ``names`` as copies of the migrated templates, with the same privileges."""
    templates = template_names()
    with server_connection() as server:
        for alias, name in names.items():
            create_database(server, alias, name, templates[alias])


def drop(names: dict[str, str]) -> None:
    """Drop the databases ``names``, also where somebody is still connected."""
    with server_connection() as server:
        for name in names.values():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def environ(role: str, names: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process of the portal that uses the databases ``names`` as ``role``."""
    server = settings.EMBEDDED_SERVER
    inherited = {
        k: v
        for k, v in os.environ.items()
        if k not in {"DJANGO_SETTINGS_MODULE", "EMBEDDED_CONF", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    }
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEVELOPMENT": "1",
        "PORTAL_HOME": str(settings.PORTAL_HOME),
        "DESTRUCTION_JOURNAL_DIR": str(settings.DESTRUCTION_JOURNAL_DIR),
        "JOURNAL_DATABASE_URL": settings.JOURNAL_DATABASE_URL,
        "PORTAL_ROLE": role,
        "DATABASE_URL": server.url(role, names["default"]),
        "PERSONAL_DATABASE_URL": server.url(role, names["personal"]),
        "ARCHIVE_DATABASE_URL": server.url(role_in("archive", role), names["archive"]),
    }


def point_at(names: dict[str, str]) -> None:
    """Have Django's connections be to the databases ``names`` from here on."""
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        connections.settings[alias]["NAME"] = name


class SharedDatabases:
    """The three databases of this process, in which ordinary tests run in transactions."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.turn = 0
        self.uses = 0

    def renew(self) -> None:
        """Clone them from the templates, in place of those that are there.

        Under another name: what this process knows of the records of one (the key service, which were shown) is kept by
        its name.
        """
        self.drop()
        self.turn += 1
        self.names = {alias: f"test_{os.getpid()}_{self.turn}_{alias}" for alias in DATABASES}
        clone(self.names)
        point_at(self.names)
        self.uses = 0

    def drop(self) -> None:
        """Leave and drop them, where they are there."""
        autocommit.close()
        for alias in self.names:
            connections[alias].close()
        drop(self.names)
        self.names = {}


class PortalDatabase:
    """Three databases of one test's own, with real commits."""

    def __init__(self) -> None:
        unique = uuid.uuid4().hex[:8]
        self.names = {alias: f"test_{os.getpid()}_{unique}_{alias}" for alias in DATABASES}

    def url(self, role: str = DEVELOPMENT_ROLE, alias: str = "default") -> str:
        """Return libpq's address of one of the databases for a role (``postgres`` is the superuser)."""
        return settings.EMBEDDED_SERVER.url(role_in(alias, role), self.names[alias])

    def connect(self, role: str = "postgres", alias: str = "default") -> psycopg.Connection:
        """Connect outside Django, by default as the superuser who may do anything."""
        return psycopg.connect(self.url(role, alias), autocommit=True)

    def environ(self, role: str = DEVELOPMENT_ROLE) -> dict[str, str]:
        """Return the environment for a process of the portal on these databases."""
        return environ(role, self.names)

    def manage(
        self, *arguments: str, role: str = DEVELOPMENT_ROLE, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` in a process of its own on these databases."""
        return run_command(list(arguments), self.environ(role), timeout)

    @contextmanager
    def as_role(self, role: str) -> Iterator[None]:
        """Let Django work in the general database as another role."""
        connection = connections["default"]
        before = connection.settings_dict["USER"]
        try:
            connection.close()
            connection.settings_dict["USER"] = role
            yield
        finally:
            connection.close()
            connection.settings_dict["USER"] = before

    @contextmanager
    def in_use(self) -> Iterator["PortalDatabase"]:
        """Point Django's connections at these databases."""
        clone(self.names)
        before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
        try:
            point_at(self.names)
            yield self
        finally:
            autocommit.close()
            point_at(before)
            drop(self.names)
