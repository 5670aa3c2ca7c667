"""The revision that the portal proposes: a draft that is complete under today's law, with a readable difference."""

from datetime import timedelta

import pytest

from config.demonstration import example_notices
from privacy.policies import actions as policies
from privacy.policies import advance_notice, completeness, policy_document, text_changes
from privacy.policies.models import PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = NOON.date()


@pytest.mark.truth("8")
class ProposalTest(PortalTestCase):
    def setUp(self) -> None:
        self.hana = factory.make_hana(granted=False)
        policies.decide_no_consignment(
            decided_on=TODAY, grounds="계약 대장 확인", actor=factory.make_odile(granted=False), at=NOON
        )
        self.version = policies.draft_proposal(effective_on=TODAY + timedelta(30), actor=self.hana, at=NOON)

    def test_it_is_a_draft_that_lacks_nothing_but_the_officers_address(self) -> None:
        assert self.version.state == PolicyVersion.State.DRAFT
        found = completeness.problems(self.version, TODAY)
        assert [problem.section for problem in found if problem.is_warning] == ["officer"]
        assert [problem.message for problem in found if not problem.is_warning] == []

    def test_the_difference_tells_what_the_portal_adds(self) -> None:
        composed = policy_document.compose(self.version, TODAY)
        base = policy_document.published_document(factory.the_policy())
        changes = {change.code: change for change in text_changes.compare_sections(base, composed, "en")}
        added = {
            code: " ".join("".join(part.text for part in line.after) for line in change.lines if line.kind != "same")
            for code, change in changes.items()
        }
        assert "answers within 10 days from the day of receipt" in added["rights"]
        assert "approved by the personal information protection officer" in added["destruction"]
        assert "the service can be used without it" in added["items"]
        assert changes["consignment"].kind == "added"
        assert {code for code, change in changes.items() if change.kind == "same"} >= {"general", "duties", "safety"}

    def test_it_takes_no_more_than_before(self) -> None:
        assert not advance_notice.is_adverse(self.version, TODAY)

    def test_it_has_a_place_for_recipients(self) -> None:
        factory.make_third_party("acme")
        factory.make_provision_agreement("acme")
        composed = policy_document.compose(self.version, TODAY)
        assert [row["code"] for row in composed["tables"]["recipients"]] == ["acme"]
        (provision,) = [section for section in composed["sections"] if section["code"] == "provision"]
        assert "[[recipients]]" in provision["body"]["en"]


@pytest.mark.truth("8")
class DemonstrationTest(PortalTestCase):
    def test_the_demo_has_it_as_a_draft_after_what_it_announced(self) -> None:
        announced = factory.make_policy()
        people = {"Hana": factory.make_hana(granted=False), "Odile": factory.make_odile(granted=False)}
        version = PolicyVersion.objects.get(number=example_notices.propose(people, NOON))
        assert (version.state, version.based_on) == (PolicyVersion.State.DRAFT, announced)
        found = completeness.problems(version, TODAY)
        assert [one.message for one in found if not one.is_warning] == []
