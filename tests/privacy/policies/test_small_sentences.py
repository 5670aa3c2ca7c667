"""Sentences that appear only where they are so: no officer, no difference, no recipient, a day in force."""

import pytest
from django.utils.translation import override

from privacy.policies import shipped_text, wording
from privacy.policies.models import Officer, RetentionTrigger
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.policies.test_pages import THEN

pytestmark = pytest.mark.truth("claims")
NO_OFFICER = "No protection officer is currently designated."
SAME_RULES = "What we collect, why, and how long we keep it stay the same."
SAME_TEXT = "The text is the same in both versions."
NO_RECIPIENT = "This version names no recipient."


class SentenceTest(PortalTestCase):
    def page(self, address: str) -> str:
        response = self.client.get(address, secure=True)
        assert response.status_code == 200
        return response.content.decode()

    def test_no_officer_is_said_only_where_none_is_designated(self) -> None:
        assert NO_OFFICER not in self.page("/en/officer/")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(Officer.objects), "on", lambda *_args: None)
            assert NO_OFFICER in self.page("/en/officer/")

    def test_versions_are_called_the_same_only_where_they_are(self) -> None:
        factory.make_policy(at=THEN)
        same = self.page("/en/policy/2020-12-01..2020-12-01/")
        assert SAME_RULES in same and SAME_TEXT in same
        other = self.page("/en/policy/2020-12-01..2021-07-01/")
        assert SAME_RULES not in other and SAME_TEXT not in other

    def test_what_changed_is_told_forwards_whichever_version_was_named_first(self) -> None:
        factory.make_policy(at=THEN)
        turned = self.client.get("/en/policy/2021-07-01..2020-12-01/", secure=True)
        assert turned.headers["Location"] == "/en/policy/2020-12-01..2021-07-01/"

    def test_the_front_page_says_since_when_the_policy_is_in_force(self) -> None:
        assert "In force since Tue 1 December 2020" in self.page("/en/")
        factory.make_policy(at=THEN)
        assert "In force since Thu 1 July 2021" in self.page("/en/")

    def test_a_version_says_from_when_it_holds(self) -> None:
        factory.make_policy(at=THEN)
        assert "Effective date: Tue 1 December 2020" in self.page("/en/policy/2020-12-01/")
        assert "Effective date: Thu 1 July 2021" in self.page("/en/policy/2021-07-01/")

    @pytest.mark.law("V-09")
    def test_an_agency_that_the_policy_does_not_name_is_told_apart(self) -> None:
        page = self.page("/en/officer/")
        assert page.count("in addition to the policy") == 1
        assert page.index("in addition to the policy") < page.index("1833-6972")

    def test_another_text_under_a_shipped_number_is_called_a_paraphrase(self) -> None:
        assert "only paraphrases" not in self.page("/en/policy/2020-12-01/")
        known = shipped_text._shipped("2020-12-01")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shipped_text, "_shipped", lambda _number: ("another seal", known[1]))
            page = self.page("/en/policy/2020-12-01/")
        assert "only paraphrases" in page and "restates each of its promises" not in page


def test_a_rule_reads_as_it_is() -> None:
    with override("en"):
        assert (
            wording.retention(RetentionTrigger.PURPOSE_ACHIEVED, 0, 0) == "at once upon the achievement of the purpose"
        )
        assert wording.retention(RetentionTrigger.PURPOSE_ACHIEVED, 0, 1) == (
            "at once, and no later than 1 month from the achievement of the purpose"
        )
        assert wording.day_in_words("") == "(a day that is not set yet)"
        assert wording.day_in_words("2020-12-01") == "1 December 2020"
