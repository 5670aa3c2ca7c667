"""What an advertisement must say is asked of its text (law C-20)."""

import pytest
from django.urls import reverse

from consents import advertising_texts
from tests import factory
from tests.base import PortalTestCase

GOOD_SMS = "(광고) 엑스트러스\n새 기능을 안내합니다. 문의 02-555-0100\n무료수신거부 080-123-4567"
GOOD_MAIL = (
    "엑스트러스 소식입니다. 문의: 02-555-0100, news@extrus.example, 서울시 강남구 테헤란로 1\n"
    "수신을 원하지 않으시면 수신거부를 눌러 주십시오: https://extrus.example/r/1\nTo unsubscribe, follow the link."
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
        assert codes(GOOD_MAIL.replace("https://extrus.example/r/1", ""), "email", "(광고) x") == ["refusal-way"]

    def test_an_email_says_more_and_in_two_languages(self) -> None:
        for left_out, code in (
            ("02-555-0100", "contact"), ("news@extrus.example", "contact"), (", 서울시 강남구 테헤란로 1", "contact"),
            ("수신거부", "refusal-language"), ("unsubscribe", "refusal-language"),
        ):  # fmt: skip
            assert codes(GOOD_MAIL.replace(left_out, "…"), "email", "(광고) x") == [code], left_out

    def test_every_usual_way_of_writing_the_refusal_is_one(self) -> None:
        for written in (
            "무료거부 0801234567", "무료거부0801234567", "무료 수신 거부 080 123 4567", "무료수신거부:080-1234-5678",
            "080-123-4567 무료수신거부", "0801234567(무료거부)", "080-123-4567로 무료 수신거부",
            "080-123-4567\n무료수신거부", "수신거부 080-123-4567, 무료입니다",
            "Unsubscribe free of charge: 080-123-4567",
            "무료수신거부\n080-123-4567", "수신거부(무료) 080-123-4567", "수신거부 080-123-4567 (무료)",
            "수신거부: 080-123-4567(무료통화)", "수신동의 철회 080-123-4567, 비용은 들지 않습니다",
            "무료 080-123-4567 수신거부", "무료전화 080-123-4567 수신거부", "무료수신거부 https://extrus.example/r/1",
        ):  # fmt: skip
            assert codes(GOOD_SMS.replace("무료수신거부 080-123-4567", written)) == [], written
        assert codes(GOOD_SMS.replace("080-123-4567", "앱 설정 > 알림"), "push") == []
        assert codes(GOOD_SMS.replace("080-123-4567", "앱 설정 > 알림")) == ["refusal-way"]

    def test_something_else_that_is_free_is_no_free_refusal(self) -> None:
        for written in (
            "무료 배송 이벤트! 수신거부 080-123-4567", "수신거부 080-123-4567 무료 배송",
            "수신거부 080-123-4567, 배송 무료", "수신거부 080-123-4567 무료로 받으세요",
            "무료체험\n수신거부 080-123-4567", "무료 상담 뒤 수신거부 080-123-4567",
        ):  # fmt: skip
            assert codes(GOOD_SMS.replace("무료수신거부 080-123-4567", written)) == ["free"], written

    def test_neither_another_number_nor_another_refusal_is_one(self) -> None:
        for written, code in (
            ("무료수신거부", "refusal-way"), ("무료수신거부 02-555-0100", "refusal-way"),
            ("상담 080-123-4567. 신제품을 보시고 무료수신거부", "refusal-way"),
            ("거부할 수 없는 혜택 080-123-4567 무료", "refusal"),
        ):  # fmt: skip
            assert codes(GOOD_SMS.replace("무료수신거부 080-123-4567", written)) == [code], written
        only_way = GOOD_SMS.replace(" 문의 02-555-0100", "")
        assert codes(only_way) == ["contact"]

    def test_the_refusal_stands_at_the_end(self) -> None:
        first = (
            "(광고) 엑스트러스\n무료수신거부 080-123-4567\n새 기능을 안내합니다.\n할인도 있습니다.\n문의 02-555-0100"
        )
        assert codes(first) == ["refusal-end"]

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
