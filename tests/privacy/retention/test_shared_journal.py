"""The journal as one table of all hosts: the first destruction closes nobody, a restored backup is found out."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from psycopg import sql

from config import health
from config.databases import JOURNAL_READERS, JOURNAL_WRITERS
from config.embedded_postgres import EmbeddedServer
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.destruction import journal, journal_table
from privacy.retention.refusals import JournalUnavailable
from privacy.retention.restore_gate import gate
from privacy.retention.restore_gate.middleware import RestoreGateMiddleware
from tests.database import PortalDatabase, server_connection
from tests.factory import SWEEPER, carry_out_all, make_expired_device, sweep_on
from tests.privacy.retention.test_restore import Yesterday

DUE = date(2026, 11, 24)
NOWHERE = "postgresql://portal_worker@127.0.0.1:1/journal"


@pytest.fixture
def shared(settings: Any) -> Iterator[str]:
    """A database for the journal, made as ``provision_sql`` and ``migrate_all`` make it."""
    name = f"test_{os.getpid()}_journal"
    address = django_settings.EMBEDDED_SERVER.url
    with server_connection() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} OWNER portal_owner").format(sql.Identifier(name)))
    settings.JOURNAL_DATABASE_URL = address("portal_owner", name)
    journal_table.make(readers=JOURNAL_READERS, writers=JOURNAL_WRITERS)
    settings.JOURNAL_DATABASE_URL = address("portal_worker", name)
    try:
        yield name
    finally:
        with server_connection() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def said_elsewhere(database: PortalDatabase, folder: Path, **environ: str) -> str:
    """Return what another host with a folder of its own says of the gate."""
    before = django_settings.DESTRUCTION_JOURNAL_DIR
    try:
        django_settings.DESTRUCTION_JOURNAL_DIR = folder
        done = database.manage("replay_destructions", "--check", role="portal_worker")
    finally:
        django_settings.DESTRUCTION_JOURNAL_DIR = before
    return done.stdout + done.stderr


def destroy_one() -> None:
    make_expired_device(1, ended_on=date(2024, 5, 15))
    carry_out_all(sweep_on(DUE))
    assert journal.last_number() > 0


@pytest.mark.fault("FLT-20")
def test_another_host_goes_on_serving(portal_database: PortalDatabase, shared: str, tmp_path: Path) -> None:
    destroy_one()
    assert gate.databases_behind() == []
    assert "follows the journal" in said_elsewhere(portal_database, tmp_path / "of-another-host")


def test_a_file_of_one_host_closes_the_other(portal_database: PortalDatabase, tmp_path: Path) -> None:
    """The control: this is what the table is for."""
    destroy_one()
    assert "older than the databases" in said_elsewhere(portal_database, tmp_path / "of-another-host")


@pytest.mark.fault("FLT-20")
def test_a_restored_backup_is_found_out_and_replayed(portal_database: PortalDatabase, shared: str) -> None:
    device = make_expired_device(1, ended_on=date(2024, 5, 15))
    dumps = Yesterday(portal_database)
    try:
        carry_out_all(sweep_on(DUE))
        dumps.restore(["default", "personal", "archive"])
        assert gate.databases_behind() == ["default"]
        assert Client().get("/rights/request/").status_code == 503
        django_settings.JOURNAL_DATABASE_URL = django_settings.EMBEDDED_SERVER.url("portal_owner", shared)
        done = portal_database.manage("replay_destructions", role="portal_owner")
        assert done.returncode == 0, done.stderr
        assert gate.databases_behind() == []
        assert type(device)._default_manager.filter(pk=device.pk).count() == 0
    finally:
        dumps.close()


def test_a_line_that_nobody_can_read_closes_the_portal(portal_database: PortalDatabase, shared: str) -> None:
    with psycopg.connect(django_settings.JOURNAL_DATABASE_URL, autocommit=True) as worker:
        worker.execute("INSERT INTO destruction_journal (number, line) VALUES (1, 'x')")
    assert gate.databases_behind() == ["journal"]
    assert Client().get("/rights/request/").status_code == 503


def test_a_lost_table_closes_the_portal(portal_database: PortalDatabase, shared: str) -> None:
    destroy_one()
    with psycopg.connect(django_settings.EMBEDDED_SERVER.url("postgres", shared), autocommit=True) as superuser:
        superuser.execute("DELETE FROM destruction_journal")
    assert gate.databases_behind() == ["journal"]


def answered(gate_keeper: RestoreGateMiddleware) -> int:
    gate_keeper._asked = None if gate_keeper._asked is None else gate_keeper._asked - 60
    return gate_keeper(RequestFactory().get("/rights/request/")).status_code


def test_without_it_a_new_process_stays_closed_and_a_running_one_serves(
    portal_database: PortalDatabase, shared: str, settings: Any
) -> None:
    known = settings.JOURNAL_DATABASE_URL
    running = RestoreGateMiddleware(lambda _request: HttpResponse())
    assert answered(running) == 200
    settings.JOURNAL_DATABASE_URL = NOWHERE
    fresh = RestoreGateMiddleware(lambda _request: HttpResponse())
    assert answered(running) == 200
    assert answered(fresh) == 503
    settings.JOURNAL_DATABASE_URL = known
    assert answered(fresh) == 200


def test_whoever_waits_for_it_keeps_nobody_waiting(
    portal_database: PortalDatabase, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def nobody_answers() -> None:
        asked.append(1)
        raise JournalUnavailable

    running = RestoreGateMiddleware(lambda _request: HttpResponse())
    assert answered(running) == 200
    monkeypatch.setattr(gate, "refuse_closed", nobody_answers)
    assert answered(running) == 200
    for _request in range(5):
        assert running(RequestFactory().get("/rights/request/")).status_code == 200
    assert len(asked) == 1


def test_readiness_says_that_it_was_never_reached(portal_database: PortalDatabase, shared: str, settings: Any) -> None:
    known, settings.JOURNAL_DATABASE_URL = settings.JOURNAL_DATABASE_URL, NOWHERE
    health.REACHED.clear()
    assert health._without_journal() == {"journal": "unreachable"}
    settings.JOURNAL_DATABASE_URL = known
    assert health._without_journal() == {}
    settings.JOURNAL_DATABASE_URL = NOWHERE
    assert health._without_journal() == {}, "it goes on serving"


def test_without_it_nothing_is_destroyed(portal_database: PortalDatabase, shared: str, settings: Any) -> None:
    device = make_expired_device(1, ended_on=date(2024, 5, 15))
    sweep_on(DUE)
    known = settings.JOURNAL_DATABASE_URL
    settings.JOURNAL_DATABASE_URL = NOWHERE
    with pytest.raises(JournalUnavailable):
        retention.execute_ready(actor=SWEEPER, at=clock.now())
    with pytest.raises(JournalUnavailable):
        journal.append(at=clock.now(), certificate="C", category="x", cause="x", month=None, people=[])
    assert type(device)._default_manager.filter(pk=device.pk).exists()
    settings.JOURNAL_DATABASE_URL = known
    assert journal.last_number() == 0


def test_lines_of_many_hosts_at_once_have_each_a_number(shared: str) -> None:
    def add(place: int) -> list[int]:
        return [
            journal.append(at=clock.now(), certificate=f"C-{place}", category="x", cause="x", month=None, people=[])
            for _line in range(20)
        ]

    with ThreadPoolExecutor(8) as hosts:
        numbers = [number for made in hosts.map(add, range(8)) for number in made]
    assert sorted(numbers) == list(range(1, 161))
    lines = list(journal.lines(after=100))
    assert [line.number for line in lines] == list(range(101, 161))
    assert journal.last_number() == 160


@pytest.mark.truth("20.2")
def test_a_line_that_no_standby_has_is_not_acknowledged(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that waits for its standby waits without an end, and no time-out of the server ends that."""
    server = EmbeddedServer(tmp_path / "postgres", {"wal_level": "replica", "max_wal_senders": "2"})
    server.start()
    try:
        settings.JOURNAL_DATABASE_URL = server.url("postgres", "postgres")
        monkeypatch.setattr(journal_table, "LONGEST_COMMIT", 1.0)
        journal_table.make(readers=["portal_worker"], writers=["portal_worker"])
        assert journal_table.append({"certificate": "C"}) == 1
        with psycopg.connect(settings.JOURNAL_DATABASE_URL, autocommit=True) as superuser:
            for names in ("nobody", ""):
                superuser.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(names))
                superuser.execute("SELECT pg_reload_conf()")
                time.sleep(0.5)
                began = time.monotonic()
                if names:
                    with pytest.raises(JournalUnavailable):
                        journal_table.append({"certificate": "C"})
                    assert time.monotonic() - began < 5
        assert journal_table.append({"certificate": "C"}) > 1
    finally:
        server.release()


def test_a_file_becomes_the_table(portal_database: PortalDatabase, shared: str, settings: Any) -> None:
    settings.JOURNAL_DATABASE_URL, known = "", settings.JOURNAL_DATABASE_URL
    destroy_one()
    in_the_file = list(journal.lines())
    settings.JOURNAL_DATABASE_URL = known
    assert gate.databases_behind() == ["journal"]
    settings.JOURNAL_DATABASE_URL = django_settings.EMBEDDED_SERVER.url("portal_owner", shared)
    assert portal_database.manage("share_journal", role="portal_owner").returncode == 0
    settings.JOURNAL_DATABASE_URL, owner = "", settings.JOURNAL_DATABASE_URL
    journal.append(at=clock.now(), certificate="C", category="x", cause="x", month=None, people=[])
    in_the_file = list(journal.lines())
    settings.JOURNAL_DATABASE_URL = owner
    again = portal_database.manage("share_journal", role="portal_owner")
    assert again.returncode == 0, again.stderr
    assert "1 lines" in again.stdout, "what the worker has written since"
    assert list(journal.lines()) == in_the_file
    with psycopg.connect(settings.JOURNAL_DATABASE_URL, autocommit=True) as superuser:
        superuser.execute("UPDATE destruction_journal SET line = replace(line, 'C', 'D') WHERE number = 1")
    other = portal_database.manage("share_journal", role="portal_owner")
    assert other.returncode == 1
    assert "other lines" in other.stderr


def test_a_table_that_is_not_made_yet_is_named(portal_database: PortalDatabase, shared: str, settings: Any) -> None:
    settings.JOURNAL_DATABASE_URL = django_settings.EMBEDDED_SERVER.url("portal_owner", shared)
    with psycopg.connect(settings.JOURNAL_DATABASE_URL, autocommit=True) as owner:
        owner.execute("DROP TABLE destruction_journal")
    done = portal_database.manage("share_journal", role="portal_owner")
    assert (done.returncode, "run migrate_all first" in done.stderr) == (1, True), done.stderr


def test_it_is_only_added_to(shared: str) -> None:
    journal.append(at=clock.now(), certificate="C", category="x", cause="x", month=None, people=[])
    url = django_settings.EMBEDDED_SERVER.url
    refused = psycopg.errors.InsufficientPrivilege
    for role, statement in (
        ("portal_worker", "DELETE FROM destruction_journal"),
        ("portal_worker", "UPDATE destruction_journal SET line = '{}'"),
        ("portal_worker", "TRUNCATE destruction_journal"),
        ("portal_app", "INSERT INTO destruction_journal (number, line) VALUES (2, '{}')"),
        ("portal_intake", "INSERT INTO destruction_journal (number, line) VALUES (2, '{}')"),
        ("portal_auditor", "SELECT line FROM destruction_journal"),
    ):
        with psycopg.connect(url(role, shared), autocommit=True) as connection, pytest.raises(refused):
            connection.execute(statement.encode())
