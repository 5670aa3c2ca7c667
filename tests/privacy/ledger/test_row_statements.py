"""Whatever the portal changes in a protected table is on record when it commits, and nothing that it undid."""

import json
import subprocess
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from config.databases import create_database
from config.embedded_postgres import EmbeddedServer
from privacy.ledger import actions as ledger
from privacy.ledger import row_statements
from privacy.ledger.actions import registers
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import payloads
from privacy.ledger.integrity.registers import Registers
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.ledger.protected_tables import TABLES, ProtectedTable
from privacy.ledger.verify import POLICY
from privacy.lib.dates import clock
from privacy.policies.models import ExtraHoliday
from tests.database import PortalDatabase, drop, server_connection
from tests.factories.accounts import make_aram
from tests.factories.ledger import Word, adopt, tamper

pytestmark = pytest.mark.clause("P8.3")

TESTS = SystemActor("tests")
FIRST = date(2030, 1, 7)


@pytest.fixture(autouse=True)
def adopted(portal_database: PortalDatabase) -> None:
    adopt(portal_database)


def holiday(day: int = 0) -> ExtraHoliday:
    return ExtraHoliday(day=FIRST + timedelta(days=day), name="closed", added_at=clock.now())


def stated() -> list[dict[str, Any]]:
    """What the entries after the adoption say of holidays, one by one."""
    said = [json.loads(entry.payload) for entry in Entry.objects.filter(kind="act").order_by("id")]
    return [
        one["rows"]["policies_extraholiday"]
        for one in said
        if one["word"] not in ("ledger.registers.adopted", "ledger.rows.carried")
        and "policies_extraholiday" in one.get("rows", {})
    ]


def findings() -> list[str]:
    with log_reader.connect() as connection:
        return [message for _code, message in Registers(connection).verify().findings]


def notes() -> list[str]:
    with log_reader.connect() as connection:
        return Registers(connection).verify().notes


def test_the_entry_of_a_verb_says_what_became_of_its_rows() -> None:
    with transaction.atomic():
        row = holiday()
        row.save()
        ledger.record(Word.TRIED, actor=TESTS, at=clock.now(), about=row)
    [entry] = Entry.objects.filter(word=Word.TRIED)
    [(key, (before, after))] = json.loads(entry.payload)["rows"]["policies_extraholiday"].items()
    assert (key, before, len(after)) == (str(row.pk), None, 44)
    assert findings() == []


def test_what_no_entry_took_along_has_one_when_it_commits() -> None:
    with transaction.atomic():
        ledger.record(Word.TRIED, actor=TESTS, at=clock.now())
        ExtraHoliday.objects.bulk_create([holiday(), holiday(1)])
        ExtraHoliday.objects.filter(day=FIRST).update(name="open")
    assert Entry.objects.filter(word="ledger.rows.stated").count() == 1
    assert [len(rows) for rows in stated()] == [2]
    assert findings() == []


def test_a_row_that_is_as_it_was_is_not_spoken_of() -> None:
    with transaction.atomic():
        row = holiday()
        row.save()
        row.delete()
    row = holiday()
    row.save()
    with transaction.atomic():
        row.save()
    assert [len(rows) for rows in stated()] == [1]
    assert findings() == []


def test_what_was_undone_is_not_on_record() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        holiday().save()
        raise RuntimeError
    with transaction.atomic():
        holiday(1).save()
        with pytest.raises(RuntimeError), transaction.atomic():
            holiday(2).save()
            ledger.record(Word.TRIED, actor=TESTS, at=clock.now())
            raise RuntimeError
    assert [len(rows) for rows in stated()] == [1]
    assert findings() == []


def test_a_write_outside_every_transaction_is_stated_too() -> None:
    row = holiday()
    row.save()
    ExtraHoliday.objects.filter(pk=row.pk).update(name="open")
    ExtraHoliday.objects.filter(pk=row.pk).delete()
    assert [next(iter(rows.values())) for rows in stated()] == [
        [None, stated()[0][str(row.pk)][1]],
        [stated()[0][str(row.pk)][1], stated()[1][str(row.pk)][1]],
        [stated()[1][str(row.pk)][1], None],
    ]
    assert findings() == []


def test_many_rows_are_stated_in_as_many_entries_as_hold_them() -> None:
    with transaction.atomic():
        ExtraHoliday.objects.bulk_create([holiday(day) for day in range(2_000)])
        ledger.record(Word.TRIED, actor=TESTS, at=clock.now())
    assert sum(map(len, stated())) == 2_000
    assert len(stated()) > 3
    assert max(len(entry.payload) for entry in Entry.objects.all()) <= 60_000
    assert findings() == []


def test_without_an_entry_nothing_commits(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE INSERT (kind, payload) ON ledger.entry FROM portal_app, portal_intake, portal_worker")
    with pytest.raises(ledger.LedgerUnavailable), transaction.atomic():
        holiday().save()
    with pytest.raises(ledger.LedgerUnavailable):
        holiday(1).save()
    assert not ExtraHoliday.objects.filter(day__gte=FIRST).exists()
    assert connections["default"].get_autocommit()


def test_a_row_named_long_ago_is_named_anew_before_its_entry_is_pruned(portal_database: PortalDatabase) -> None:
    row = holiday()
    row.save()
    later = clock.now() + timedelta(days=30 * 22)
    with log_reader.connect() as connection:
        found = Registers(connection).verify()
    assert registers.carry_rows(found, actor=TESTS, at=later) > 1
    for word in ("ledger.registers.adopted", "ledger.rows.stated"):
        tamper(portal_database, f"DELETE FROM ledger.entry WHERE word = '{word}'")
    tamper(portal_database, "INSERT INTO ledger.pruning VALUES (256, now(), 1, ARRAY['entry_2020_01'], '{}')")
    assert findings() == []
    row.name = "open"
    row.save()
    assert findings() == []
    tamper(portal_database, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    [message] = findings()
    assert message.startswith(f"policies_extraholiday {row.pk} was changed outside the portal")


def test_a_change_during_an_adoption_is_not_taken_back_by_it(portal_database: PortalDatabase) -> None:
    """The adoption lists what it saw; what it didn't see is later, whatever the number of its entry."""
    row = holiday()
    row.save()
    with portal_database.connect("portal_app") as other, other.transaction():
        other.execute("SELECT pg_current_xact_id()")
        other.execute("UPDATE policies_extraholiday SET name = 'open' WHERE id = %s", [row.pk])
        [(noted,)] = other.execute("SELECT current_setting('portal.rows')").fetchall()
        said = {"actor": "system:tests", "rows": row_statements.summed_up(noted), "word": "tests.thing.tried"}
        other.execute("INSERT INTO ledger.entry (kind, payload) VALUES ('act', %s)", [payloads.canonical_json(said)])
        adopt(portal_database, because="tried")
    assert findings() == []


def test_rows_taken_as_they_stand_after_an_incident_are_sound_and_the_taking_is_shown(
    portal_database: PortalDatabase,
) -> None:
    row = holiday()
    row.save()
    tamper(portal_database, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    altered = portal_database.manage("verify_ledger", "--registers", role="portal_auditor")
    assert altered.returncode == 2
    assert f"ALTERED: policies_extraholiday {row.pk} was changed outside the portal" in altered.stdout
    done = portal_database.manage("adopt_registers", "--because", "INC-7F3K-92QX", role="portal_owner")
    assert done.returncode == 0, done.stderr
    verified = portal_database.manage("verify_ledger", "--registers", role="portal_auditor")
    assert "ALTERED" not in verified.stdout
    assert "takes the registers as they stood then: INC-7F3K-92QX" in verified.stdout


@pytest.mark.parametrize("role", ["portal_worker", "portal_auditor", "portal_app"])
def test_whoever_is_not_the_owner_is_told_to_be(portal_database: PortalDatabase, role: str) -> None:
    run = portal_database.manage("adopt_registers", "--because", "INC-7F3K-92QX", role=role)
    assert (run.returncode, "Traceback" in run.stderr) == (1, False), run.stderr
    assert f"Run it as portal_owner, not as {role}" in run.stderr


@pytest.mark.parametrize("reason", ["", " "])
def test_an_adoption_says_why(portal_database: PortalDatabase, reason: str) -> None:
    run = portal_database.manage("adopt_registers", "--because", reason, role="portal_owner")
    assert (run.returncode, "say why" in run.stderr) == (2, True), run.stderr


def test_the_nightly_scrub_names_an_altered_row(portal_database: PortalDatabase) -> None:
    row = holiday()
    row.save()
    tamper(portal_database, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    ledger.start_scrub(actor=TESTS, at=clock.now())
    scrub = ledger.continue_scrub(actor=TESTS, at=clock.now())
    assert scrub is not None and scrub.code == 2
    assert any(f"policies_extraholiday {row.pk} was changed" in message for _code, message in scrub.findings)


def test_verify_now_names_an_altered_row(portal_database: PortalDatabase) -> None:
    row = holiday()
    row.save()
    tamper(portal_database, f"UPDATE policies_extraholiday SET name = 'altered' WHERE id = '{row.pk}'")
    client = Client()
    client.force_login(make_aram())
    answer = client.post(reverse("admin:ledger_verify"))
    assert answer.context["rows"].rows > 1
    assert f"policies_extraholiday {row.pk} was changed outside the portal" in answer.content.decode()


def test_a_release_with_other_columns_takes_its_table_anew_and_that_is_shown(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = TABLES["policies_extraholiday"]
    holiday().save()
    monkeypatch.setitem(TABLES, table.name, ProtectedTable(table.model, ("added_at",)))
    with log_reader.connect() as connection:
        found = Registers(connection).verify()
    assert found.unadopted == [table.name]
    assert [code for code, message in found.findings if table.name in message] == [POLICY]
    assert adopt(portal_database) == [table.name]
    assert findings() == []
    assert len(notes()) == 1 and f"takes {table.name} as they stood then: other columns in a release" in notes()[0]
    assert adopt(portal_database) == []


def test_a_restored_dump_raises_no_alarm(portal_database: PortalDatabase) -> None:
    row = holiday()
    row.save()
    row.name = "open"
    row.save()
    name = f"{portal_database.names['default']}_restored"
    with server_connection() as server:
        create_database(server, "default", name)
    try:
        address, programs = settings.EMBEDDED_SERVER.url("postgres", name), EmbeddedServer.binaries()
        dump = subprocess.run([programs / "pg_dump", portal_database.url("postgres")], capture_output=True, check=True)
        subprocess.run([programs / "psql", "-q", address], input=dump.stdout, capture_output=True, check=True)
        with psycopg.connect(address, autocommit=True) as restored:
            assert Registers(restored).verify().findings == []
    finally:
        drop({"default": name})
