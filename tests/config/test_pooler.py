"""A pooler that takes the portal's sessions away is refused at the start, with what to do (a real PgBouncer)."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from config.databases import DEVELOPMENT_ROLE, role_in
from tests.config.test_web_server import free_port, until
from tests.database import ROOT, PortalDatabase

PGBOUNCER = "/usr/sbin/pgbouncer"
pytestmark = pytest.mark.skipif(shutil.which(PGBOUNCER) is None, reason="this machine has no PgBouncer")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def pooled(database: PortalDatabase, folder: Path, mode: str) -> Iterator[dict[str, str]]:
    """PgBouncer before the three databases; gives the environment of a process that goes through it."""
    port, environ = free_port(), database.environ()
    server = settings.EMBEDDED_SERVER
    password = urlsplit(environ["DATABASE_URL"]).password
    roles = {role_in(alias, DEVELOPMENT_ROLE) for alias in database.names}
    (folder / "users").write_text("".join(f'"{role}" "{password}"\n' for role in roles))
    lines = [f"{name} = host={server.socket} dbname={name}" for name in database.names.values()]
    (folder / "pgbouncer.ini").write_text(
        "[databases]\n" + "\n".join(lines) + f"\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users\npool_mode = {mode}\n"
        "ignore_startup_parameters = options,extra_float_digits\n"
    )
    # PgBouncer refuses to be root: here it is nobody, who is root outside and reaches the socket.
    as_nobody = ["unshare", "--user", "--map-user=65534", "--"] if os.getuid() == 0 else []
    bouncer = subprocess.Popen([*as_nobody, PGBOUNCER, "-q", str(folder / "pgbouncer.ini")])
    try:
        until(lambda: listens(port), 10)
        variables = {"default": "DATABASE_URL", "personal": "PERSONAL_DATABASE_URL", "archive": "ARCHIVE_DATABASE_URL"}
        for alias, variable in variables.items():
            role, name = role_in(alias, DEVELOPMENT_ROLE), database.names[alias]
            environ[variable] = f"postgresql://{role}:{password}@127.0.0.1:{port}/{name}"
        yield environ
    finally:
        bouncer.terminate()
        bouncer.wait()


def start(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import config.wsgi; print('started')"]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.truth("20.11")
def test_pooling_by_transaction_is_refused(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """Every call of the intake was a 500."""
    with pooled(portal_database, tmp_path, "transaction") as environ:
        said = start(environ)
    assert said.returncode != 0, said.stderr
    assert "A pooler before the database default pools by transaction" in said.stderr


@pytest.mark.truth("20.11")
def test_pooling_by_session_needs_the_time_outs_of_the_roles(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """The time-outs were dropped, and nobody was told."""
    roles = {role_in(alias, DEVELOPMENT_ROLE) for alias in portal_database.names}

    def set_in_databases(verb: str) -> None:
        with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", "postgres"), autocommit=True) as server:
            for role in roles:
                for database in portal_database.names.values():
                    for name in ("lock_timeout", "statement_timeout"):
                        server.execute(
                            sql.SQL("ALTER ROLE {} IN DATABASE {} " + verb).format(
                                sql.Identifier(role), sql.Identifier(database), sql.Identifier(name)
                            )
                        )

    with pooled(portal_database, tmp_path, "session") as environ:
        refused = start(environ)
    set_in_databases("SET {} = '30s'")
    try:
        with pooled(portal_database, tmp_path, "session") as environ:
            accepted = start(environ)
    finally:
        set_in_databases("RESET {}")
    assert "drops the time-outs" in refused.stderr
    assert f"ALTER ROLE {DEVELOPMENT_ROLE} SET lock_timeout = '3s'" in refused.stderr
    assert accepted.stdout == "started\n", accepted.stderr
