"""The restore drill of docs/operations.md: real dumps of data and of keys, databases made anew, the replay."""

import subprocess
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from psycopg import sql

from config.databases import access_statements
from config.embedded_postgres import EmbeddedServer
from devices.models import AppLog, Device
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.refusals import GateClosed
from privacy.retention.restore_gate import gate
from privacy.vault import keys
from tests.database import PortalDatabase, server_connection
from tests.factory import SWEEPER, at_noon, carry_out_all, make_device, make_expired_device, make_reports, sweep_on
from tests.privacy.retention.kill_at_commit import close_everything
from tests.privacy.retention.test_restore import DUE, opens

KEY_TABLES = ("vault_subjectkey", "vault_monthkey", "vault_keycheck", "vault_tombstone")


def run(program: str, *arguments: str | Path) -> None:
    """Run a program of the embedded PostgreSQL."""
    done = subprocess.run(
        [str(EmbeddedServer.binaries() / program), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def dump_data(database: PortalDatabase, folder: Path) -> None:
    """Dump the data of the three databases without the keys, as each night."""
    without = [f"--exclude-table-data={table}" for table in KEY_TABLES]
    for alias in database.names:
        run("pg_dump", "-Fc", *without, "-f", folder / f"{alias}.dump", database.url("postgres", alias))


def dump_keys(database: PortalDatabase, file: Path) -> None:
    """Dump the keys alone, after the data."""
    tables = [f"--table={table}" for table in KEY_TABLES]
    run("pg_dump", "-Fc", "--data-only", *tables, "-f", file, database.url("postgres"))


def restore(database: PortalDatabase, folder: Path, keys_file: Path) -> None:
    """Make the databases anew and fill them from the dumps, as on a new cluster."""
    close_everything()
    for alias, name in database.names.items():
        with server_connection() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            server.execute(
                sql.SQL("CREATE DATABASE {} OWNER portal_owner TEMPLATE template0").format(sql.Identifier(name))
            )
        run("pg_restore", "--exit-on-error", "-d", database.url("postgres", alias), folder / f"{alias}.dump")
        with server_connection() as server:
            for statement in access_statements(alias, name):
                server.execute(statement)
    run("pg_restore", "--exit-on-error", "--data-only", "-d", database.url("postgres"), keys_file)
    keys.caches.here().clear()


@pytest.mark.fault("FLT-20")
@pytest.mark.clause("P7.2")
def test_yesterdays_data_with_the_newest_keys(portal_database: PortalDatabase, tmp_path: Path) -> None:
    happened = at_noon(date(2026, 9, 10))
    due = make_expired_device(1, ended_on=date(2024, 5, 15))
    living = make_device(2, at=happened, agreed=("activation", "service-analytics", "app-log"))
    make_reports(living, ["app-log"], at=happened)
    dump_data(portal_database, tmp_path)
    carry_out_all(sweep_on(DUE))
    dump_keys(portal_database, tmp_path / "keys.dump")

    restore(portal_database, tmp_path, tmp_path / "keys.dump")
    assert Device.objects.filter(pk=due.pk).exists(), "yesterday's rows are back"
    assert not opens(due.pk), "and without their keys they open nowhere"
    assert opens(living.pk)
    assert gate.databases_behind() == ["default"]
    with pytest.raises(GateClosed):
        retention.execute_ready(actor=SWEEPER, at=clock.now())
    assert Client().get("/rights/request/").status_code == 503

    done = portal_database.manage("replay_destructions", role="portal_owner")
    assert done.returncode == 0, done.stderr
    assert gate.databases_behind() == []
    assert not Device.objects.filter(pk=due.pk).exists()
    assert not AppLog.objects.exists()
    assert opens(living.pk)
    assert retention.reconcile(actor=SWEEPER, at=clock.now()) == []
    assert Entry.objects.filter(word="retention.gate.opened").exists()
