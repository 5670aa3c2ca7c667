"""A restored backup: the portal stays closed until its destructions are repeated (FLT-20, FLT-21)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import pytest
from django.db import OperationalError, connections
from django.db.models import Model
from django.test import Client
from django.utils.translation import override
from psycopg import sql

from devices.models import AppLog, Device
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.actions import journal_cursors, restore_replay
from privacy.retention.destruction import journal, journal_file
from privacy.retention.models import ArchiveJournalCursor, DestructionList
from privacy.retention.refusals import GateClosed
from privacy.retention.restore_gate import gate, middleware
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.purposes import Purpose
from tests.database import PortalDatabase, server_connection
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_hold,
    make_odile,
    make_reports,
    sweep_on,
)  # fmt: skip
from tests.privacy.retention.kill_at_commit import close_everything

DUE = date(2026, 11, 24)


def copy_of(source: str, target: str) -> None:
    close_everything()
    with server_connection() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)))
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER portal_owner").format(
                sql.Identifier(target), sql.Identifier(source)
            )
        )
    keys.caches.here().clear()


class Yesterday:
    """Dumps of the three databases, and restoring some of them."""

    def __init__(self, database: PortalDatabase) -> None:
        self.names = database.names
        for name in self.names.values():
            copy_of(name, f"{name}_dump")

    def restore(self, aliases: Iterable[str]) -> None:
        for alias in aliases:
            copy_of(f"{self.names[alias]}_dump", self.names[alias])

    def close(self) -> None:
        close_everything()
        with server_connection() as server:
            for name in self.names.values():
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"{name}_dump")))


def opens(device_id: UUID) -> bool:
    """Whether the device's model can be read."""
    device = Device.objects.filter(pk=device_id).first()
    if device is None:
        return False
    try:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.access.checked", actor=SWEEPER, at=clock.now()
        ) as vault_session:
            return bool(vault_session.decrypt(device, "model"))
    except vault.Destroyed:
        return False


@pytest.fixture
def yesterday(portal_database: PortalDatabase):  # type: ignore[no-untyped-def]
    """Two devices that are due, one that lives, a month of app logs; a dump; then a night of destructions."""
    happened = at_noon(date(2026, 9, 10))
    due = [make_expired_device(number, ended_on=date(2024, 5, 15)) for number in (1, 2)]
    living = make_device(3, at=happened, agreed=("activation", "service-analytics", "app-log"))
    make_reports(living, ["app-log"], at=happened)
    dumps = Yesterday(portal_database)
    carry_out_all(sweep_on(DUE))
    assert not gate.databases_behind()
    try:
        yield dumps, [device.pk for device in due], living.pk
    finally:
        dumps.close()


@pytest.mark.law("D-10")
@pytest.mark.fault("FLT-20")
@pytest.mark.parametrize("aliases", [("default", "personal", "archive"), ("personal",), ("default",)])
def test_stays_closed_until_replayed(yesterday, portal_database: PortalDatabase, aliases: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    dumps, due, living = yesterday
    dumps.restore(aliases)
    assert gate.databases_behind() == [aliases[0]]
    if len(aliases) == 3:
        assert all(opens(device_id) for device_id in due), "the restored keys open the restored rows"

    with pytest.raises(GateClosed):
        retention.execute_ready(actor=SWEEPER, at=clock.now())
    for page in ("/", "/office/", "/rights/request/", "/api/v1/reports"):
        answer = Client().get(page)
        assert answer.status_code == 503, page
    assert Client().get("/livez").status_code == 200

    done = portal_database.manage("replay_destructions", role="portal_owner")
    assert done.returncode == 0, done.stderr
    assert gate.databases_behind() == []
    keys.caches.here().clear()
    assert not any(opens(device_id) for device_id in due)
    assert not Device.objects.filter(pk__in=due).exists()
    assert not AppLog.objects.exists()
    assert opens(living)
    assert set(Subject.objects.filter(id__in=due).values_list("state", flat=True)) == {"destroyed"}
    assert Client().get("/rights/request/").status_code != 503
    assert "follows the journal" in portal_database.manage("replay_destructions", "--check").stdout


def test_what_was_destroyed_before_the_hold_goes_again(yesterday) -> None:  # type: ignore[no-untyped-def]
    """The one path that asks for no hold: it repeats, in a restored copy, what was lawfully destroyed before."""
    dumps, due, living = yesterday
    dumps.restore(["default", "personal", "archive"])
    make_hold(at=clock.now())
    with pytest.raises(vault.UnderHold):
        vault.shred_subject(
            subject_id=due[0], categories=["device-registration"], cause="x", certificate="C", actor=SWEEPER,
            at=clock.now(),
        )  # fmt: skip
    retention.replay(actor=SWEEPER, at=clock.now())
    assert not any(opens(device_id) for device_id in due)
    assert opens(living)


def answers_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive doesn't answer when it is asked first: after a restore it is still starting up."""
    position, refusals = gate._position, iter([OperationalError("the database system is starting up")])

    def asked(model: type[Model]) -> int:
        if model is ArchiveJournalCursor and (away := next(refusals, None)):
            raise away
        return position(model)

    monkeypatch.setattr(gate, "_position", asked)


@pytest.mark.fault("FLT-20")
def test_nothing_is_replayed_before_the_archive_said_how_far_it_follows(yesterday, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    dumps, _due, _living = yesterday
    dumps.restore(["archive"])
    answers_late(monkeypatch)
    with pytest.raises(OperationalError):
        retention.replay(actor=SWEEPER, at=clock.now())
    assert not Entry.objects.filter(word="retention.gate.opened").exists()
    assert retention.replay(actor=SWEEPER, at=clock.now()).lines
    assert gate.databases_behind() == []


@pytest.mark.fault("FLT-11")
@pytest.mark.fault("FLT-20")
def test_a_destruction_notes_in_no_archive_of_yesterday_that_it_follows(yesterday, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Away when the gate was asked and back when the list ends: its earlier lines would never be repeated there."""
    dumps, _due, living = yesterday
    dumps.restore(["archive"])
    answers_late(monkeypatch)
    (row,) = retention.order_destruction(
        Device.objects.get(pk=living).subject_id, ["service-analytics"], cause="deletion", case="K7-1",
        actor=SWEEPER, at=clock.now(),
    )  # fmt: skip
    with pytest.raises(GateClosed):
        retention.execute(row, actor=SWEEPER, at=clock.now())
    assert gate.databases_behind() == ["archive"]
    retention.replay(actor=SWEEPER, at=clock.now())
    assert retention.execute(row, actor=SWEEPER, at=clock.now())
    assert gate.databases_behind() == []


@pytest.mark.fault("FLT-21")
def test_an_old_dump_of_the_keys_alone_is_found_out(yesterday) -> None:  # type: ignore[no-untyped-def]
    dumps, _due, _living = yesterday
    dumps.restore(["default"])
    with pytest.raises(GateClosed) as refusal:
        gate.refuse_closed()
    assert refusal.value.code == "restored"


@pytest.mark.truth("15")
def test_a_lost_journal_closes_the_portal_too(yesterday, portal_database: PortalDatabase) -> None:  # type: ignore[no-untyped-def]
    """The refusal says what to do, and not what the command refuses too."""
    journal_file.path().unlink()
    assert gate.databases_behind() == ["journal"]
    with override("en"), pytest.raises(GateClosed, match="Restore it") as refusal:
        gate.refuse_closed()
    assert "replay_destructions" not in str(refusal.value)
    done = portal_database.manage("replay_destructions", role="portal_owner")
    assert done.returncode != 0
    assert "journal" in done.stderr


def test_replaying_can_be_interrupted_and_repeated(yesterday) -> None:  # type: ignore[no-untyped-def]
    dumps, due, _living = yesterday
    dumps.restore(["default", "personal", "archive"])
    first = next(iter(journal.lines()))
    restore_replay._replay_line(first, restore_replay.ReplayResult(), actor=SWEEPER, at=clock.now())
    assert gate.databases_behind()
    retention.replay(actor=SWEEPER, at=clock.now())
    again = retention.replay(actor=SWEEPER, at=clock.now())
    assert (again.keys, again.rows) == (0, 0)
    assert not Device.objects.filter(pk__in=due).exists()
    assert retention.reconcile(actor=SWEEPER, at=clock.now()) == []


def test_a_line_whose_commit_never_came_is_void(portal_database: PortalDatabase) -> None:
    """Killed between the journal and the commit, then held: a replay must not destroy who was never destroyed."""
    device = make_expired_device(ended_on=date(2024, 5, 15))
    journal.append(
        at=clock.now(), certificate="C-LOST", category="device-registration", cause="retention", month=None,
        people=[device.subject_id],
    )  # fmt: skip
    run = sweep_on(DUE)
    DestructionList.objects.filter(run=run).update(
        state="executing", step="intent", certificate_number="C-LOST",
        approved_by=make_odile().ref, approved_at=clock.now(), not_before=clock.now(), begun_at=clock.now(),
    )  # fmt: skip
    assert gate.databases_behind() == []
    make_hold(subject_id=device.subject_id, at=clock.now())
    retention.execute_ready(actor=SWEEPER, at=clock.now())
    assert journal.voided_numbers() == {1}
    journal_cursors.advance_cursor(0, using="default", at=clock.now())
    connections["default"].close()
    retention.replay(actor=SWEEPER, at=clock.now())
    assert opens(device.pk)


def test_the_gate_is_asked_again_after_a_while(settings, portal_database: PortalDatabase) -> None:  # type: ignore[no-untyped-def]
    closed = middleware.RestoreGateMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]
    assert closed._state() is None
    with portal_database.connect() as server:
        server.execute("INSERT INTO retention_journalcursor (single, line, at) VALUES (true, 7, now())")
    assert closed._state() is None
    closed._asked = None
    assert closed._state() is not None


@pytest.mark.truth("replayed-and-still-active")
def test_whose_records_a_law_preserves_is_destroyed_after_a_replay_too(
    portal_database: PortalDatabase,
) -> None:
    """Her archive's keyring lives on until the law's term is over; of the policy's categories nothing is left."""
    device = make_device(4, at=at_noon(date(2026, 8, 30)))
    make_reports(device, ["access"], at=at_noon(date(2026, 9, 1)))
    retention.destroy_subject_data(
        device.subject_id, ["service-analytics"], cause="deletion", case="K7-6", actor=SWEEPER,
        at=at_noon(date(2026, 9, 20)),
    )  # fmt: skip
    dumps = Yesterday(portal_database)
    try:
        retention.destroy_subject_data(
            device.subject_id, None, cause="deletion", case="K7-7", actor=SWEEPER, at=at_noon(date(2026, 10, 1))
        )
        assert Subject.objects.get(pk=device.subject_id).state == Subject.State.DESTROYED
        dumps.restore(["default", "personal"])
        assert Subject.objects.get(pk=device.subject_id).state == Subject.State.ACTIVE
        retention.replay(actor=SWEEPER, at=clock.now())
        assert Subject.objects.get(pk=device.subject_id).state == Subject.State.DESTROYED
    finally:
        dumps.close()
