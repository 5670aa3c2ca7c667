"""A text states the numbers and parties of the days on which it holds, not of the day on which somebody composed it."""

from datetime import date, timedelta

import pytest
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import completeness, drift
from privacy.policies.models import Notice, PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class TextStatesItsDayTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)

    def set(self, code: str, value: int, effective_on: date) -> None:
        policies.set_parameter(
            code=code, value=value, effective_on=effective_on, basis="test", actor=self.odile, at=NOON
        )

    @pytest.mark.truth("text-states-the-numbers-of-its-day")
    def test_a_revision_announces_the_number_that_holds_from_its_day(self) -> None:
        self.set("rights.answer.days", 7, date(2026, 12, 20))
        version = factory.make_proposal()
        assert version.effective_on == date(2026, 12, 24)
        assert version.document is not None
        assert version.document["values"]["parameter:rights.answer.days"]["value"] == 7
        assert not [one for one in drift.find_drifts(date(2026, 12, 24)) if one.code.startswith("value:")]

    @pytest.mark.truth("text-states-the-numbers-of-its-day")
    def test_what_was_approved_for_one_day_is_not_published_for_another_with_another_number(self) -> None:
        hana = factory.make_hana(granted=False)
        policies.decide_no_consignment(decided_on=date(2026, 11, 24), grounds="확인", actor=self.odile, at=NOON)
        version = policies.draft_proposal(effective_on=date(2026, 12, 24), actor=hana, at=NOON)
        policies.submit(version, actor=hana, at=NOON)
        policies.approve(version, actor=self.odile, at=NOON)
        self.set("rights.answer.days", 7, date(2027, 1, 10))
        with pytest.raises(policies.NotReviewed):
            policies.publish(version, effective_on=date(2027, 1, 15), actor=self.odile, at=NOON)
        assert policies.publish(version, actor=self.odile, at=NOON).is_public

    @pytest.mark.truth("page-states-the-numbers-of-its-day")
    def test_the_page_of_a_version_says_the_number_of_its_own_days(self) -> None:
        now, today = clock.now(), clock.today()
        announced = factory.make_policy(at=now)
        assert announced.effective_on is not None
        self.set("app-log.purpose.days", 77, announced.effective_on)
        self.assertNotContains(self.client.get("/en/policy/", follow=True), "77 days")
        self.assertContains(self.client.get(f"/en/policy/{announced.number}/"), "77 days")
        assert announced.effective_on > today

    @pytest.mark.truth("a-breach-notice-stays-in-sight")
    def test_a_breach_notice_stays_on_the_first_page_behind_newer_ones(self) -> None:
        now, today = clock.now(), clock.today()
        kinds = [Notice.Kind.BREACH, *[Notice.Kind.GENERAL] * 5]
        for number, kind in enumerate(kinds):
            policies.post_notice(
                kind=kind, title_ko=f"공지 {number}", title_en=f"Notice {number}", body_ko="…", body_en="…",
                posted_on=today, posted_until=today + timedelta(60), actor=self.odile, at=now,
            )  # fmt: skip
        page = self.client.get("/en/", follow=True)
        self.assertContains(page, "Notice 0")
        self.assertContains(page, "2 more notices")

    @pytest.mark.truth("a-draft-of-an-older-version")
    def test_a_draft_from_an_older_version_is_told_as_that(self) -> None:
        newest = factory.make_policy()
        draft = factory.make_draft(based_on=factory.the_policy(), effective_on=date(2027, 3, 1))
        with override("en"):
            told = [problem.message for problem in completeness.problems(draft, date(2026, 11, 24))]
        assert any(newest.number in message and "was not made from the newest version" in message for message in told)
        assert PolicyVersion.objects.newest() == newest
