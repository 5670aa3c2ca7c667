"""Destroying one person's data on request, on withdrawal, or after a finding of false identity (P1.7)."""

from datetime import date, timedelta
from unittest import mock

import pytest

from devices.models import AppLog, Device, Report
from privacy.retention import actions as retention
from privacy.retention.actions.destruction.subject_strategy import SubjectStrategy
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import SubjectKey
from tests.base import PortalTestCase
from tests.factory import (
    NOON,
    SWEEPER,
    at_noon,
    make_device,
    make_expired_device,
    make_freeze,
    make_odile,
    make_reports,
    sweep_on,
)  # fmt: skip


@pytest.mark.clause("P1.7")
class AnOrder(PortalTestCase):
    def setUp(self) -> None:
        self.device = make_device(agreed=("activation", "service-analytics", "app-log"))
        make_reports(self.device, ["status", "app-log"], at=NOON)

    def destroy(self, *categories: str, case: str = "K7-1") -> list[retention.OrderOutcome]:
        return retention.destroy_subject_data(
            self.device.subject_id, categories or None, cause="deletion", case=case, actor=SWEEPER, at=NOON
        )

    def test_destroys_the_categories_it_names_and_no_other(self) -> None:
        (outcome,) = self.destroy("app-log")
        assert outcome.destroyed
        assert outcome.certificate.startswith("C-")
        assert not AppLog.objects.filter(device_id=self.device.id).exists()
        assert Report.objects.filter(device_id=self.device.id).exists()
        assert Device.objects.filter(pk=self.device.pk).exists()
        assert Subject.objects.get(pk=self.device.subject_id).state == Subject.State.ACTIVE

    def test_of_everything_leaves_a_person_of_whom_nothing_is_held(self) -> None:
        outcomes = self.destroy()
        assert all(outcome.destroyed for outcome in outcomes if outcome.certificate)
        assert not Device.objects.filter(pk=self.device.pk).exists()
        known = ("device-registration", "service-analytics", "app-log")
        assert not SubjectKey.objects.filter(subject_id=self.device.subject_id, category__in=known).exists()
        assert Subject.objects.get(pk=self.device.subject_id).state == Subject.State.DESTROYED
        self.assertLedgered("subjects.subject.destroyed")

    def test_is_final_for_sealing(self) -> None:
        self.destroy("app-log")
        assert vault.is_destroyed(self.device.subject_id, "app-log")

    def test_repeated_for_the_same_case_is_the_same_order(self) -> None:
        (first,) = self.destroy("app-log")
        (second,) = self.destroy("app-log")
        assert (first.list, first.certificate) == (second.list, second.certificate)
        assert DestructionList.objects.filter(category="app-log").count() == 1

    def test_is_not_stopped_by_its_own_freeze(self) -> None:
        make_freeze(self.device.subject_id, category="app-log", item="app_log")
        (outcome,) = self.destroy("app-log")
        assert outcome.destroyed

    def test_overtakes_a_scheduled_list(self) -> None:
        device = make_expired_device(5, ended_on=date(2024, 5, 15))
        row = sweep_on(date(2026, 5, 16)).lists.get()
        retention.approve(row, actor=make_odile(), at=at_noon(date(2026, 5, 16)))
        at = at_noon(date(2026, 5, 17))
        retention.destroy_subject_data(
            device.subject_id, ["device-registration"], cause="deletion", case="K7-2", actor=SWEEPER, at=at
        )
        retention.execute(row, actor=SWEEPER, at=at + timedelta(days=2))
        row.refresh_from_db()
        assert row.state == DestructionList.State.ABORTED
        assert row.lines.get().state == DestructionLine.State.DROPPED
        assert not Device.objects.filter(pk=device.pk).exists()

    @pytest.mark.truth("order-beside-a-begun-list")
    def test_waits_for_a_list_that_has_begun_with_the_person_and_writes_none_beside_it(self) -> None:
        device = make_expired_device(5, ended_on=date(2024, 5, 15))
        dropped = make_expired_device(6, ended_on=date(2024, 5, 15))
        row = sweep_on(date(2026, 5, 16)).lists.get()
        retention.approve(row, actor=make_odile(), at=at_noon(date(2026, 5, 16)))
        row.lines.filter(subject_id=dropped.subject_id).update(state=DestructionLine.State.HELD)
        at = at_noon(date(2026, 5, 18))
        with mock.patch.object(SubjectStrategy, "_delete_rows", return_value=False):
            retention.execute(row, actor=SWEEPER, at=at)
        assert row.lines.get(subject_id=device.subject_id).state == DestructionLine.State.KEYED

        def order(whose: Device = device) -> list[retention.OrderOutcome]:
            return retention.destroy_subject_data(
                whose.subject_id, ["device-registration"], cause="deletion", case="K7-3", actor=SWEEPER, at=at
            )

        for _again in range(2):
            assert [(one.list, one.destroyed) for one in order()] == [(row.reference, False)]
        assert DestructionList.objects.get() == row
        assert order(dropped)[0].destroyed, "the list has not begun with them"
        retention.execute(row, actor=SWEEPER, at=at)
        (outcome,) = order()
        assert outcome.destroyed
        assert outcome.list != row.reference

    def test_can_be_left_to_the_worker(self) -> None:
        retention.order_destruction(
            self.device.subject_id, ["app-log"], cause="withdrawal", case="W-1", actor=SWEEPER, at=NOON
        )
        assert AppLog.objects.exists()
        assert retention.execute_ready(actor=SWEEPER, at=NOON) == 1
        assert not AppLog.objects.exists()


@pytest.mark.clause("P1.5")
class AnOpenCorrection(PortalTestCase):
    def test_lets_the_schedule_pass_a_person_over(self) -> None:
        device = make_expired_device(ended_on=date(2024, 5, 15))
        make_freeze(device.subject_id, category="device-registration", item="model")
        assert sweep_on(date(2026, 11, 24)).withheld == {"frozen": 1}

    @pytest.mark.law("R-23")
    def test_a_suspension_does_not_keep_data_longer(self) -> None:
        device = make_expired_device(ended_on=date(2024, 5, 15))
        make_freeze(device.subject_id, category="", item="", cause="suspension")
        assert sweep_on(date(2026, 11, 24)).withheld == {}
