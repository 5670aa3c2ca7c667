"""What changes between two versions, as a person reads it."""

from copy import deepcopy

import pytest

from privacy.policies import actions as policies
from privacy.policies import difference, document
from privacy.policies.models import PolicyVersion, PreservationRule
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class DifferenceTest(PortalTestCase):
    def setUp(self) -> None:
        self.hana = factory.make_hana(granted=False)
        self.old = factory.the_policy()
        self.new = factory.make_draft(years=3)

    def sentences(self) -> list[tuple[str, bool]]:
        composed = document.compose(self.new, NOON.date())
        return [(change.sentence, change.adverse) for change in difference.rules(self.old.document, composed, "en")]

    def chapters(self) -> dict[str, difference.ChapterChange]:
        composed = document.compose(self.new, NOON.date())
        return {change.code: change for change in difference.chapters(self.old.document, composed, "en")}

    @pytest.mark.clause("P0.2")
    def test_a_longer_retention_is_told_in_a_sentence(self) -> None:
        assert self.sentences() == [
            (
                "Device registration and licence data: kept 3 years from the expiry of the licence "
                "(before: 2 years from the expiry of the licence)",
                True,
            )
        ]

    def test_only_the_words_that_changed_are_marked(self) -> None:
        changed = [change for change in self.chapters().values() if change.kind != "same"]
        assert [change.code for change in changed] == ["retention"]
        (line,) = [line for line in changed[0].lines if line.kind == "changed"]
        assert [(segment.kind, segment.text) for segment in line.segments] == [
            ("same", "Device registration and licence data · "),
            ("removed", "2"),
            ("added", "3"),
            ("same", " years from the expiry of the licence"),
        ]

    def test_added_removed_and_renamed_headings_are_told(self) -> None:
        consignment = self.new.sections.get(code="consignment")
        consignment.applicable = True
        consignment.body_ko = consignment.body_en = "[[processors]]"
        duties = self.new.sections.get(code="duties")
        safety = self.new.sections.get(code="safety")
        safety.heading_en = "Security"
        policies.revise(self.new, rows=[consignment, safety], removed=[duties], actor=self.hana, at=NOON)
        kinds = {code: change.kind for code, change in self.chapters().items() if change.kind != "same"}
        assert kinds == {"duties": "removed", "consignment": "added", "safety": "changed", "retention": "changed"}

    def test_every_change_of_the_rules_has_its_sentence(self) -> None:
        logs = self.new.categories.get(code="app-log")
        logs.optional = False
        logs.retention.months = 0
        item = self.new.categories.get(code="service-analytics").items.get(code="access")
        rules = {rule.code: rule for rule in PreservationRule.objects.filter(version=self.new)}
        rules["internet-log"].months = 6
        rules["commerce-contract"].applied = True
        rules["communication-confirmation"].applied = False
        policies.revise(
            self.new,
            rows=[logs, logs.retention, *rules.values()],
            removed=[item],
            purposes={"app-log": ["error-analysis", "analytics"]},
            actor=self.hana,
            at=NOON,
        )
        told = {sentence.split(" (")[0]: adverse for sentence, adverse in self.sentences()}
        assert told == {
            "Log information of the service app: now required": True,
            "Log information of the service app: now also used for "
            "Improvement, analysis and statistics of the service": True,
            "Service improvement and analysis data: no longer collects Access records": False,
            "Device registration and licence data: kept 3 years from the expiry of the licence": True,
            "Log information of the service app: kept at once upon the achievement of the purpose": False,
            "Internet log records and access-location data: preserved 6 months": True,
            "Now preserved by law: Records of contracts and withdrawals": True,
            "No longer preserved: Other communication confirmation data": False,
        }

    def test_a_category_that_comes_or_goes_is_told(self) -> None:
        old = self.old.document
        new = deepcopy(old)
        assert old is not None
        gone = new["tables"]["items"].pop()
        assert [change.sentence for change in difference.rules(old, new, "en")] == [
            f"No longer collected: {gone['name']['en']}"
        ]
        assert [change.adverse for change in difference.rules(new, old, "en")] == [True]

    def test_nothing_differs_from_itself(self) -> None:
        document_ = PolicyVersion.objects.get(pk=self.old.pk).document
        assert difference.rules(document_, document_, "ko") == []
        assert {change.kind for change in difference.chapters(document_, document_, "ko")} == {"same"}
