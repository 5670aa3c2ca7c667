"""What mails and pages say of data after a withdrawal is so: on hold, blocked by a case, destroyed in another way."""

import re
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.urls import reverse
from django.utils import translation

from consents import actions as consents
from consents import tasks
from consents.models import Agreement, Decision, PlannedDestruction
from devices import actions as devices
from devices.models import AppLog
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.lib.dates import clock
from privacy.retention.actions.destruction import execution
from privacy.retention.models import DestructionList
from privacy.retention.refusals import AlreadyRunning, OnHold
from privacy.rights import actions as rights
from privacy.rights import tasks as rights_tasks
from privacy.rights.actions import RequestedRight
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.consents.withdrawals import DUE, LATER, MINE, ToldWithdrawalCase, mails, words
from tests.factories.retention import at_noon, carry_out_all, lift_hold, sweep_on
from tests.factory import NOON

SYSTEM = SystemActor("consents")
SOON = LATER + timedelta(minutes=1)
HELD = "동의가 종료되었으나 개인정보의 파기는 보류되었습니다"
A_DAY = "이후에 파기합니다"


class ToldCase(ToldWithdrawalCase):
    language = "ko"

    def setUp(self) -> None:
        super().setUp()
        subjects.record_contact(
            self.mina, kind="email", value=MINE, language=self.language, source="person", actor=self.me, at=NOON
        )
        mails(at=NOON)

    def told(self, *, at: datetime) -> tuple[str, str]:
        (mail,) = mails(at=at)
        return str(mail["Subject"]), words(mail)

    def release(self, kind: str, *, at: datetime = NOON) -> None:
        """A granted request that somebody carries out: a deletion waits its day, a suspension blocks."""
        factory.make_officer()
        receipt = factory.ask(RequestedRight(kind), target=factory.imei(1))
        rights.carry_out(factory.make_granted(receipt), actor=factory.make_handler(), at=at)


@pytest.mark.attack("17.21")
class UnderAHold(ToldCase):
    def test_no_day_is_named(self) -> None:
        factory.make_hold(at=NOON)
        self.withdraw()
        subject, said = self.told(at=LATER)
        assert subject == HELD
        assert A_DAY not in said
        assert "파기를 중단하실 수 있습니다" in said

    def test_who_was_told_a_day_is_told_that_it_is_kept_once(self) -> None:
        decision, _plan = self.withdraw()
        assert A_DAY in self.told(at=LATER)[1]
        factory.make_hold(at=LATER)
        for hours in (0, 12, 24):
            with self.assertRaises(OnHold):
                consents.end_collection(decision, actor=SYSTEM, at=DUE + timedelta(hours=hours))
        assert self.told(at=DUE + timedelta(days=2))[0] == HELD
        assert mails(at=DUE + timedelta(days=3)) == []

    def test_of_another_withdrawal_no_day_is_named_either(self) -> None:
        _decision, app_log = self.withdraw("app-log")
        self.withdraw("activation")
        mails(at=LATER)
        factory.make_hold(at=LATER)
        consents.stop_destruction(app_log, actor=self.me, at=SOON)
        said = self.told(at=SOON)[1]
        assert A_DAY not in said
        assert "파기할 날은 정해지지 않았습니다" in said

    def test_when_it_has_ended_the_day_is_named_again(self) -> None:
        held = factory.make_hold(at=NOON)
        self.withdraw()
        lift_hold(held, at=LATER)
        assert A_DAY in self.told(at=LATER)[1]


@pytest.mark.attack("17.21")
class BesideACase(ToldCase):
    language = "en"

    def test_agreed_again_is_not_said_to_be_used_while_a_case_blocks_it(self) -> None:
        for number, kind in enumerate(("deletion", "suspension")):
            with self.subTest(kind):
                at = LATER + timedelta(hours=number)
                factory.decide(self.device, "app-log", "withdraw", at=at)
                mails(at=at)
                self.release(kind, at=at)
                factory.agree(self.device, "app-log", at=at + timedelta(minutes=1))
                subject, said = self.told(at=at + timedelta(minutes=1))
                assert subject == "You agreed again, but your data stays blocked"
                assert "we collect and use the data again" not in said
                assert "That case decides whether the data is kept or destroyed" in said

    def test_without_one_it_is(self) -> None:
        self.withdraw()
        mails(at=LATER)
        factory.agree(self.device, "app-log", at=SOON)
        subject, said = self.told(at=SOON)
        assert subject == "You agreed again, and your data is not destroyed"
        assert "we collect and use the data again" in said

    def test_stopped_is_not_said_to_be_kept(self) -> None:
        self.release("deletion")
        _decision, plan = self.withdraw()
        mails(at=LATER)
        consents.stop_destruction(plan, actor=self.me, at=SOON)
        said = self.told(at=SOON)[1]
        assert "we keep the data blocked" not in said
        assert "That case decides whether the data is kept or destroyed" in said

    def test_what_it_has_destroyed_is_said_to_be_destroyed(self) -> None:
        factory.make_officer()
        receipt = factory.ask(RequestedRight("deletion", category="app-log"), target=factory.imei(1))
        rights.carry_out(factory.make_granted(receipt, at=NOON), actor=factory.make_handler(), at=NOON)
        _decision, plan = self.withdraw()
        mails(at=LATER)
        at = NOON + timedelta(hours=24)
        assert rights_tasks.resume_interrupted(at=at) == 1
        consents.stop_destruction(plan, actor=self.me, at=at + timedelta(minutes=1))
        subject, said = self.told(at=at + timedelta(minutes=1))
        assert subject == "Your consent has ended, and your data was destroyed"
        assert "The data has already been destroyed" in said
        assert "blocked and do not use it" not in said


@pytest.mark.attack("17.21")
class WhatIsStopped(ToldCase):
    language = "en"

    def test_is_told_once_however_often_it_was_stopped_meanwhile(self) -> None:
        _decision, plan = self.withdraw()
        mails(at=LATER)
        for seconds in range(0, 6, 2):
            consents.stop_destruction(plan, actor=self.me, at=LATER + timedelta(seconds=seconds))
            consents.continue_destruction(plan, actor=self.me, at=LATER + timedelta(seconds=seconds + 1))
        consents.stop_destruction(plan, actor=self.me, at=SOON)
        assert self.told(at=SOON)[0] == "The destruction of your personal data was stopped"

    def test_is_kept_at_most_until_its_retention_ends(self) -> None:
        _decision, plan = self.withdraw()
        mails(at=LATER)
        consents.stop_destruction(plan, actor=self.me, at=SOON)
        said = self.told(at=SOON)[1]
        assert "at most until its retention period and any hold for litigation or an investigation have ended" in said
        assert "continue the destruction or agree again" in said

    def test_nobody_is_told_to_agree_again_where_that_is_refused(self) -> None:
        _decision, app_log = self.withdraw("app-log")
        _ended, activation = self.withdraw("activation")
        mails(at=LATER)
        consents.stop_destruction(activation, actor=self.me, at=LATER)
        mails(at=LATER)
        consents.stop_destruction(app_log, actor=self.me, at=SOON)
        said = self.told(at=SOON)[1]
        assert "There you can continue the destruction. If" in said
        assert "agree again" not in said

    def test_nor_by_the_office(self) -> None:
        _decision, app_log = self.withdraw("app-log")
        _ended, activation = self.withdraw("activation")
        mails(at=LATER)
        office, at = factory.make_odile(), SOON + timedelta(hours=2)
        consents.stop_destruction(app_log, actor=office, at=SOON)
        mails(at=SOON)
        consents.stop_destruction(activation, actor=office, at=SOON)
        assert "agree again on the page below" in self.told(at=SOON)[1]
        consents.continue_destruction(app_log, actor=office, at=SOON)
        consents.stop_destruction(app_log, actor=office, at=at)
        assert "agree again" not in self.told(at=at)[1]

    def test_is_not_offered_where_it_was_destroyed_and_the_registration_ended(self) -> None:
        decision, _plan = self.withdraw("app-log")
        assert consents.end_collection(decision, actor=SYSTEM, at=DUE)
        factory.decide(self.device, "activation", "withdraw", at=DUE + timedelta(hours=1))
        person = Subject.objects.get(pk=self.mina.pk)
        refusal = consents.refusal_to_agree(person, Agreement.objects.get(code="app-log"))
        assert "파기되었습니다" in str(refusal)


@pytest.mark.attack("17.21")
class APlansPage(PortalTestCase):
    def setUp(self) -> None:
        self.at = at_noon(clock.today() - timedelta(days=120))
        self.device = factory.make_device(agreed=("activation", "service-analytics", "app-log"), at=self.at)
        reports = [factory.make_report(self.device, kind, at=self.at) for kind in factory.BODIES]
        devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=self.at)
        agreed = Decision.objects.get(agreement__code="app-log")
        self.code = factory.consent_code(agreed, at=self.at)
        decision = factory.decide(self.device, "app-log", "withdraw", at=self.at + timedelta(hours=1))
        self.plan = PlannedDestruction.objects.get(decision=decision)

    def page(self, language: str = "/en") -> str:
        self.client.get(f"{language}/consents/")
        page = self.client.post(f"{language}/consents/", {"code": self.code}, follow=True)
        return re.sub(r"\s+", " ", page.content.decode())

    def stop(self) -> None:
        person = Subject.objects.get(pk=self.device.subject_id)
        consents.stop_destruction(
            self.plan, actor=ExternalActor("subject", person.reference), at=self.at + timedelta(hours=2)
        )

    def test_names_a_day_only_where_no_hold_covers_it(self) -> None:
        assert "It is destroyed from" in self.page()
        factory.make_hold(at=self.at)
        said = self.page()
        assert "It is destroyed from" not in said
        assert "no day is set for its destruction" in said
        assert "Stop the destruction" in said
        assert "파기할 날은 정해지지 않았습니다" in self.page("")

    def test_says_of_what_is_stopped_that_it_is_kept_until_its_retention_ends(self) -> None:
        self.stop()
        assert (
            "at most until its retention period and any hold for litigation or an investigation have ended"
            in self.page()
        )
        assert "보유 기간이 끝나고 소송·수사에 따른 파기 보류가 없으면 파기합니다" in self.page("")

    def test_says_what_is_destroyed_in_part(self) -> None:
        decision = factory.decide(self.device, "activation", "withdraw", at=self.at + timedelta(hours=2))
        due, real, begun = self.at + timedelta(hours=27), execution.execute, []

        def some(row: DestructionList, **rest: Any) -> bool:
            begun.append(row.category)
            if len(begun) > 3:
                raise AlreadyRunning("another")
            return real(row, **rest)

        with patch("privacy.retention.actions.destruction_orders.execution.execute", side_effect=some):
            consents.end_collection(decision, actor=SYSTEM, at=due)
        assert "It is being destroyed now" in self.page()
        factory.make_hold(at=due)
        assert not consents.end_collection(decision, actor=SYSTEM, at=due)
        assert "Part of it is destroyed, the rest is on hold for litigation or an investigation" in self.page()

    def test_says_that_a_case_decides(self) -> None:
        self.stop()
        vault.freeze(
            subject_id=self.device.subject_id,
            category="app-log",
            cause="suspension",
            case="K1-1",
            actor=SYSTEM,
            at=self.at,
        )
        said = self.page()
        assert "That case decides whether it is kept or destroyed" in said
        assert "until you decide" not in said

    def test_no_longer_says_that_it_is_kept_and_the_plan_is_closed_once_its_retention_has_ended(self) -> None:
        self.stop()
        assert tasks.close_stopped() == 0
        carry_out_all(sweep_on(clock.today() - timedelta(days=10)))
        assert not AppLog.objects.exists()
        said = self.page()
        assert "It has been destroyed" in said
        assert "Continue the destruction" not in said
        assert tasks.close_stopped() == 1
        assert tasks.close_stopped() == 0
        self.plan.refresh_from_db()
        assert (self.plan.state, self.plan.stopped_by) == ("destroyed", "")
        assert not vault.active_freezes(self.device.subject_id, "app-log")
        self.assertLedgered("consents.collection.ended", self.plan.decision)

    def test_the_officers_page_says_that_it_is_on_hold(self) -> None:
        self.client.force_login(factory.make_odile())
        page = reverse("admin:consents_planneddestruction_change", args=[self.plan.pk])
        with translation.override("en"):
            in_english = reverse("admin:consents_planneddestruction_change", args=[self.plan.pk])
        assert ">파기 보류</span>" not in self.client.get(page).content.decode()
        factory.make_hold(at=self.at)
        assert ">파기 보류</span>" in self.client.get(page).content.decode()
        assert ">on hold</span>" in self.client.get(in_english).content.decode()
