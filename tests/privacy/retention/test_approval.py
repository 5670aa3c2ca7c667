"""P7.1: selection, approval by the officer, execution, certificate; a waiting time, a ceiling, two persons."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from devices import actions as devices
from devices.models import AppLog, Device
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.errors.refusals import Refusal
from privacy.policies.models import Parameter
from privacy.retention import actions as retention
from privacy.retention.actions import destruction_lists
from privacy.retention.actions.reconciliation import facts_of
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.refusals import AlreadyDecided, PlanAltered, SamePerson, WaitingPeriodNotOver
from tests.base import PortalTestCase
from tests.factory import (
    SWEEPER,
    at_noon,
    carry_out_all,
    make_device,
    make_expired_device,
    make_gate,
    make_hana,
    make_odile,
    make_omar,
    make_reports,
    sweep_on,
)  # fmt: skip

DUE = date(2026, 5, 16)
ENDED = date(2024, 5, 15)
AT = at_noon(DUE)
State = DestructionList.State


def lower_the_ceiling(people: int = 1) -> None:
    """Let every list of more than ``people`` need two officers."""
    for code, value in (("destruction.ceiling.floor", people), ("destruction.ceiling.percent", 0)):
        Parameter.objects.create(code=code, value=value, unit="count", effective_on=date(2026, 1, 1), basis="test")


@pytest.mark.clause("P7.1")
class AList(PortalTestCase):
    def setUp(self) -> None:
        self.device = make_expired_device(ended_on=ENDED)
        self.row = sweep_on(DUE).lists.get()

    @pytest.mark.asvs("2.3.1")
    def test_waits_for_the_officer(self) -> None:
        assert self.row.state == State.PROPOSED
        with pytest.raises(AlreadyDecided):
            retention.execute(self.row, actor=SWEEPER, at=AT)
        assert retention.execute_ready(actor=SWEEPER, at=AT + timedelta(days=30)) == 0
        assert Device.objects.filter(pk=self.device.pk).exists()

    @pytest.mark.law("D-08")
    def test_is_not_approved_by_a_handler(self) -> None:
        with pytest.raises(NotPermitted):
            retention.approve(self.row, actor=make_hana(), at=AT)

    @pytest.mark.asvs("2.3.1")
    def test_can_be_aborted_during_the_waiting_time(self) -> None:
        retention.approve(self.row, actor=make_odile(), at=AT)
        with pytest.raises(WaitingPeriodNotOver):
            retention.execute(self.row, actor=SWEEPER, at=AT + timedelta(hours=23, minutes=59))
        retention.abort(self.row, reason="the licence is disputed", actor=make_odile(), at=AT + timedelta(hours=1))
        with pytest.raises(AlreadyDecided):
            retention.execute(self.row, actor=SWEEPER, at=AT + timedelta(days=2))
        assert Device.objects.filter(pk=self.device.pk).exists()
        self.assertLedgered("retention.list.aborted", self.row)

    def test_what_was_aborted_is_found_again(self) -> None:
        retention.abort(self.row, reason="not now", actor=make_odile(), at=AT)
        again = sweep_on(DUE + timedelta(days=1)).lists.get()
        assert again.people == 1

    def test_is_carried_out_after_the_waiting_time(self) -> None:
        retention.approve(self.row, actor=make_odile(), at=AT)
        assert retention.execute_ready(actor=SWEEPER, at=AT + timedelta(hours=24)) == 1
        assert not Device.objects.filter(pk=self.device.pk).exists()
        self.row.refresh_from_db()
        assert self.row.state == State.DONE
        for word in ("begun", "issued"):
            kind = "destruction" if word == "begun" else "certificate"
            self.assertLedgered(f"retention.{kind}.{word}", self.row)

    def test_is_not_decided_twice(self) -> None:
        retention.approve(self.row, actor=make_odile(), at=AT)
        with pytest.raises(AlreadyDecided):
            retention.approve(self.row, actor=make_omar(), at=AT)

    def test_does_not_begin_when_it_is_not_what_was_approved(self) -> None:
        retention.approve(self.row, actor=make_odile(), at=AT)
        other = make_expired_device(2, ended_on=ENDED)
        DestructionLine.objects.create(list=self.row, category=self.row.category, subject_id=other.subject_id)
        with pytest.raises(PlanAltered):
            retention.execute(self.row, actor=SWEEPER, at=AT + timedelta(days=2))
        assert Device.objects.filter(pk=other.pk).exists()

    @pytest.mark.attack("18.2")
    def test_is_not_approved_when_it_names_more_than_was_proposed(self) -> None:
        other = make_expired_device(2, ended_on=ENDED)
        DestructionLine.objects.create(list=self.row, category=self.row.category, subject_id=other.subject_id)
        with pytest.raises(PlanAltered):
            retention.approve(self.row, actor=make_odile(), at=AT)

    @pytest.mark.attack("18.2")
    def test_takes_two_officers_when_the_ceiling_was_lowered_since(self) -> None:
        lower_the_ceiling(0)
        retention.approve(self.row, actor=make_odile(), at=AT)
        self.row.refresh_from_db()
        assert (self.row.state, self.row.over_ceiling) == (State.PROPOSED, True)
        retention.approve(self.row, actor=make_omar(), at=AT)
        self.row.refresh_from_db()
        assert self.row.state == State.APPROVED

    def test_nobody_stands_on_two_open_lists(self) -> None:
        again = sweep_on(DUE + timedelta(days=1))
        assert not again.lists.exists()
        assert again.due == 1

    def test_begun_can_not_be_aborted(self) -> None:
        carry_out_all(self.row.run)
        with pytest.raises(AlreadyDecided):
            retention.abort(self.row, reason="too late", actor=make_odile(), at=AT)

    @pytest.mark.law("D-02")
    def test_late_shows_and_its_reason_is_kept(self) -> None:
        assert self.row.target_on == DUE + timedelta(days=5)
        assert not DestructionList.objects.late(self.row.target_on).exists()
        assert DestructionList.objects.late(self.row.target_on + timedelta(days=1)).get() == self.row
        with pytest.raises(Refusal):
            retention.explain_delay(self.row, reason=" ", actor=make_odile(), at=AT)
        retention.explain_delay(self.row, reason="the officer was ill", actor=make_odile(), at=AT)
        carry_out_all(self.row.run)
        self.row.refresh_from_db()
        assert self.row.register_entry.delay_reason == "the officer was ill"

    def test_a_renewed_licence_takes_a_person_off_it(self) -> None:
        retention.approve(self.row, actor=make_odile(), at=AT)
        renewed = devices.LicenceTerms("EXAFE-NEW", date(2026, 5, 17), date(2027, 5, 16))
        devices.update(device_id=self.device.id, changes={"licence": renewed}, gateway=make_gate(), at=AT)
        retention.execute(self.row, actor=SWEEPER, at=AT + timedelta(days=2))
        assert Device.objects.filter(pk=self.device.pk).exists()
        assert self.row.lines.get().state == DestructionLine.State.NOT_DUE


@pytest.mark.asvs("2.3.2")
@pytest.mark.clause("P7.1")
class OverTheCeiling(PortalTestCase):
    def setUp(self) -> None:
        lower_the_ceiling()
        for number in (1, 2):
            make_expired_device(number, ended_on=ENDED)
        self.row = sweep_on(DUE).lists.get()

    def test_a_list_takes_two_officers(self) -> None:
        assert self.row.over_ceiling
        assert retention.approve(self.row, actor=make_odile(), at=AT).waits_for_second
        self.row.refresh_from_db()
        assert self.row.state == State.PROPOSED
        with pytest.raises(SamePerson):
            retention.approve(self.row, actor=make_odile(), at=AT)
        assert retention.approve(self.row, actor=make_omar(), at=AT).state == State.APPROVED
        self.row.refresh_from_db()
        assert self.row.state == State.APPROVED
        self.assertLedgered("retention.list.seconded", self.row)

    def test_the_database_refuses_one_officer_too(self) -> None:
        with pytest.raises(IntegrityError, match="two_officers"), transaction.atomic():
            DestructionList.objects.filter(pk=self.row.pk).update(
                state=State.APPROVED, approved_by=make_odile().ref, approved_at=AT, not_before=AT
            )


@pytest.mark.clause("P6.3")
class AppLogs(PortalTestCase):
    def setUp(self) -> None:
        self.happened = at_noon(date(2026, 9, 10))
        self.device = make_device(at=self.happened, agreed=("activation", "service-analytics", "app-log"))
        make_reports(self.device, ["app-log"], at=self.happened)

    def test_go_by_the_rule_without_an_officer(self) -> None:
        row = sweep_on(date(2026, 11, 1)).lists.get()
        assert (row.state, row.approved_by) == (State.APPROVED, "rule:2020-12-01")
        assert retention.execute_ready(actor=SWEEPER, at=row.not_before) == 1
        assert not AppLog.objects.exists()

    def test_of_many_months_at_once_take_two_officers(self) -> None:
        Parameter.objects.create(
            code="destruction.ceiling.months", value=0, unit="count", effective_on=date(2026, 10, 1), basis="test"
        )
        row = sweep_on(date(2026, 11, 1)).lists.get()
        assert row.over_ceiling
        assert row.state == State.PROPOSED


@pytest.mark.clause("P7.1")
class ARuleThatChanged(PortalTestCase):
    def test_is_looked_at_even_where_lists_go_by_themselves(self) -> None:
        first = at_noon(date(2026, 8, 10))
        device = make_device(at=first, agreed=("activation", "service-analytics", "app-log"))
        make_reports(device, ["app-log"], at=first)
        carry_out_all(sweep_on(date(2026, 10, 1)))
        DestructionList.objects.filter(category="app-log").update(term="purpose-achieved+0y2m")
        make_reports(device, ["app-log"], at=at_noon(date(2026, 9, 10)))
        row = sweep_on(date(2026, 11, 1)).lists.get()
        assert row.term_changed
        assert row.state == State.PROPOSED


class AnInterruptedPlan(PortalTestCase):
    def test_is_abandoned_and_made_anew(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        run = DestructionRun.objects.create(
            cause="retention", as_of=DUE, policy="2020-12-01", ordered_by="system:sweep", started_at=AT
        )
        destruction_lists._list_people(run, "device-registration", {}, at=AT)
        assert run.lists.get().plan == ""
        with pytest.raises(AlreadyDecided):
            retention.approve(run.lists.get(), actor=make_odile(), at=AT)
        row = sweep_on(DUE).lists.get()
        assert row.lines.get().subject_id == device.subject_id
        assert not run.lists.exists()
        entry = self.assertLedgered("retention.run.abandoned", run)
        assert facts_of(entry) == {}
        assert SystemActor("sweep").ref == entry.actor
