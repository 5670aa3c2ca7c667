"""Of two withdrawals one is stopped or taken back: what is told of it is true of the data, and the other goes on."""

from datetime import timedelta

import pytest

from consents import actions as consents
from consents.models import Agreement
from privacy.subjects import actions as subjects
from tests import factory
from tests.consents.withdrawals import LATER, MINE, ToldWithdrawalCase, mails, words
from tests.factory import NOON

SOON = LATER + timedelta(minutes=1)
UNTIL = "11월 25일 (수) 13:00 이후에 파기합니다"


@pytest.mark.attack("17.21")
class TwoWithdrawals(ToldWithdrawalCase):
    def test_what_is_stopped_goes_with_the_registration_all_the_same(self) -> None:
        _decision, app_log = self.withdraw("app-log")
        ended, _plan = self.withdraw("activation")
        mails(at=LATER)
        consents.stop_destruction(app_log, actor=factory.make_odile(), at=LATER)
        (mail,) = mails(at=LATER)
        assert mail["Subject"] == "개인정보 파기 한 건이 중단되었으나 다른 파기는 중단되지 않았습니다"
        assert ended.reference in words(mail)
        assert UNTIL in words(mail)
        assert "이용을 계속 차단합니다" not in words(mail)

    def test_in_english_too(self) -> None:
        subjects.record_contact(
            self.mina, kind="email", value=MINE, language="en", source="person", actor=self.me, at=NOON
        )
        _decision, app_log = self.withdraw("app-log")
        self.withdraw("activation")
        mails(at=LATER)
        consents.stop_destruction(app_log, actor=self.me, at=LATER)
        (mail,) = mails(at=LATER)
        assert mail["Subject"] == "One destruction of your personal data was stopped, but another was not"
        assert "Your registration has ended with it" in words(mail)
        assert "we keep the data blocked" not in words(mail)

    def test_of_two_required_ones_one_that_comes_back_saves_nothing(self) -> None:
        self.withdraw("activation")
        other, _plan = self.withdraw("service-analytics")
        mails(at=LATER)
        factory.agree(self.device, "activation", at=SOON)
        (mail,) = mails(at=SOON)
        assert mail["Subject"] == "다시 동의하셨으나 다른 철회가 남아 있습니다"
        assert other.reference in words(mail)
        assert UNTIL in words(mail)
        assert "다시 시작" not in words(mail)

    def test_what_is_shared_with_another_consent_goes_with_it(self) -> None:
        shared = Agreement.objects.get(code="app-log").categories
        Agreement.objects.filter(code="service-analytics").update(required=False, categories=shared)
        self.withdraw("app-log")
        other, plan = self.withdraw("service-analytics")
        mails(at=LATER)
        factory.agree(self.device, "app-log", at=SOON)
        (mail,) = mails(at=SOON)
        assert (other.reference in words(mail), UNTIL in words(mail)) == (True, True)
        consents.stop_destruction(plan, actor=self.me, at=SOON)
        mails(at=SOON)
        factory.agree(self.device, "service-analytics", at=SOON)
        (mail,) = mails(at=SOON)
        assert mail["Subject"] == "다시 동의하셔서 개인정보를 파기하지 않습니다"

    def test_where_the_other_is_stopped_nothing_is_said_to_be_used_again(self) -> None:
        self.withdraw("activation")
        _other, plan = self.withdraw("service-analytics")
        consents.stop_destruction(plan, actor=self.me, at=LATER)
        mails(at=LATER)
        factory.agree(self.device, "activation", at=SOON)
        (mail,) = mails(at=SOON)
        assert "다시 시작" not in words(mail)
        assert "차단된 상태로 보관합니다" in words(mail)

    def test_an_unrelated_one_changes_nothing(self) -> None:
        Agreement.objects.filter(code="service-analytics").update(required=False)
        _decision, plan = self.withdraw("app-log")
        self.withdraw("service-analytics")
        mails(at=LATER)
        consents.stop_destruction(plan, actor=self.me, at=LATER)
        (mail,) = mails(at=LATER)
        assert mail["Subject"] == "개인정보의 파기가 중단되었습니다"

    def test_nothing_optional_is_agreed_to_while_the_registration_has_ended(self) -> None:
        _decision, app_log = self.withdraw("app-log")
        self.withdraw("activation")
        with self.assertRaises(consents.RegistrationEnded) as raised:
            factory.agree(self.device, "app-log", at=SOON)
        assert "필수 동의에 먼저 다시 동의" in str(raised.exception)
        app_log.refresh_from_db()
        assert app_log.state == "waiting"
        factory.agree(self.device, "activation", at=SOON)
        factory.agree(self.device, "app-log", at=SOON)
