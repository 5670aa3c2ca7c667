"""A hold that comes after the order: what is told of the data is what is so, and what is kept can be stopped."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from consents import actions as consents
from consents.models import Agreement, Decision, PlannedDestruction
from devices.models import Device
from privacy.ledger.actors import SystemActor
from privacy.retention.actions.destruction import execution
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AlreadyRunning, OnHold
from privacy.subjects import actions as subjects
from tests import factory
from tests.consents.withdrawals import DUE, LATER, MINE, ToldWithdrawalCase, mails, words
from tests.factories.retention import lift_hold

SYSTEM = SystemActor("consents")
EXECUTE = "privacy.retention.actions.destruction_orders.execution.execute"
SOON = DUE + timedelta(minutes=2)


@pytest.mark.attack("17.21")
class AHoldAfterTheOrder(ToldWithdrawalCase):
    def ordered(self, code: str) -> tuple[Decision, PlannedDestruction]:
        """A withdrawal whose destruction is ordered; another destruction is running."""
        decision, plan = self.withdraw(code)
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            assert not consents.end_collection(decision, actor=SYSTEM, at=DUE)
        return decision, plan

    def try_again(self, decision: Decision) -> None:
        assert not consents.end_collection(decision, actor=SYSTEM, at=DUE + timedelta(minutes=1))
        with self.assertRaises(OnHold):
            consents.end_collection(decision, actor=SYSTEM, at=SOON)

    def told(self) -> tuple[str, str]:
        (mail,) = mails(at=SOON)
        return str(mail["Subject"]), words(mail)

    def test_is_told_and_the_destruction_can_be_stopped(self) -> None:
        for code in ("app-log", "activation"):
            with self.subTest(code):
                decision, plan = self.ordered(code)
                held = factory.make_hold(at=DUE)
                self.try_again(decision)
                assert set(DestructionList.objects.values_list("state", flat=True)) == {"aborted"}
                subject, said = self.told()
                assert subject == "동의가 종료되었으나 개인정보의 파기는 보류되었습니다"
                assert "파기할 날은 정해지지 않았습니다" in said
                assert "파기를 중단하실 수 있습니다" in said
                assert "지금 파기하고" not in said
                assert consents.stop_destruction(plan, actor=self.me, at=SOON).state == "stopped"
                mails(at=SOON)
                lift_hold(held, at=SOON)

    def test_while_the_lists_are_not_aborted_yet_nothing_is_said_to_be_destroyed(self) -> None:
        self.ordered("app-log")
        factory.make_hold(at=DUE)
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            subject, said = self.told()
        assert subject == "동의가 종료되었으나 개인정보의 파기는 보류되었습니다"
        assert "지금 파기하고" not in said
        assert "중단하실 수" not in said

    def test_without_it_the_data_is_said_to_be_destroyed_now(self) -> None:
        self.ordered("app-log")
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            subject, said = self.told()
        assert subject == "동의가 종료되어 개인정보를 파기하고 있습니다"
        assert "더 이상 중단할 수 없습니다" in said

    def test_the_person_may_agree_again(self) -> None:
        decision, plan = self.ordered("activation")
        factory.make_hold(at=DUE)
        self.try_again(decision)
        factory.agree(self.device, "activation", at=SOON)
        plan.refresh_from_db()
        assert plan.state == "agreed-again"

    def test_once_it_has_ended_the_destruction_goes_on(self) -> None:
        decision, plan = self.ordered("activation")
        held = factory.make_hold(at=DUE)
        self.try_again(decision)
        lift_hold(held, at=SOON)
        assert consents.end_collection(decision, actor=SYSTEM, at=SOON)
        plan.refresh_from_db()
        assert plan.state == "destroyed"
        assert not Device.objects.filter(pk=self.device.pk).exists()

    def test_of_what_is_partly_destroyed_says_so(self) -> None:
        decision, plan = self.withdraw("activation")
        real, begun = execution.execute, []

        def some(row: DestructionList, **rest: Any) -> bool:
            begun.append(row.category)
            if len(begun) > 3:
                raise AlreadyRunning("another")
            return real(row, **rest)

        with patch(EXECUTE, side_effect=some):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert begun == ["app-log", "complaint", "destruction-evidence", "device-registration"]
        factory.make_hold(at=DUE)
        self.try_again(decision)
        plan.refresh_from_db()
        assert plan.state == "under-way"
        with self.assertRaises(consents.NotWaiting):
            consents.stop_destruction(plan, actor=self.me, at=SOON)
        refusal = consents.refusal_to_agree(self.mina, Agreement.objects.get(code="activation"))
        assert "일부를 파기" in str(refusal)
        subject, said = self.told()
        assert subject == "동의가 종료되어 개인정보의 일부를 파기했습니다"
        assert "나머지는 소송이나 수사로 파기가 보류되었습니다" in said
        assert "더 이상 중단할 수 없습니다" in said

    def test_in_english_too(self) -> None:
        subjects.record_contact(
            self.mina, kind="email", value=MINE, language="en", source="person", actor=self.me, at=LATER
        )
        decision, _plan = self.ordered("app-log")
        factory.make_hold(at=DUE)
        self.try_again(decision)
        subject, said = self.told()
        assert subject == "Your consent has ended, and the destruction of your data is on hold"
        assert "A hold for litigation or an investigation covers it" in said
        assert "You can still stop the destruction." in said
