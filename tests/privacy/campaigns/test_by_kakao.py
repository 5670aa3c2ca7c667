"""A notice by KakaoTalk: an approved template with the whole notice in it, once, and a text message where it fails."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign, Delivery, KakaoTemplate
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TEXT = "[Extrus] 개인정보 처리방침 변경 안내\n\n#{제목}\n\n#{내용}\n\n통지번호: #{통지번호}"
SAID = {"ko": "처리방침이 바뀝니다", "en": "The policy changes"}


@pytest.mark.clause("P0.3")
class ByKakao(PortalTestCase):
    @pytest.fixture(autouse=True)
    def provider(self) -> Iterator[None]:
        with (
            TextProvider(kakao_templates={"KA01": TEXT}) as box,
            override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774", KAKAO_CHANNEL="PF1"),
        ):
            self.box = box
            yield

    def setUp(self) -> None:
        self.odile = factory.make_odile()

    def template(self, **changes: str) -> KakaoTemplate:
        said = {"code": "KA01", "kind": "policy", "language": "ko", "text": TEXT, **changes}
        return campaigns.record_kakao_template(**said, approved_on=NOON.date(), actor=self.odile, at=NOON)

    def person(self, phone: str) -> Subject:
        made = factory.make_mina()
        factory.make_contact(made, kind="phone", value=phone)
        return made

    def start(self, *people: Subject, text: str = "보유 기간이 바뀝니다.") -> Campaign:
        return campaigns.start_campaign(
            kind=Campaign.Kind.POLICY, about="x", occasion="x", title=SAID, text={"ko": text, "en": text},
            subject_ids=[one.id for one in people], actor=self.odile, at=NOON,
        )  # fmt: skip

    def work(self, rounds: int = 3) -> None:
        for _round in range(rounds):
            GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
            dispatch_due(at=NOON)

    def ways(self, campaign: Campaign) -> list[tuple[str, str]]:
        return list(campaign.deliveries.order_by("way").values_list("state", "way"))

    def test_who_kakaotalk_does_not_reach_gets_one_text_message_that_counts(self) -> None:
        self.template()
        numbers = ("010-3456-7890", "010-3456-1111", "010-3456-2222", "010-3456-0000")
        people = [self.person(number) for number in numbers]
        self.box.trouble.extend([503, -1, 0])
        campaign = self.start(*people)
        self.work(8)
        by_kakao = [one for one in self.box.taken if one.kakao]
        by_text = [one for one in self.box.taken if not one.kakao]
        # Each number was tried by KakaoTalk once; those that it did not reach, by text message once.
        assert sorted(one.to[-4:] for one in by_kakao) == ["0000", "1111", "2222", "7890"]
        assert sorted(one.to[-4:] for one in by_text) == ["0000", "1111", "2222"]
        assert self.ways(campaign) == [("parked", ""), ("sent", "kakao"), ("sent", "text"), ("sent", "text")]
        told = campaign.deliveries.get(way="kakao")
        assert told.message_id in [one.id for one in by_kakao]
        assert "보유 기간이 바뀝니다." in by_kakao[0].text and campaign.reference in by_kakao[0].text

    def test_a_text_that_kakao_did_not_approve_or_that_is_too_long_goes_as_a_text_message(self) -> None:
        self.template(text=TEXT + " ")
        self.box.kakao_templates = {"KA01": "something else #{제목} #{내용} #{통지번호}"}
        first = self.start(self.person("010-3456-7890"))
        self.work(4)
        assert self.ways(first) == [("sent", "text")]
        Campaign.objects.update(occasion="before")
        long = self.start(self.person("010-3456-7891"), text="가나 " * 400)
        self.work(4)
        assert self.ways(long) == [("sent", "text")]
        assert [one.to[-4:] for one in self.box.taken if one.kakao] == ["7890"]

    def test_an_altered_template_is_used_for_nobody(self) -> None:
        made = self.template()
        KakaoTemplate.objects.filter(pk=made.pk).update(text=f"{TEXT} (광고)")
        campaign = self.start(self.person("010-3456-7890"))
        self.work()
        assert self.ways(campaign) == [("sent", "text")] and not [one for one in self.box.taken if one.kakao]

    def test_no_report_in_six_hours_is_no_message(self) -> None:
        self.template()
        self.box.delay = timedelta(days=1)
        campaign = self.start(self.person("010-3456-7890"))
        self.work(1)
        GeneralOutbox.objects.waiting().update(not_before=NOON)
        dispatch_due(at=NOON + timedelta(hours=6))
        row = campaign.deliveries.get()
        assert (row.state, row.way, row.kakao_failed_at) == (Delivery.State.WAITING, "text", NOON + timedelta(hours=6))
        assert [bool(one.kakao) for one in self.box.taken] == [True, False]

    def test_templates_hold_the_whole_notice_and_advertise_nothing(self) -> None:
        for text in (TEXT.replace("#{내용}", ""), TEXT + "#{이름}", TEXT + "#{제목}", f"(광고) {TEXT}"):
            with pytest.raises(campaigns.UnfitTemplate):
                self.template(text=text)
        with pytest.raises(NotPermitted):
            campaigns.record_kakao_template(
                code="A", kind="policy", language="ko", text=TEXT, approved_on=NOON.date(), actor=factory.make_hana(),
                at=NOON,
            )  # fmt: skip
        made = self.template()
        with pytest.raises(campaigns.TemplateInForce):
            self.template(code="KA02")
        campaigns.end_kakao_template(made, actor=self.odile, at=NOON)
        assert self.template(code="KA02").ended_at is None

    def test_an_officer_enters_and_ends_a_template_in_the_console(self) -> None:
        browser = Client()
        browser.force_login(self.odile)
        page = reverse("admin:campaigns_kakaotemplate_add")
        said = {"code": "KA01", "kind": "policy", "language": "ko", "text": TEXT, "approved_on": "2026-01-01"}
        refused = browser.post(page, {**said, "text": "#{제목}"}, secure=True).content.decode()
        assert "#{내용}" in refused and not KakaoTemplate.objects.exists()
        assert browser.post(page, said, secure=True).status_code == 302
        made = KakaoTemplate.objects.get()
        self.assertLedgered("campaigns.kakao-template.recorded", made)
        address = reverse("admin:campaigns_kakaotemplate_change", args=[made.pk])
        assert "#{내용}" in browser.get(address, secure=True).content.decode()
        pressed = {"CHANGE_FORM-action": "end", "index": "0", "_selected_action": str(made.pk), "confirmed": "yes"}
        browser.post(address, pressed, secure=True)
        made.refresh_from_db()
        assert made.ended_by == self.odile.ref
