"""A withdrawal stops processing at once; the destruction follows after a wait in which it can be stopped."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from consents import actions as consents
from consents.models import CurrentConsent, Decision, PlannedDestruction
from consents.tasks import end_collection
from devices.models import AppLog, Device
from privacy.jobs import outbox
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.policies.models import Parameter
from privacy.retention.models import DestructionList
from privacy.retention.refusals import OnHold
from privacy.subjects.actions import WrongCode
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.consents.withdrawals import DUE, LATER, WithdrawalCase
from tests.devices.base import ApiTestCase
from tests.factories.retention import lift_hold
from tests.process_roles import as_process

SYSTEM, MINA = SystemActor("consents"), ExternalActor("subject", "S-TEST")
WAIT = factory.WITHDRAWAL_WAIT


@pytest.mark.attack("17.21")
class PlannedDestructionTest(WithdrawalCase):
    def subject(self) -> Subject:
        return Subject.objects.get(pk=self.device.subject_id)

    def test_nothing_is_destroyed_before_the_wait_is_over(self) -> None:
        decision, plan = self.withdraw()
        assert plan.due_at == DUE
        with self.assertRaises(consents.TooEarly):
            consents.end_collection(decision, actor=SYSTEM, at=DUE - timedelta(seconds=1))
        assert AppLog.objects.count() == 1
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert AppLog.objects.count() == 0
        plan.refresh_from_db()
        assert (plan.state, plan.ended_at) == ("destroyed", DUE)

    @pytest.mark.law("R-24", "R-25")
    def test_processing_stops_at_once(self) -> None:
        self.withdraw()
        frozen = vault.active_freezes(self.device.subject_id, "app-log", at=LATER)
        assert [one.cause for one in frozen] == ["suspension"]
        assert self.subject().is_active
        self.withdraw("activation")
        assert self.subject().state == "withdrawn"
        assert vault.active_freezes(self.device.subject_id, "service-analytics", at=LATER)

    @pytest.mark.law("R-24")
    def test_the_worker_waits_and_then_destroys(self) -> None:
        decision, _plan = self.withdraw("activation")
        row = GeneralOutbox.objects.get(kind="consents.ended")
        assert row.not_before == DUE
        with self.assertRaises(outbox.RetryLater):
            end_collection(row.ids, event=row.id, starts=1, at=LATER)
        assert Device.objects.filter(id=self.device.id).exists()
        with as_process("worker"):
            end_collection(row.ids, event=row.id, starts=1, at=DUE)
        assert not Device.objects.filter(id=self.device.id).exists()
        assert self.subject().state == "destroyed"
        assert not vault.active_freezes(self.device.subject_id, "app-log", at=DUE)
        self.assertLedgered("consents.collection.ended", decision)

    @pytest.mark.law("R-24")
    def test_the_person_stops_it_and_the_withdrawal_stays(self) -> None:
        decision, plan = self.withdraw("activation")
        consents.stop_destruction(plan, actor=MINA, at=LATER)
        with self.assertRaises(consents.NotWaiting):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
        row = GeneralOutbox.objects.get(kind="consents.ended")
        end_collection(row.ids, event=row.id, starts=1, at=DUE)
        assert Device.objects.filter(id=self.device.id).exists()
        assert CurrentConsent.objects.get(agreement__code="activation").choice == "withdraw"
        assert self.subject().state == "withdrawn"
        assert vault.active_freezes(self.device.subject_id, "app-log", at=DUE)
        self.assertLedgered("consents.destruction.stopped", plan)

    def test_any_officer_stops_it_and_nobody_else_of_the_office(self) -> None:
        _decision, plan = self.withdraw()
        for make in (factory.make_hana, factory.make_aram):
            with self.assertRaises(NotPermitted):
                consents.stop_destruction(plan, actor=make(), at=LATER)
        stopped = consents.stop_destruction(plan, actor=factory.make_officer(), at=LATER)
        assert stopped.is_stopped

    def test_who_stopped_it_lets_it_go_on_after_another_wait(self) -> None:
        officer = factory.make_officer()
        decision, plan = self.withdraw()
        for stops, other in ((MINA, officer), (officer, MINA)):
            consents.stop_destruction(plan, actor=stops, at=LATER)
            with self.assertRaises(consents.StoppedByOther):
                consents.continue_destruction(plan, actor=other, at=LATER)
            plan = consents.continue_destruction(plan, actor=stops, at=DUE)
            assert plan.due_at == DUE + WAIT
        with self.assertRaises(consents.TooEarly):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE + WAIT)

    @pytest.mark.law("D-02")
    def test_the_reason_arose_with_the_withdrawal_whatever_wait_is_in_force_later(self) -> None:
        day = timedelta(days=1)
        for hours, effective_on in ((120, LATER.date()), (24, (LATER + 2 * day).date())):
            Parameter.objects.create(
                code="withdrawal.wait.hours", value=hours, unit="hours", effective_on=effective_on, basis="test"
            )
        decision, plan = self.withdraw()
        assert plan.due_at == LATER + 5 * day
        assert consents.end_collection(decision, actor=SYSTEM, at=plan.due_at)
        assert DestructionList.objects.get().trigger_until == LATER.date()

    @pytest.mark.law("D-02")
    def test_it_arose_anew_on_the_day_on_which_a_stopped_one_went_on(self) -> None:
        decision, plan = self.withdraw()
        consents.stop_destruction(plan, actor=MINA, at=LATER)
        went_on = DUE + timedelta(days=3)
        Parameter.objects.create(
            code="withdrawal.wait.hours", value=120, unit="hours", effective_on=(went_on + WAIT).date(), basis="test"
        )
        plan = consents.continue_destruction(plan, actor=MINA, at=went_on)
        assert consents.end_collection(decision, actor=SYSTEM, at=plan.due_at)
        continued = self.assertLedgered("consents.destruction.continued")
        # The trail has the day of today, whatever day the test is told; no reason arises after its list.
        arose = min(clock.kst_date(continued.time), clock.kst_date(plan.due_at))
        assert DestructionList.objects.get().trigger_until == arose != clock.kst_date(decision.decided_at)

    def test_what_has_begun_is_not_stopped(self) -> None:
        decision, plan = self.withdraw()
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        with self.assertRaises(consents.NotWaiting):
            consents.stop_destruction(plan, actor=MINA, at=DUE)

    def test_a_hold_leaves_it_waiting_so_that_it_can_still_be_stopped(self) -> None:
        decision, plan = self.withdraw()
        factory.make_hold(at=LATER)
        with self.assertRaises(OnHold):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert consents.stop_destruction(plan, actor=MINA, at=DUE).is_stopped

    def test_who_agrees_again_during_the_wait_keeps_everything(self) -> None:
        for code in ("app-log", "activation"):
            decision, plan = self.withdraw(code)
            factory.agree(self.device, code, at=LATER + timedelta(hours=1))
            plan.refresh_from_db()
            assert plan.state == "agreed-again"
            assert self.subject().is_active
            assert self.subject().service_ended_on is None
            assert not vault.active_freezes(self.device.subject_id, "app-log", at=LATER + timedelta(hours=1))
            assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert AppLog.objects.count() == 1

    def test_two_required_agreements_ended_need_both_to_come_back(self) -> None:
        self.withdraw("activation")
        self.withdraw("service-analytics")
        factory.agree(self.device, "activation", at=LATER + timedelta(hours=1))
        assert not self.subject().is_active
        factory.agree(self.device, "service-analytics", at=LATER + timedelta(hours=1))
        assert self.subject().is_active

    def test_it_is_due_on_the_first_page_whether_it_waits_or_was_stopped(self) -> None:
        decision, plan = self.withdraw()

        def due(name: str) -> list[str]:
            [source] = [one for one in deadlines.sources() if one.name == name]
            return [one.reference for one in source.find(clock.kst_date(LATER), clock.kst_date(DUE))]

        assert due("consents.destruction") == [decision.reference]
        consents.stop_destruction(plan, actor=MINA, at=LATER)
        assert due("consents.destruction") == []
        assert due("consents.destruction.stopped") == [decision.reference]

    def test_the_database_refuses_a_destruction_before_its_time(self) -> None:
        _decision, plan = self.withdraw()
        for changed in (
            "state = 'destroyed', ended_at = due_at - interval '1 second'",
            "due_at = due_at - interval '1 hour'",
            "state = 'stopped'",
        ):
            with self.assertRaises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE consents_planneddestruction SET {changed} WHERE id = %s",
                    [plan.id],
                )
        with self.assertRaises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM consents_planneddestruction")


@pytest.mark.attack("17.21")
class StoppingPageTest(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(agreed=("activation", "service-analytics", "app-log"), at=self.now)
        self.decision = Decision.objects.get(agreement__code="app-log")
        self.code = factory.consent_code(self.decision, at=self.now)

    def press(self, plan: PlannedDestruction, act: str) -> Any:
        return self.client.post(f"/consents/destructions/{plan.id}/", {"act": act}, follow=True)

    def test_the_same_code_opens_the_page_that_tells_it_and_stops_it(self) -> None:
        made = factory.decide(self.device, "app-log", "withdraw", at=self.now + timedelta(seconds=1), actor=SYSTEM)
        plan = PlannedDestruction.objects.get(decision=made)
        page = self.client.post("/en/consents/", {"code": self.code}, follow=True)
        self.assertContains(page, "We no longer collect or use the data processed on that consent.")
        self.assertContains(page, 'value="stop"')
        self.assertContains(self.press(plan, "stop"), 'value="continue"')
        plan.refresh_from_db()
        assert plan.is_stopped
        assert CurrentConsent.objects.get(agreement__code="app-log").choice == "withdraw"
        self.assertContains(self.press(plan, "continue"), 'value="stop"')

    def opens(self, at: datetime) -> bool:
        try:
            consents.person_of_code(self.code, address="203.0.113.9", at=at)
        except WrongCode:
            return False
        return True

    @pytest.mark.attack("17.2")
    def test_the_code_opens_the_page_for_as_long_as_something_can_be_stopped_or_continued(self) -> None:
        made = factory.decide(self.device, "app-log", "withdraw", at=self.now + timedelta(seconds=1), actor=SYSTEM)
        plan = PlannedDestruction.objects.get(decision=made)
        consents.stop_destruction(plan, actor=MINA, at=self.now)
        later = plan.due_at + timedelta(days=30)
        assert self.opens(later)
        consents.continue_destruction(plan, actor=MINA, at=later)
        hold = factory.make_hold(at=later)
        due = later + 2 * WAIT
        with self.assertRaises(OnHold):
            consents.end_collection(made, actor=SYSTEM, at=due)
        assert self.opens(due)
        lift_hold(hold, reason="settled", at=due)
        own = consents.issue_code(made, submission="own", actor=SYSTEM, at=due)
        assert consents.end_collection(made, actor=SYSTEM, at=due)
        assert not self.opens(due)
        assert own is not None
        assert consents.person_of_code(own, address="203.0.113.9", at=due) == self.device.subject_id

    @pytest.mark.attack("17.2")
    def test_the_code_ends_when_the_person_agrees_again(self) -> None:
        factory.decide(self.device, "app-log", "withdraw", at=self.now + timedelta(seconds=1))
        factory.agree(self.device, "app-log", at=self.now + timedelta(seconds=2))
        assert not self.opens(self.now + timedelta(seconds=3))

    def test_the_page_says_before_and_after_what_happens_when(self) -> None:
        self.client.post("/consents/", {"code": self.code})
        page = self.client.get("/en/consents/app-log/")
        self.assertContains(page, "destroy it 24 hours later")
        sent = {"decision": "withdraw", "text": page.context["version"].digest}
        receipt = self.client.post("/en/consents/app-log/", sent, follow=True)
        self.assertContains(receipt, "It is destroyed from")
        self.assertContains(receipt, 'value="stop"')

    def test_where_nothing_waits_it_happens_at_once_and_the_page_says_so(self) -> None:
        Parameter.objects.create(
            code="withdrawal.wait.hours", value=0, unit="hours", effective_on=date(2021, 1, 1), basis="test"
        )
        self.client.post("/consents/", {"code": self.code})
        self.assertContains(self.client.get("/en/consents/app-log/"), "This takes effect at once.")
        made = factory.decide(self.device, "app-log", "withdraw", at=self.now + timedelta(seconds=1))
        assert consents.end_collection(made, actor=SYSTEM, at=self.now + timedelta(seconds=1))
        assert vault.is_destroyed(self.device.subject_id, "app-log")

    def test_what_the_office_stopped_the_person_is_told_to_ask_about(self) -> None:
        made = factory.decide(self.device, "app-log", "withdraw", at=self.now + timedelta(seconds=1), actor=SYSTEM)
        plan = PlannedDestruction.objects.get(decision=made)
        consents.stop_destruction(plan, actor=factory.make_officer(), at=self.now)
        self.client.post("/consents/", {"code": self.code})
        answer = self.client.post(f"/en/consents/destructions/{plan.id}/", {"act": "continue"})
        self.assertContains(answer, "Our office stopped this destruction.", status_code=422)

    @pytest.mark.asvs("8.2.2")
    def test_nobody_stops_anothers(self) -> None:
        other = factory.make_device(2, agreed=("activation", "app-log"), at=self.now)
        theirs = factory.decide(other, "app-log", "withdraw", at=self.now)
        plan = PlannedDestruction.objects.get(decision=theirs)
        assert self.client.post(f"/consents/destructions/{plan.id}/", {"act": "stop"}).status_code == 302
        self.client.post("/consents/", {"code": self.code})
        assert self.press(plan, "stop").status_code == 404
        assert self.client.post(f"/consents/destructions/{uuid4()}/", {"act": "stop"}).status_code == 404
        plan.refresh_from_db()
        assert plan.state == "waiting"


@pytest.mark.attack("17.21")
class GatewayWithdrawsTest(ApiTestCase):
    def test_a_gateways_withdrawal_waits_too(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        sent = {
            "decision": "withdraw", "version": 1, "decided_at": self.now.isoformat(), "method": "app", "language": "ko",
        }  # fmt: skip
        answer = self.call("PUT", f"/devices/{device.id}/consents/activation", sent).json()
        plan = PlannedDestruction.objects.get()
        assert plan.decision.reference == answer["receipt"]["record_id"]
        assert plan.due_at >= self.now + WAIT
        self.assertRefused(self.send(self.report(device)), "withdrawn")
        with self.assertRaises(consents.TooEarly):
            consents.end_collection(plan.decision, actor=SYSTEM, at=plan.due_at - timedelta(seconds=1))
        opened = self.client.post("/en/consents/", {"code": answer["code"]}, follow=True)
        self.assertContains(opened, 'value="stop"')

    def test_a_gateways_withdrawal_stops_collecting_and_using_at_once(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        assert self.send(self.report(device, "app-log")).status_code == 200
        sent = {
            "decision": "withdraw", "version": 1, "decided_at": self.now.isoformat(), "method": "app", "language": "ko",
        }  # fmt: skip
        answer = self.call("PUT", f"/devices/{device.id}/consents/app-log", sent).json()
        self.assertRefused(self.send(self.report(device, "app-log")), "no-consent")
        with (
            self.assertRaises(vault.Frozen),
            vault.opened(
                purpose=Purpose.ERROR_ANALYSIS, task="tests.log.read", actor=SYSTEM, at=self.now
            ) as vault_session,
        ):
            vault_session.decrypt(AppLog.objects.get(), "body")
        page = self.client.post("/en/consents/", {"code": answer["code"]}, follow=True)
        self.assertContains(page, "We no longer collect or use the data processed on that consent.")
