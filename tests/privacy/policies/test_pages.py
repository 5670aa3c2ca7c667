"""The public pages: policy, versions, differences, officer, notices; in Korean and English, without sign-in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Notice
from tests import factory
from tests.base import PortalTestCase

PAGES = ("/", "/policy/", "/policy/2020-12-01/", "/policy/2020-12-01..2020-12-01/", "/officer/", "/notices/")


# Long before the day on which the tests run: what was published then is in force now.
THEN = datetime(2021, 6, 1, 3, 0, tzinfo=UTC)


class PagesTest(PortalTestCase):
    def setUp(self) -> None:
        self.client = Client(headers={"accept-language": "ko"})

    def get(self, address: str) -> str:
        response = self.client.get(address, secure=True)
        assert response.status_code == 200, (address, response.status_code)
        return response.content.decode()

    @pytest.mark.law("V-04")
    @pytest.mark.clause("P0.2")
    def test_every_page_is_open_in_both_languages(self) -> None:
        for page in PAGES:
            assert '<html lang="ko">' in self.get(page)
            assert '<html lang="en">' in self.get(f"/en{page}")

    @pytest.mark.clause("P1.9")
    def test_the_policy_tells_the_duties_of_users(self) -> None:
        assert "다른 사람의 정보를 침해하지 않을 의무" in self.get("/policy/")
        assert "not to infringe the information of others" in self.get("/en/policy/")

    @pytest.mark.law("V-02")
    @pytest.mark.clause("P2.1")
    def test_officer_department_and_phone_are_shown_and_a_blank_address_is_not(self) -> None:
        for page in ("/", "/policy/", "/officer/"):
            shown = self.get(page)
            assert "정경수" in shown
            assert "보안사업본부" in shown
            assert "02-6928-6774" in shown
            assert "mailto:" not in shown

    @pytest.mark.law("V-02", "V-09")
    @pytest.mark.clause("P2.2")
    def test_the_agencies_are_listed_publicly(self) -> None:
        for page in ("/", "/officer/", "/policy/"):
            shown = self.get(page)
            for phone in ("118", "1301", "182", "18336972"):
                assert f'href="tel:{phone}"' in shown, (page, phone)

    @pytest.mark.law("D-17")
    @pytest.mark.clause("P6.1")
    def test_the_policy_shows_the_rules_of_the_rulebook(self) -> None:
        shown = self.get("/en/policy/")
        for text in (
            "Terminal unique number (IMEI)",
            "2 years from the expiry of the licence",
            "5 years from the end of the service",
            "at once, and no later than 1 month from the achievement of the purpose",
            "Protection of Communications Secrets Act",
            "Internet log records and access-location data",
            "Other communication confirmation data",
            "3 months",
            "12 months",
        ):
            assert text in shown, text

    @pytest.mark.clause("P0.2")
    def test_drafts_are_nobodys_business(self) -> None:
        for version in (factory.make_draft(), factory.make_version_under_review()):
            assert self.client.get(f"/policy/{version.number}/", secure=True).status_code == 404
            assert self.client.get(f"/policy/2020-12-01..{version.number}/", secure=True).status_code == 404

    @pytest.mark.law("V-05")
    @pytest.mark.clause("P0.3")
    def test_a_revision_is_on_the_front_page_the_board_and_its_own_page(self) -> None:
        number = factory.make_policy(at=clock.now()).number
        assert f'href="/en/policy/{number}/"' in self.get("/en/")
        board = self.get("/en/notices/")
        assert "Change of how long licence data is kept" in board
        assert "3 years" in board
        assert f'href="/en/policy/2020-12-01..{number}/"' in board
        assert "Announced" in self.get(f"/en/policy/{number}/")
        assert "2 years" in self.get("/en/policy/")

    @pytest.mark.law("V-05")
    @pytest.mark.clause("P0.2")
    def test_an_old_version_stays_public_and_says_so(self) -> None:
        factory.make_policy(at=THEN)
        assert "3 years from the expiry of the licence" in self.get("/en/policy/")
        earlier = self.get("/en/policy/2020-12-01/")
        assert "This is an earlier version" in earlier
        assert "2 years from the expiry of the licence" in earlier

    def test_an_old_version_names_the_officer_of_its_time(self) -> None:
        later = factory.make_policy(at=THEN)
        assert later.effective_on is not None
        policies.designate_officer(
            name="김보호",
            department_ko="정보보호실",
            department_en="Privacy Office",
            phone="02-1234-5678",
            email="",
            designated_from=later.effective_on,
            actor=factory.make_odile(granted=False),
            at=THEN,
        )
        assert "김보호" in self.get("/policy/")
        earlier = self.get("/policy/2020-12-01/")
        assert "정경수" in earlier
        assert "김보호" not in earlier

    @pytest.mark.law("V-05")
    @pytest.mark.clause("P0.2")
    def test_the_difference_marks_what_is_new_and_what_is_gone(self) -> None:
        factory.make_policy(at=THEN)
        shown = self.get("/en/policy/2020-12-01..2021-07-01/")
        assert "<del>2</del> years from the expiry of the licence" in shown
        assert "<ins>3</ins> years from the expiry of the licence" in shown
        assert "Change of how long licence data is kept" in shown

    @pytest.mark.law("B-06")
    def test_a_breach_notice_stays_for_its_days_and_not_longer(self) -> None:
        today = clock.today()
        with pytest.raises(policies.NoticeTooShort):
            self.post(today, today + timedelta(29), "too short")
        self.post(today - timedelta(30), today, "its last day")
        self.post(today - timedelta(31), today - timedelta(1), "a day over")
        board = self.get("/en/notices/")
        assert "its last day" in board
        assert "a day over" not in board

    def post(self, posted_on: date, posted_until: date, text: str) -> None:
        policies.post_notice(
            kind=Notice.Kind.BREACH,
            title_ko=text,
            title_en=text,
            body_ko=text,
            body_en=text,
            posted_on=posted_on,
            posted_until=posted_until,
            actor=factory.make_odile(granted=False),
            at=clock.now() - (clock.today() - posted_on),
        )

    @pytest.mark.truth("notice-dated-back")
    def test_no_notice_says_that_it_was_there_before(self) -> None:
        today = clock.today()
        texts = {"title_ko": "가", "title_en": "a", "body_ko": "가", "body_en": "a"}
        odile = factory.make_odile(granted=False)
        for kind in (Notice.Kind.BREACH, Notice.Kind.GENERAL):
            with pytest.raises(policies.NoticeBackdated):
                policies.post_notice(kind=kind, **texts, posted_on=today - timedelta(1), actor=odile, at=clock.now())
        with pytest.raises(policies.NoticeTooShort):
            policies.post_notice(
                kind=Notice.Kind.GENERAL, **texts, posted_on=today, posted_until=today - timedelta(1),
                actor=odile, at=clock.now(),
            )  # fmt: skip
        assert not Notice.objects.exists()

    def test_what_does_not_exist_is_not_found(self) -> None:
        for address in ("/policy/1999-01-01/", "/policy/1999-01-01..2020-12-01/", "/policy/2020-12-01..x/"):
            assert self.client.get(address, secure=True).status_code == 404

    def test_pages_only_show(self) -> None:
        for page in PAGES:
            assert self.client.post(page, secure=True).status_code in (403, 405)

    @pytest.mark.asvs("1.3.5")
    def test_what_was_typed_into_a_section_stays_text(self) -> None:
        version = factory.make_draft(at=THEN)
        hana, odile = factory.make_hana(granted=False), factory.make_odile(granted=False)
        section = version.sections.get(code="duties")
        section.body_ko = section.body_en = "<script>alert(1)</script>"
        policies.revise_draft(version, rows=[section], actor=hana, at=THEN)
        policies.submit(version, actor=hana, at=THEN)
        policies.approve(version, actor=odile, at=THEN)
        policies.publish(version, actor=odile, at=THEN)
        for page in ("/policy/", "/policy/2020-12-01..2021-07-01/"):
            assert "<script>alert" not in self.get(page)
            assert "&lt;script&gt;alert" in self.get(page)
