"""A write past the portal leaves a touch that no entry explains, and becomes a finding of the next review."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import ProgrammingError, transaction

from devices import partitions
from privacy.ledger import actions as ledger
from privacy.ledger import request_context, write_capture
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Finding, ReconciliationState
from privacy.lib.dates import clock
from privacy.subjects.events import Event
from privacy.subjects.models import Contact
from privacy.vault.fields import EncryptedValue
from tests.database import PortalDatabase

SWEEP = SystemActor("tests")
TABLE = "public.subjects_contact"


def pair() -> dict[str, int]:
    return ledger.reconcile_writes(actor=SWEEP, at=clock.now() + timedelta(seconds=1))


def write_contact(using: str = "personal") -> Contact:
    """Write into a watched table through the portal's own connection."""
    at = clock.now()
    contact = Contact(
        id=uuid4(), subject_id=uuid4(), kind="email", value=EncryptedValue(b"sealed"), recorded_at=at, package_from=at
    )
    contact.save(using=using)
    return contact


def recorded_contact() -> Contact:
    """Write one as the portal does, with the entry that names it."""
    with transaction.atomic():
        contact = write_contact()
        ledger.record(Event.CONTACT_RECORDED, actor=SWEEP, at=clock.now(), facts={"contact": str(contact.id)})
    return contact


def touched(database: PortalDatabase) -> list[tuple[str, str, int | None, str]]:
    with database.connect(alias="personal") as connection:
        return connection.execute(
            "SELECT relation, operation, rows, request FROM ledger.captured_write"
            " WHERE relation <> 'ledger.canary' ORDER BY id"
        ).fetchall()


def strange() -> list[Finding]:
    return list(Finding.objects.filter(rule=Finding.Rule.UNRECONCILED))


@pytest.mark.clause("P8.3")
def test_every_table_with_personal_data_is_watched_with_its_partitions(portal_database: PortalDatabase) -> None:
    for alias in ("default", "personal", "archive"):
        with portal_database.connect(alias=alias) as connection:
            for model in write_capture.captured_models(alias):
                rows = connection.execute(
                    "SELECT relid::regclass::text, (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = relid"
                    " AND tgname LIKE 'capture_%%' AND tgenabled = 'A') FROM pg_partition_tree(%s)"
                    " UNION SELECT %s, (SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass"
                    " AND tgname LIKE 'capture_%%' AND tgenabled = 'A')",
                    [f"public.{model._meta.db_table}"] * 3,
                ).fetchall()
                assert {count for _table, count in rows} == {4}, rows
    assert "subjects.contact" in {model._meta.label_lower for model in write_capture.captured_models("personal")}


def test_a_month_made_later_is_watched_by_itself(portal_database: PortalDatabase) -> None:
    """Who writes past the parent table, into the month itself, is seen too."""
    month = partitions.months_from(clock.today(), 9)[-1]
    assert partitions.create_partitions([month]) == 2
    table = f"public.devices_report_{month:%Y_%m}"
    with portal_database.connect(alias="personal") as superuser:
        superuser.execute(
            f"INSERT INTO {table} (id, device_id, occurred_at, received_at, kind, body)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), %s, now(), 'status', 'sealed')",
            [clock.midnight(month)],
        )
        superuser.execute(f"UPDATE {table} SET received_at = now()")
        superuser.execute(f"DELETE FROM {table} WHERE false")
        superuser.execute(f"TRUNCATE {table}")
    assert touched(portal_database) == [
        (table, "INSERT", 1, ""), (table, "UPDATE", 1, ""), (table, "TRUNCATE", None, ""),
    ]  # fmt: skip


def test_a_write_of_the_portal_carries_its_request_and_is_paired(portal_database: PortalDatabase) -> None:
    pair()
    with request_context.override(request_id=request_context.new_request_id()) as act:
        recorded_contact()
    assert touched(portal_database) == [(TABLE, "INSERT", 1, act.request_id)]
    assert pair() == {"default": 0, "personal": 0, "archive": 0}
    assert strange() == []


def test_requests_are_told_apart_on_one_connection(portal_database: PortalDatabase) -> None:
    ids = []
    for inside in (False, True, True, False):
        with request_context.override(request_id=request_context.new_request_id()) as act:
            ids.append(act.request_id)
            if inside:
                with transaction.atomic(using="personal"):
                    Contact.objects.count()
                    write_contact()
            else:
                write_contact()
    assert [request for *_, request in touched(portal_database)] == ids


def test_the_mark_survives_a_rollback_to_a_savepoint(portal_database: PortalDatabase) -> None:
    with request_context.override(request_id="one"), transaction.atomic(using="personal"):
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="personal"):
            write_contact()
            raise ZeroDivisionError
        write_contact()
    assert touched(portal_database) == [(TABLE, "INSERT", 1, "one")]


def test_a_rolled_back_transaction_leaves_no_mark_behind(portal_database: PortalDatabase) -> None:
    with request_context.override(request_id="one"):
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="personal"):
            write_contact()
            raise ZeroDivisionError
        with transaction.atomic(using="personal"):
            write_contact()
    assert [request for *_, request in touched(portal_database)] == ["one"]


@pytest.mark.asvs("16.3.3")
def test_what_is_changed_outside_the_portal_is_a_finding(portal_database: PortalDatabase) -> None:
    with request_context.override(request_id=request_context.new_request_id()):
        recorded_contact()
    pair()
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE subjects_contact SET kind = 'phone'")
        superuser.execute("DELETE FROM subjects_contact")
        superuser.execute("DELETE FROM subjects_contact")
    assert pair()["personal"] == 2
    found = {finding.facts["operation"]: finding for finding in strange()}
    assert set(found) == {"UPDATE", "DELETE"}
    assert found["DELETE"].facts["rows"] == 1
    assert found["DELETE"].facts["user"] == "postgres"
    assert pair()["personal"] == 0, "each is told once"


def test_the_portal_s_own_role_used_past_the_portal_is_a_finding_too(portal_database: PortalDatabase) -> None:
    write_contact()
    pair()
    before = len(strange())
    with portal_database.connect("portal_app", "personal") as stolen:
        stolen.execute("SELECT set_config('portal.request', 'made-up', false)")
        stolen.execute("UPDATE subjects_contact SET language = 'en'")
    assert pair()["personal"] == 1
    assert len(strange()) == before + 1


def test_a_long_transaction_can_not_slip_past(portal_database: PortalDatabase) -> None:
    write_contact()
    pair()
    with portal_database.connect("postgres", "personal") as slow:
        slow.autocommit = False
        slow.execute("UPDATE subjects_contact SET kind = 'phone'")
        with request_context.override(request_id=request_context.new_request_id()):
            recorded_contact()
        assert pair()["personal"] == 0
        slow.commit()
    assert pair()["personal"] == 1


def test_the_canary_is_found_every_night_and_missed_when_the_capture_is_off(portal_database: PortalDatabase) -> None:
    pair()
    pair()
    assert not Finding.objects.filter(rule=Finding.Rule.CANARY).exists()
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute("ALTER TABLE ledger.canary DISABLE TRIGGER ALL")
    pair()
    pair()
    (finding,) = Finding.objects.filter(rule=Finding.Rule.CANARY)
    assert finding.facts == {"database": "personal"}
    assert ReconciliationState.objects.count() == 3


@pytest.mark.truth("canary-after-commit")
def test_the_canary_is_found_also_where_others_commit_beside_the_pairing(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its first lock and its snapshot another transaction may end: its own canary is still to come."""
    captured_since = write_capture.captured_since

    def beside(alias: str, snapshot: str) -> Any:
        with portal_database.connect("postgres") as other:
            other.execute("SELECT pg_current_xact_id()")
        return captured_since(alias, snapshot)

    monkeypatch.setattr(write_capture, "captured_since", beside)
    for _night in range(3):
        pair()
    assert not Finding.objects.filter(rule=Finding.Rule.CANARY).exists()


@pytest.mark.truth("canary-after-commit")
def test_a_pairing_that_could_not_release_its_canary_did_not_happen(portal_database: PortalDatabase) -> None:
    """A database that goes away between the two must not look like a capture that somebody switched off."""
    pair()
    with portal_database.connect("postgres", "personal") as superuser:
        superuser.execute("REVOKE INSERT ON ledger.canary FROM portal_worker")
        with pytest.raises(ProgrammingError):
            pair()
        superuser.execute("GRANT INSERT ON ledger.canary TO portal_worker")
    pair()
    pair()
    assert not Finding.objects.filter(rule=Finding.Rule.CANARY).exists()


def test_touches_only_grow_until_they_are_old(portal_database: PortalDatabase) -> None:
    write_contact()
    with portal_database.connect("postgres", "personal") as superuser:
        for statement in (
            "UPDATE ledger.captured_write SET rows = 0",
            "DELETE FROM ledger.captured_write",
            "TRUNCATE ledger.captured_write",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added"):
                superuser.execute(statement)
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE ledger.captured_write DISABLE TRIGGER deny_update_and_truncate")
        superuser.execute(
            "UPDATE ledger.captured_write SET at = at - interval '14 months' WHERE relation <> 'ledger.canary'"
        )
        superuser.execute("ALTER TABLE ledger.captured_write ENABLE ALWAYS TRIGGER deny_update_and_truncate")
    assert ledger.delete_old_captured_writes() == 1
    assert touched(portal_database) == []


def test_the_portal_can_not_write_touches(portal_database: PortalDatabase) -> None:
    row = (
        "INSERT INTO ledger.captured_write (relation, operation, db_user, program, request) VALUES ('', '', '', '', '')"
    )
    with portal_database.connect("portal_app", "personal") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(row)
