"""Nobody silences the word of a withdrawal: neither by other acts about other consents nor by a correction."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from unittest.mock import patch

import pytest

from consents import actions as consents
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.retention.refusals import AlreadyRunning
from privacy.rights.actions import RequestedRight
from privacy.subjects import actions as subjects
from tests import factory
from tests.consents.withdrawals import DUE, LATER, MINE, OTHER, TELLS, ToldWithdrawalCase, mails, words
from tests.factory import NOON

SYSTEM = SystemActor("consents")
EXECUTE = "privacy.retention.actions.destruction_orders.execution.execute"


def retried(*, at: datetime) -> list[EmailMessage]:
    """What the worker sends when everything that was put off is tried again."""
    GeneralOutbox.objects.waiting().filter(kind=TELLS).update(not_before=NOON)
    return mails(at=at)


@pytest.mark.attack("17.21")
class NobodySilencesIt(ToldWithdrawalCase):
    def dispute(self) -> None:
        """A stranger asks on the public form for another address; nobody verified it."""
        asked = RequestedRight("correction", category="contact", item="email", wanted="thief@new.example")
        assert not factory.ask(asked, target=factory.imei(1), at=NOON).request.is_verified

    def test_what_mailed_nobody_puts_nothing_off(self) -> None:
        now = clock.now()
        plan = factory.decide(self.device, "app-log", "withdraw", at=now).destruction
        for number in range(5):
            at = now + timedelta(seconds=number + 1)
            consents.stop_destruction(plan, actor=self.me, at=at)
            consents.continue_destruction(plan, actor=self.me, at=at)
        (mail,) = mails(at=now + timedelta(seconds=9))
        assert "파기할 예정" in str(mail["Subject"])
        consents.stop_destruction(plan, actor=self.me, at=now + timedelta(seconds=10))
        (mail,) = mails(at=now + timedelta(seconds=11))
        assert "중단" in str(mail["Subject"])

    def test_what_was_mailed_about_another_consent_puts_nothing_off(self) -> None:
        now = clock.now()
        plan = factory.decide(self.device, "app-log", "withdraw", at=now).destruction
        for number in range(5):
            at = now + timedelta(seconds=number + 1)
            mails(at=at)
            consents.stop_destruction(plan, actor=self.me, at=at)
            consents.continue_destruction(plan, actor=self.me, at=at)
        ended = factory.decide(self.device, "activation", "withdraw", at=now + timedelta(seconds=9))
        assert [mail for mail in mails(at=now + timedelta(seconds=9)) if ended.reference in words(mail)]

    def test_the_first_word_of_a_plan_is_never_put_off(self) -> None:
        now = clock.now()
        plan = factory.decide(self.device, "app-log", "withdraw", at=now).destruction
        for number in range(5):
            at = now + timedelta(seconds=number + 1)
            consents.stop_destruction(plan, actor=self.me, at=at)
            mails(at=at)
            consents.continue_destruction(plan, actor=self.me, at=at)
        (mail,) = mails(at=now + timedelta(seconds=9))
        assert "파기할 예정" in str(mail["Subject"])

    def test_that_somebody_was_told_is_on_the_trail(self) -> None:
        _decision, plan = self.withdraw()
        told = Entry.objects.about(f"consents.planneddestruction:{plan.pk}").filter(word="consents.destruction.told")
        assert not told.exists()
        assert len(mails(at=LATER)) == 1
        assert facts_in(told.get().payload)["template"].startswith("consents.destruction-planned built-in ")

    def test_a_correction_holds_back_no_proven_address(self) -> None:
        self.dispute()
        self.withdraw("activation")
        (mail,) = mails(at=LATER)
        assert mail["To"] == MINE

    def test_it_holds_back_the_unproven_one_alone_and_not_for_ever(self) -> None:
        subjects.record_contact(self.mina, kind="email", value=OTHER, source="person", actor=self.me, at=NOON)
        mails(at=NOON)
        self.dispute()
        self.withdraw()
        assert [str(mail["To"]) for mail in mails(at=LATER)] == [MINE]
        assert retried(at=LATER + timedelta(hours=1)) == []
        (mail,) = retried(at=DUE - timedelta(minutes=90))
        assert (mail["To"], "파기가 시작되기 전에 중단" in words(mail)) == (OTHER, True)
        assert retried(at=DUE) == []

    def test_also_where_no_address_was_proven(self) -> None:
        subjects.end_contact(self.contact, actor=self.me, at=NOON - timedelta(hours=72))
        subjects.record_contact(self.mina, kind="email", value=OTHER, source="person", actor=self.me, at=NOON)
        mails(at=NOON)
        self.dispute()
        self.withdraw("activation")
        assert mails(at=LATER) == []
        assert [str(mail["To"]) for mail in retried(at=DUE - timedelta(minutes=90))] == [OTHER]

    def test_who_was_never_told_is_told_that_it_is_being_destroyed(self) -> None:
        decision, _plan = self.withdraw()
        with patch(EXECUTE, side_effect=AlreadyRunning("another")):
            consents.end_collection(decision, actor=SYSTEM, at=DUE)
            (mail,) = mails(at=DUE)
        assert mail["Subject"] == "동의가 종료되어 개인정보를 파기하고 있습니다"
        assert "더 이상 중단할 수 없습니다" in words(mail)
        assert "파기 중단" not in words(mail)

    def test_who_was_never_told_is_told_that_it_was_destroyed(self) -> None:
        decision, _plan = self.withdraw()
        consents.end_collection(decision, actor=SYSTEM, at=DUE)
        (mail,) = mails(at=DUE + timedelta(minutes=10))
        assert mail["Subject"] == "동의가 종료되어 개인정보를 파기했습니다"
        assert "11월 25일 (수) 13:00에 파기했습니다" in words(mail)
        assert "파기 중단" not in words(mail)

    def test_who_was_told_is_not_told_again(self) -> None:
        decision, _plan = self.withdraw()
        assert mails(at=LATER)
        consents.end_collection(decision, actor=SYSTEM, at=DUE)
        assert retried(at=DUE + timedelta(minutes=10)) == []
