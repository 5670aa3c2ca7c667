"""What an advertisement must say is asked of its text (law C-20)."""

import pytest
from django.urls import reverse

from consents import advertising_texts
from tests import factory
from tests.base import PortalTestCase

GOOD_SMS = "(광고) 엑스트러스\n새 기능을 안내합니다. 문의 02-555-0100\n무료수신거부 080-123-4567"
GOOD_MAIL = (
    "엑스트러스 소식입니다. 문의: 02-555-0100, 서울시 강남구\n"
    "수신을 원하지 않으시면 수신거부를 눌러 주십시오: https://extrus.example/unsubscribe"
)


def codes(text: str, channel: str = "sms", subject: str = "") -> list[str]:
    return [one.code for one in advertising_texts.problems(text, channel, subject=subject)]


@pytest.mark.law("C-20")
class TextTests(PortalTestCase):
    def test_what_says_everything_lacks_nothing(self) -> None:
        assert codes(GOOD_SMS) == codes(GOOD_SMS, "push") == []
        assert codes(GOOD_MAIL, "email", "(광고) 새 기능 안내") == []

    def test_each_thing_that_is_left_out_is_named(self) -> None:
        for left_out, code in (
            ("(광고) ", "mark"), ("엑스트러스", "sender"), ("02-555-0100", "contact"), ("무료수신거부", "refusal"),
            ("080-123-4567", "refusal-way"), ("무료", "free"),
        ):  # fmt: skip
            text = GOOD_SMS.replace(left_out, "")
            if code == "contact":
                text = text.replace("080-123-4567", "https://extrus.example/r/1")
            assert codes(text) == [code], left_out
        assert codes(GOOD_MAIL, "email", "새 기능 안내") == ["mark"]
        assert codes(GOOD_MAIL.replace("https://extrus.example/unsubscribe", ""), "email", "(광고) x") == [
            "refusal-way"
        ]

    def test_a_disguised_mark_is_none(self) -> None:
        for mark in ("(광 고)", "[광고]", "(광.고)", "( 광고 )", "(AD)", "광고)", "안내 (광고)"):
            assert codes(GOOD_SMS.replace("(광고)", mark)) == ["mark"], mark
        told = advertising_texts.problems(GOOD_SMS.replace("(광고)", "[광고]"), "sms")
        assert "(광고)" in told[0].message

    def test_the_page_tells_what_is_missing_and_keeps_what_was_typed(self) -> None:
        self.client.force_login(factory.make_odile())
        page = reverse("admin:consents_advertisement_check")
        told = self.client.post(page, {"channel": "sms", "text": "엑스트러스 할인"}).content.decode()
        assert "엑스트러스 할인" in told
        assert told.count("<li data-lacks=") == 3
        good = self.client.post(page, {"channel": "sms", "text": GOOD_SMS}).content.decode()
        assert "<li data-lacks=" not in good
        assert page in self.client.get(reverse("admin:consents_advertisingnotice_changelist")).content.decode()
