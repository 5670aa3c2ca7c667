"""A withdrawal is told to every address on record: what happens when, how to stop it, and that it was stopped."""

from datetime import timedelta

import pytest

from consents import actions as consents
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.subjects import actions as subjects
from tests import factory
from tests.consents.withdrawals import DUE, LATER, MINE, OTHER, TELLS, ToldWithdrawalCase, mails, words
from tests.factory import NOON


@pytest.mark.attack("17.21")
class AWithdrawalIsTold(ToldWithdrawalCase):
    def test_with_what_happens_when_and_how_to_stop_it(self) -> None:
        decision, _plan = self.withdraw()
        (mail,) = mails(at=LATER)
        assert (mail["To"], decision.reference in words(mail)) == (MINE, True)
        assert mail["Subject"] == "동의가 종료되어 개인정보를 파기할 예정입니다"
        assert "동의" in words(mail)
        assert "/consents/" in words(mail)
        assert timedelta(hours=24) == DUE - LATER
        assert "11월 25일 (수) 13:00 이후에 파기합니다" in words(mail)
        assert "파기 중단" in words(mail)

    def test_in_the_language_of_the_contact(self) -> None:
        subjects.record_contact(
            self.mina, kind="email", value=MINE, language="en", source="person", actor=self.me, at=NOON
        )
        self.withdraw("activation")
        (mail,) = mails(at=LATER)
        assert mail["Subject"] == "Your consent has ended, and your data is going to be destroyed"
        assert "press “Stop the destruction”" in words(mail)
        assert "Your registration has ended with it" in words(mail)

    def test_also_to_the_proven_address_that_was_changed_just_before(self) -> None:
        subjects.record_contact(self.mina, kind="email", value=OTHER, source="person", actor=self.me, at=NOON)
        mails(at=NOON)
        self.withdraw()
        assert {str(mail["To"]) for mail in mails(at=LATER)} == {MINE, OTHER}

    def test_not_to_one_that_ended_long_ago(self) -> None:
        subjects.end_contact(self.contact, actor=self.me, at=NOON - timedelta(hours=72))
        self.withdraw()
        assert mails(at=LATER) == []

    def test_and_so_is_that_it_was_stopped_goes_on_or_was_given_up(self) -> None:
        _decision, plan = self.withdraw()
        mails(at=LATER)
        consents.stop_destruction(plan, actor=factory.make_odile(), at=LATER)
        (mail,) = mails(at=LATER)
        assert "중단" in str(mail["Subject"])
        factory.decide(self.device, "app-log", "agree", at=LATER + timedelta(minutes=1))
        (mail,) = mails(at=LATER + timedelta(minutes=2))
        assert "다시 동의" in words(mail)

    def test_what_is_no_longer_so_is_not_told(self) -> None:
        _decision, plan = self.withdraw()
        consents.stop_destruction(plan, actor=self.me, at=LATER)
        (mail,) = mails(at=LATER)
        assert "중단" in str(mail["Subject"])

    def test_nobody_is_flooded(self) -> None:
        now = clock.now()
        decision = factory.decide(self.device, "app-log", "withdraw", at=now)
        plan, arrived = decision.destruction, 0
        for number in range(10):
            at = now + timedelta(seconds=number)
            consents.stop_destruction(plan, actor=self.me, at=at)
            consents.continue_destruction(plan, actor=self.me, at=at)
            arrived += len(mails(at=at))
        assert arrived <= 3
        assert GeneralOutbox.objects.waiting().filter(kind=TELLS).exists()

    def test_nothing_is_told_where_nothing_waits(self) -> None:
        Parameter.objects.create(
            code="withdrawal.wait.hours", value=0, unit="hours", effective_on=clock.kst_date(NOON), basis="test"
        )
        self.withdraw()
        assert not GeneralOutbox.objects.filter(kind=TELLS).exists()
