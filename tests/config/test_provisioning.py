"""What ``provision_sql`` prints runs on a server of each database, stops at a mistake, and may be run again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded_postgres import EmbeddedServer
from tests.database import ROOT, PortalDatabase


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    """A server without roles and databases of the portal."""
    monkeypatch.setattr(EmbeddedServer, "_make_roles", lambda self: None)
    server = EmbeddedServer(tmp_path / "postgres", {"fsync": "off"})
    server.start()
    yield server
    server.release()
    server.stop("immediate")


def run_psql(server: EmbeddedServer, database: PortalDatabase, *arguments: str) -> None:
    """Run what is printed, as docs/operations.md says it."""
    printed = subprocess.run(
        [sys.executable, "manage.py", "provision_sql", *arguments],
        cwd=ROOT, env=database.environ("portal_owner"), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    program = server.binaries() / "psql"
    address = server.url("postgres", "postgres")
    done = subprocess.run(
        [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", address], input=printed, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, "ERROR" in done.stderr) == (0, False), done.stderr


def names(server: EmbeddedServer) -> tuple[set[str], set[str]]:
    """Return the portal's roles and databases."""
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        roles = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'portal%'").fetchall()
        databases = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'portal%'").fetchall()
    return {row[0] for row in roles}, {row[0] for row in databases}


def test_each_server_gets_the_roles_and_its_own_database(bare: EmbeddedServer, portal_database: PortalDatabase) -> None:
    run_psql(bare, portal_database, "--database", "archive")
    roles, databases = names(bare)
    assert ("portal_ledger" in roles, len(roles), databases) == (True, 13, {"portal_archive"})
    for _again in range(2):
        run_psql(bare, portal_database)
        assert names(bare) == (roles, {"portal_general", "portal_personal", "portal_archive"})


def test_the_document_says_how(portal_database: PortalDatabase) -> None:
    text = " ".join((ROOT / "docs/operations.md").read_text("utf-8").split())
    for alias in ("default", "personal", "archive"):
        assert f"manage.py provision_sql --database {alias} | psql -X -v ON_ERROR_STOP=1" in text
