"""What happens beside a destruction: another planner, a list that refuses, an order taken meanwhile, a missed sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Timer

import psycopg
import pytest

from devices.models import Report
from privacy.lib.dates.clock import midnight
from privacy.lib.registries import registers
from privacy.retention import actions as retention
from privacy.retention import locks
from privacy.retention.actions import destruction_lists
from privacy.retention.actions.destruction import execution
from privacy.retention.actions.destruction.subject_strategy import SubjectStrategy
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList, DestructionRun, RegisterEntry
from privacy.retention.refusals import AlreadyRunning
from privacy.retention.schedule import retention_rules, selection
from privacy.vault.fields import EncryptedValue
from privacy.vault.models import SubjectKey
from tests.base import PortalTestCase
from tests.database import PortalDatabase
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
)

DUE = date(2026, 5, 16)
ENDED = date(2024, 5, 15)
AT = at_noon(DUE + timedelta(days=2))


@contextmanager
def held(connection: psycopg.Connection, lock: int) -> Iterator[None]:
    """Another process holds a lock, and lets it go again."""
    connection.execute("SELECT pg_advisory_lock(%s, %s)", [locks.LOCK_SPACE, lock])
    yield
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", [locks.LOCK_SPACE, lock])


@pytest.mark.truth("two-planners")
def test_a_plan_that_goes_on_is_not_abandoned_by_another(portal_database: PortalDatabase) -> None:
    """The sweep by hand and the nightly one at once: the second used to delete what the first was writing."""
    with portal_database.connect() as other, held(other, locks.PLANNER), pytest.raises(AlreadyRunning):
        retention.plan(as_of=DUE, actor=SWEEPER, at=at_noon(DUE))
    assert retention.plan(as_of=DUE, actor=SWEEPER, at=at_noon(DUE)).planned_at is not None


@pytest.mark.truth("two-replays")
def test_a_replay_does_not_work_beside_another(portal_database: PortalDatabase) -> None:
    """Nor does it promise that the other one does its part: a replay has no list that the other goes on with."""
    with portal_database.connect() as other, held(other, locks.RUNNER), pytest.raises(AlreadyRunning) as refusal:
        retention.replay(actor=SWEEPER, at=AT)
    assert "continue" not in str(refusal.value)


def test_an_order_waits_for_one_that_is_being_carried_out(portal_database: PortalDatabase) -> None:
    """Of several withdrawals at once all but one used to be put off by a minute, to the next minute after it."""
    device = make_device(1)
    with portal_database.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [locks.LOCK_SPACE, locks.RUNNER])
        ends = Timer(0.3, other.close)
        ends.start()
        outcomes = retention.destroy_subject_data(
            device.subject_id, ["device-registration"], cause="deletion", case="K7-1", actor=SWEEPER, at=AT
        )
        ends.join()
    assert [outcome.destroyed for outcome in outcomes] == [True]


@pytest.mark.truth("one-altered-box-stops-all")
class ARecordThatDoesNotOpen(PortalTestCase):
    def test_stops_its_own_list_and_nobody_behind_it(self) -> None:
        """What a law preserves is opened to be archived: one altered box stopped every destruction, each night."""
        first, second = (make_device(number, at=at_noon(date(2026, 4, 1))) for number in (1, 2))
        for device in (first, second):
            make_reports(device, ["access"], at=at_noon(date(2026, 4, 10)))
        report = Report.objects.get(device_id=first.id)
        box = bytearray(report.body.ciphertext)
        box[-1] ^= 1
        Report.objects.filter(pk=report.pk).update(body=EncryptedValue(bytes(box)))
        for minute, device in enumerate((first, second)):
            retention.order_destruction(
                device.subject_id, ["service-analytics"], cause="deletion", case=f"K7-{minute}", actor=SWEEPER,
                at=AT + timedelta(minutes=minute),
            )  # fmt: skip
        assert retention.execute_ready(actor=SWEEPER, at=AT + timedelta(hours=1)) == 1
        assert list(Report.objects.values_list("device_id", flat=True)) == [first.id]


@pytest.mark.truth("one-list-stops-all")
class AListThatRefuses(PortalTestCase):
    def test_keeps_nobody_behind_it_from_being_destroyed(self) -> None:
        """One whose plan was altered stands first, each night; the others are destroyed in time nevertheless."""
        make_expired_device(1, ended_on=ENDED)
        (first,) = sweep_on(DUE).lists.all()
        make_expired_device(2, ended_on=ENDED + timedelta(days=1))
        (second,) = sweep_on(DUE + timedelta(days=1)).lists.all()
        for number, row in enumerate((first, second)):
            retention.approve(row, actor=make_odile(), at=at_noon(DUE + timedelta(days=number)))
        stranger = make_device(3)
        DestructionLine.objects.create(list=first, category=first.category, subject_id=stranger.subject_id)
        assert retention.execute_ready(actor=SWEEPER, at=AT + timedelta(days=3)) == 1
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state) == (DestructionList.State.APPROVED, DestructionList.State.DONE)


@pytest.mark.truth("order-during-a-slice")
class AnOrderTakenMeanwhile(PortalTestCase):
    def test_takes_its_person_off_the_slice_that_is_about_to_go(self) -> None:
        """Between the reading of a slice and its lock an order took one person over: she is destroyed there alone."""
        taken, other = make_expired_device(1, ended_on=ENDED), make_expired_device(2, ended_on=ENDED)
        run = sweep_on(DUE)
        retention.approve(run.lists.get(), actor=make_odile(), at=at_noon(DUE))
        row = execution.begin(run.lists.get(), actor=SWEEPER, at=AT)
        read = sorted([taken.subject_id, other.subject_id])
        DestructionLine.objects.filter(list=row, subject_id=taken.subject_id).update(
            state=DestructionLine.State.DROPPED
        )
        SubjectStrategy(row, actor=SWEEPER, at=AT)._destroy_slice(read, archived=0)
        keys = SubjectKey.objects.filter(category="device-registration")
        assert keys.filter(subject_id=taken.subject_id).exists()
        assert not keys.filter(subject_id=other.subject_id).exists()
        row.refresh_from_db()
        assert row.keys_destroyed == 1


@pytest.mark.truth("due-since")
class TheRegister(PortalTestCase):
    def test_counts_from_the_day_after_the_term_where_sweeps_were_missed(self) -> None:
        sweep_on(DUE - timedelta(days=3))
        make_expired_device(1, ended_on=ENDED)
        (row,) = carry_out_all(sweep_on(DUE + timedelta(days=4)))
        entry = RegisterEntry.objects.get(list=row)
        assert entry.trigger_on == DUE
        assert (entry.target_on - entry.trigger_on).days == 5
        assert row.certificates.get().statement["due_since"] == str(entry.trigger_on)

    def test_of_a_month_says_until_when_it_was_created(self) -> None:
        happened = at_noon(date(2026, 9, 10))
        make_reports(make_device(1, at=happened, agreed=("activation", "app-log")), ["app-log"], at=happened)
        (row,) = carry_out_all(sweep_on(date(2026, 11, 1)))
        entry = RegisterEntry.objects.get(list=row)
        assert (entry.created_from, entry.created_until) == (date(2026, 9, 1), date(2026, 9, 30))


@pytest.mark.truth("midnight")
class AMomentAtMidnight(PortalTestCase):
    def test_is_in_one_period_of_a_register_only(self) -> None:
        hold = make_hold(at=midnight(date(2026, 10, 1)))
        register = registers.get("holds")
        found = {}
        for month, last in ((9, 30), (10, 31)):
            window = registers.ExportScope(
                date(2026, month, 1), date(2026, month, last), make_odile(), AT, "inspection"
            )
            found[month] = [row for row in register.records(window) if row.pk == hold.pk]
        assert found == {9: [], 10: [hold]}


@pytest.mark.truth("archived-and-left-out")
class WhoeverIsLeftOut(PortalTestCase):
    def test_has_no_copy_in_the_archive_of_what_stays_in_use(self) -> None:
        """Records are copied before the last question; the copies of who is left out are taken back and not counted."""
        happened, ordered = at_noon(date(2026, 9, 1)), at_noon(date(2026, 10, 1))
        devices = [make_device(number, at=happened - timedelta(days=1)) for number in (1, 2)]
        for device in devices:
            make_reports(device, ["access", "access", "status"], at=happened)
        run = DestructionRun.objects.create(
            cause="deletion", as_of=date(2026, 10, 1), policy="2020-12-01", case="K7-1", ordered_by="U-TEST",
            started_at=ordered, planned_at=ordered,
        )  # fmt: skip
        term = retention_rules.for_category("service-analytics", date(2026, 10, 1))
        row = destruction_lists.create_list(run, "service-analytics", DestructionList.Unit.PEOPLE, term, at=ordered)
        destruction_lists.add_people(row, [device.subject_id for device in devices])
        row.refresh_from_db()
        row.plan, row.state, row.approved_by = selection.list_digest(row), "approved", make_odile().reference
        row.approved_at = row.not_before = ordered
        row.save()
        make_hold(subject_id=devices[0].subject_id, at=ordered)
        assert retention.execute(row, actor=SWEEPER, at=ordered)
        assert set(ArchivedRecord.objects.values_list("subject_id", flat=True)) == {devices[1].subject_id}
        row.refresh_from_db()
        assert row.archived == 2
        assert row.certificates.get().statement["destroyed"]["archived"] == 2
