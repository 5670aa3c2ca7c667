"""A hold stops every path that destroys: one test for each path (law D-03)."""

from datetime import date, timedelta

import pytest

from devices.models import AppLog, Device
from privacy.ledger.authorization import NotPermitted
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.archive import expiry
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList
from privacy.retention.refusals import HoldAlreadyLifted, OnHold
from privacy.vault.models import MonthKey, SubjectKey
from tests.base import PortalTestCase
from tests.factories.retention import lift_hold
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_contact,
    make_device,
    make_emin,
    make_expired_device,
    make_hold,
    make_mina,
    make_odile,
    make_reports,
    sweep_on,
)  # fmt: skip

DUE = date(2026, 5, 16)
ENDED = date(2024, 5, 15)


@pytest.mark.clause("P7.1")
class AHoldOnAPersonStops(PortalTestCase):
    def held(self, device: Device) -> None:
        assert Device.objects.filter(pk=device.pk).exists()
        assert SubjectKey.objects.filter(subject_id=device.subject_id, category="device-registration").exists()

    @pytest.mark.law("D-03")
    def test_the_selection(self) -> None:
        held, free = make_expired_device(1, ended_on=ENDED), make_expired_device(2, ended_on=ENDED)
        make_hold(subject_id=held.subject_id, at=at_noon(DUE))
        run = sweep_on(DUE)
        assert run.withheld == {"held": 1}
        carry_out_all(run)
        self.held(held)
        assert not Device.objects.filter(pk=free.pk).exists()

    def test_a_list_that_is_approved_already(self) -> None:
        held, free = make_expired_device(1, ended_on=ENDED), make_expired_device(2, ended_on=ENDED)
        run = sweep_on(DUE)
        row = DestructionList.objects.get(run=run)
        retention.approve(row, actor=make_odile(), at=at_noon(DUE))
        make_hold(subject_id=held.subject_id, at=at_noon(DUE))
        assert retention.execute(row, actor=SWEEPER, at=at_noon(DUE + timedelta(days=2)))
        self.held(held)
        assert not Device.objects.filter(pk=free.pk).exists()
        row.refresh_from_db()
        assert row.lines.get(subject_id=held.subject_id).state == DestructionLine.State.HELD
        assert row.keys_destroyed == 1
        self.assertLedgered("retention.people.passed-over", row)

    def test_a_list_of_which_it_holds_everybody(self) -> None:
        held = make_expired_device(ended_on=ENDED)
        run = sweep_on(DUE)
        make_hold(subject_id=held.subject_id, at=at_noon(DUE))
        (row,) = carry_out_all(run)
        assert row.state == DestructionList.State.ABORTED
        assert not row.certificates.exists()
        self.held(held)

    def test_a_category_hold_reaches_that_category_only(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        make_hold(subject_id=device.subject_id, category="app-log", at=at_noon(DUE))
        carry_out_all(sweep_on(DUE))
        assert not Device.objects.filter(pk=device.pk).exists()

    def test_a_hold_on_everybody(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        make_hold(at=at_noon(DUE))
        run = sweep_on(DUE)
        assert not run.lists.exists()
        self.held(device)

    @pytest.mark.law("D-03")
    def test_deletion_on_request(self) -> None:
        device = make_device()
        hold = make_hold(subject_id=device.subject_id)
        with pytest.raises(OnHold) as refusal:
            retention.destroy_subject_data(
                device.subject_id, None, cause="deletion", case="K7-0001", actor=SWEEPER, at=hold.placed_at
            )
        assert refusal.value.code == "held"
        self.held(device)

    def test_withdrawal(self) -> None:
        device = make_device(agreed=("activation", "service-analytics", "app-log"))
        hold = make_hold(subject_id=device.subject_id, category="app-log")
        with pytest.raises(OnHold):
            retention.destroy_subject_data(
                device.subject_id, ["app-log"], cause="withdrawal", case="W-1", actor=SWEEPER, at=hold.placed_at
            )

    def test_a_month_that_is_dropped_whole(self) -> None:
        happened = at_noon(date(2026, 9, 10))
        devices = [
            make_device(number, at=happened, agreed=("activation", "service-analytics", "app-log")) for number in (1, 2)
        ]
        for device in devices:
            make_reports(device, ["app-log", "app-log"], at=happened)
        run = sweep_on(date(2026, 11, 1))
        make_hold(subject_id=devices[0].subject_id, at=at_noon(date(2026, 11, 1)))
        (row,) = carry_out_all(run)
        assert AppLog.objects.filter(device_id=devices[0].id).count() == 2
        assert not AppLog.objects.filter(device_id=devices[1].id).exists()
        assert MonthKey.objects.filter(category="app-log", month=date(2026, 9, 1)).exists()
        assert row.certificates.get().statement["destroyed"]["passed_over"] == {"held": 1}

    def test_contacts(self) -> None:
        mina = make_mina()
        make_contact(mina)
        type(mina).objects.filter(pk=mina.pk).update(state="destroyed", destroyed_at=at_noon(DUE))
        make_hold(subject_id=mina.id, at=at_noon(DUE))
        run = sweep_on(DUE)
        assert run.withheld == {"held": 1}
        assert not run.lists.exists()

    def test_the_end_of_the_preservation_term(self) -> None:
        from tests.privacy.retention.test_archive import archive_an_access

        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        make_hold(subject_id=device.subject_id, category="service-analytics", at=at_noon(date(2026, 11, 1)))
        run = sweep_on(date(2026, 12, 2))
        carry_out_all(run)
        assert ArchivedRecord.objects.filter(subject_id=device.subject_id).exists()

    @pytest.mark.truth("hold-on-the-whole-archive")
    def test_the_end_of_the_preservation_term_of_everybody(self) -> None:
        from tests.privacy.retention.test_archive import archive_an_access

        device = archive_an_access(recorded_on=date(2026, 9, 1), destroyed_on=date(2026, 10, 1))
        day = date(2026, 12, 2)
        for category in ("", "archive", "service-analytics"):
            hold = make_hold(category=category, at=at_noon(day))
            with self.subTest(category=category):
                assert expiry.people_on_hold(day, day) == {device.subject_id}
                assert expiry.count_due(day) == (0, 0)
                assert not expiry.is_due(day)
            lift_hold(hold, reason="the lawsuit is over", at=hold.placed_at)
        listed = sweep_on(day)
        make_hold(at=at_noon(day))
        carry_out_all(listed)
        assert ArchivedRecord.objects.filter(subject_id=device.subject_id).exists()


@pytest.mark.clause("P7.1")
class Placing(PortalTestCase):
    def test_says_who_demands_it_by_which_document_and_why(self) -> None:
        for missing in ("demanded_by", "document", "reason"):
            with self.subTest(missing=missing), pytest.raises(Refusal):
                make_hold(**{missing: " "})

    def test_and_lifting_are_on_the_ledger(self) -> None:
        hold = make_hold()
        self.assertLedgered("retention.hold.placed", hold)
        lift_hold(hold, reason="the lawsuit is over", at=hold.placed_at)
        self.assertLedgered("retention.hold.lifted", hold)
        with pytest.raises(HoldAlreadyLifted):
            retention.lift_hold(hold, actor=make_odile(), at=hold.placed_at)

    def test_takes_the_permission(self) -> None:
        with pytest.raises(NotPermitted):
            retention.place_hold(
                kind="litigation", demanded_by="x", document="y", reason="z", actor=make_emin(), at=at_noon(DUE)
            )

    def test_ends_with_its_last_day(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        make_hold(subject_id=device.subject_id, until=DUE, at=at_noon(DUE))
        assert sweep_on(DUE).withheld == {"held": 1}
        assert not sweep_on(DUE + timedelta(days=1)).withheld

    def test_what_was_held_is_destroyed_once_it_is_lifted(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        hold = make_hold(subject_id=device.subject_id, at=at_noon(DUE))
        sweep_on(DUE)
        lift_hold(hold, reason="settled", at=at_noon(DUE))
        carry_out_all(sweep_on(DUE + timedelta(days=1)))
        assert not Device.objects.filter(pk=device.pk).exists()
