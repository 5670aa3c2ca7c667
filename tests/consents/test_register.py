"""The register of consents has the columns of its form, and what they say is so (law F-13)."""

from datetime import date, timedelta
from typing import Any

import pytest

from consents.models import AdvertisingNotice, Representative
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor
from privacy.lib.registries import registers
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase

PLACE = "203.0.113.9"


@pytest.mark.law("F-13")
class RegisterTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.device = factory.make_device(1)

    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows of the day by receipt."""
        register, today = registers.get("consents"), factory.NOON.date()
        window = registers.ExportScope(today - timedelta(days=1), today, self.odile, factory.NOON, "inspection")
        found = [dict(zip(register.headings, row, strict=True)) for row in register.rows(window)]
        return {str(row["접수번호"]): row for row in found}

    def test_an_advertising_consent_says_from_where_what_was_told_and_until_when_it_counts(self) -> None:
        person = ExternalActor("subject", "D-1")
        factory.state_age(self.device)
        with request_context.override(address=PLACE, peer=PLACE):
            decision = factory.agree(self.device, "advertising-sms", actor=person, method="website")
        row = self.rows()[decision.reference]
        assert row["접속지(IP)"] == PLACE
        assert row["결과 통지 기한"] == date(2026, 12, 8)
        assert (row["결과 통지일"], row["2년 확인 이행일"]) == (None, None)
        assert row["2년 확인 예정일"] == date(2028, 11, 23)
        told, confirmed = factory.NOON + timedelta(days=1), factory.NOON + timedelta(days=700)
        AdvertisingNotice.objects.filter(decision=decision).update(sent_at=told, state="sent")
        AdvertisingNotice.objects.create(
            kind="confirmation", decision=decision, subject_id=decision.subject_id, due_on=confirmed.date(),
            state="sent", made_at=confirmed, sent_at=confirmed,
        )  # fmt: skip
        row = self.rows()[decision.reference]
        assert (row["결과 통지일"], row["2년 확인 이행일"]) == (told, confirmed)
        assert row["2년 확인 예정일"] == date(2030, 10, 23)

    def test_each_decision_stands_there_with_person_text_kind_choice_moment_and_way(self) -> None:
        decision = factory.decide(self.device, "app-log", "disagree", method="phone", actor=self.odile)
        row = self.rows()[decision.reference]
        text = factory.text_in_force("app-log")
        assert row["정보주체"] == Subject.objects.get(pk=self.device.subject_id).reference
        assert (row["동의서"], row["동의서 버전"]) == (text.title_ko, text.number)
        assert (row["종류"], row["필수/선택"]) == (text.agreement.get_kind_display(), "선택")
        assert (row["동의/거부/철회"], row["방법"]) == (decision.get_choice_display(), decision.get_method_display())
        assert (row["일시"], row["본문 SHA-256"]) == (decision.decided_at, text.digest)
        assert row["기록자"] == self.odile.ref

    def test_the_address_of_a_server_or_an_office_is_not_given_as_the_person_s(self) -> None:
        gateway = ExternalActor("gateway", "G-1")
        with request_context.override(address=PLACE, peer=PLACE):
            made = [
                factory.agree(self.device, code, actor=actor)
                for code, actor in (("advertising-sms", gateway), ("advertising-email", self.odile))
            ]
        assert {self.rows()[one.reference]["접속지(IP)"] for one in made} == {""}

    def test_one_that_was_withdrawn_is_confirmed_no_more(self) -> None:
        decision = factory.agree(self.device, "advertising-sms")
        withdrawn = factory.decide(self.device, "advertising-sms", "withdraw")
        found = self.rows()
        assert found[decision.reference]["2년 확인 예정일"] is None
        assert found[withdrawn.reference]["2년 확인 예정일"] is None
        assert found[withdrawn.reference]["결과 통지 기한"] is not None

    def test_a_consent_to_something_else_has_neither_notice_nor_confirmation(self) -> None:
        decision = factory.agree(factory.make_device(2, agreed=()), "activation")
        row = self.rows()[decision.reference]
        assert {row[name] for name in ("결과 통지 기한", "결과 통지일", "2년 확인 예정일", "2년 확인 이행일")} == {None}
        assert row["법정대리인 성명·연락처"] == ""

    @pytest.mark.truth("destroyed-though-it-never-arrived")
    def test_name_and_contact_of_a_representative_are_sealed_and_said_to_be_there_or_gone(self) -> None:
        mother = {"name": "Zebra", "contact": "010-0000-0000", "relationship": "mother", "confirmation": "phone"}
        decision = factory.agree(factory.make_device(2, agreed=()), "activation", representative=mother)
        row = self.rows()[decision.reference]
        assert (row["법정대리인"], row["법정대리인 성명·연락처"]) == ("예", "암호화 보관")
        assert "Zebra" not in str(row)
        Representative.objects.all().delete()
        assert self.rows()[decision.reference]["법정대리인 성명·연락처"] == "없음"
        vault.shred_subject(
            subject_id=decision.subject_id, categories=[DEVICE_REGISTRATION], cause="licence-expiry",
            certificate="DC-1", actor=self.odile, at=factory.NOON,
        )  # fmt: skip
        assert self.rows()[decision.reference]["법정대리인 성명·연락처"] == "파기"
