"""What changes between two versions, as a person reads it."""

from copy import deepcopy

import pytest

from privacy.policies import actions as policies
from privacy.policies import policy_document, rule_changes, rulebook, text_changes
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
        composed = policy_document.compose(self.new, NOON.date())
        return [
            (change.sentence, change.adverse)
            for change in text_changes.compare_rules(self.old.document, composed, "en")
        ]

    def chapters(self) -> dict[str, text_changes.SectionChange]:
        composed = policy_document.compose(self.new, NOON.date())
        return {change.code: change for change in text_changes.compare_sections(self.old.document, composed, "en")}

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
        assert [change.code for change in changed] == ["changes", "retention"]
        (told,) = [line for line in changed[0].lines if line.kind == "changed"]
        assert "".join(segment.text for segment in told.after) == (
            "This policy takes effect on 24 December 2026. If it is revised, notice is given on the website "
            "(or individually in writing, by e-mail, telephone, text message and the like)."
        )
        prose, line = [line for line in changed[1].lines if line.kind == "changed"]
        assert [segment.text for segment in prose.segments if segment.kind != "same"] == ["2", "3"]
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
        policies.revise_draft(self.new, rows=[consignment, safety], removed=[duties], actor=self.hana, at=NOON)
        kinds = {code: change.kind for code, change in self.chapters().items() if change.kind != "same"}
        # The day on which it takes effect is part of the text ("changes").
        expected = {"duties": "removed", "consignment": "added", "safety": "changed", "retention": "changed"}
        assert kinds == {**expected, "changes": "changed"}

    def test_every_change_of_the_rules_has_its_sentence(self) -> None:
        logs = self.new.categories.get(code="app-log")
        logs.optional = False
        logs.retention.months = 0
        item = self.new.categories.get(code="service-analytics").items.get(code="access")
        rules = {rule.code: rule for rule in PreservationRule.objects.filter(version=self.new)}
        rules["internet-log"].months = 6
        rules["commerce-contract"].applied = True
        rules["communication-confirmation"].applied = False
        text = self.new.sections.get(code="retention")
        for language in ("ko", "en"):
            body = getattr(text, f"body_{language}")
            setattr(text, f"body_{language}", body.replace("{preservation:communication-confirmation}", ""))
        policies.revise_draft(
            self.new,
            rows=[logs, logs.retention, text, *rules.values()],
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

    @pytest.mark.truth("preview-silent-about-record-kinds")
    def test_record_kinds_that_a_rule_loses_or_gains_are_told(self) -> None:
        rule = PreservationRule.objects.get(version=self.new, code="internet-log")
        rule.record_kinds = ["status"]
        policies.revise_draft(self.new, rows=[rule], actor=self.hana, at=NOON)
        told = [(sentence, adverse) for sentence, adverse in self.sentences() if sentence.startswith("Internet log")]
        assert told == [
            ("Internet log records and access-location data: now also preserves Status of Exafe MDM", True),
            ("Internet log records and access-location data: no longer preserves Access records", False),
        ]

    @pytest.mark.truth("21")
    def test_a_kind_of_records_is_named_as_its_item_is(self) -> None:
        old = self.old.document
        assert old is not None
        new = deepcopy(old)
        new["tables"]["preservation"][0]["record_kinds"].append("os-version")
        (told,) = [change.sentence for change in text_changes.compare_rules(old, new, "en")]
        assert told.endswith(": now also preserves Operating system version")

    @pytest.mark.truth("31")
    def test_whatever_is_renamed_is_told(self) -> None:
        old = self.old.document
        assert old is not None
        new = deepcopy(old)
        tables = new["tables"]
        tables["purposes"][0]["name"]["en"] = "Registration"
        tables["items"][0]["name"]["en"] = "Devices"
        tables["items"][0]["items"][0]["name"]["en"] = "IMEI"
        tables["preservation"][0]["name"]["en"] = "Internet logs"
        tables["preservation"][1]["law"]["en"] = "Secrets Act"
        sentences = [change.sentence for change in text_changes.compare_rules(old, new, "en")]
        was = {name: old["tables"][name][0]["name"]["en"] for name in ("purposes", "items", "preservation")}
        other = tables["preservation"][1]
        law = " ".join(filter(None, (old["tables"]["preservation"][1][part]["en"] for part in ("law", "article"))))
        new_law = " ".join(filter(None, ("Secrets Act", other["article"]["en"])))
        assert sentences == [
            f"The purpose “{was['purposes']}” is now called “Registration”",
            f"“{was['items']}” is now called “Devices”",
            f"Devices: “{old['tables']['items'][0]['items'][0]['name']['en']}” is now called “IMEI”",
            f"The records “{was['preservation']}” are now called “Internet logs”",
            f"{other['name']['en']}: preserved under {new_law} (before: {law})",
        ]
        assert not any(change.adverse for change in text_changes.compare_rules(old, new, "en"))

    @pytest.mark.truth("31")
    def test_what_a_recipient_gets_more_of_or_for_something_else_is_told(self) -> None:
        words = {"purpose": {"ko": "수리", "en": "Repair"}, "until": {"ko": "1년", "en": "One year"}}
        party = {"code": "acme", "name": {"ko": "에이스", "en": "Acme"}, "items": ["model", "imei"], **words}
        assert self.old.document is not None
        old = deepcopy(self.old.document)
        old["tables"]["recipients"] = [party]
        new = deepcopy(old)
        new["tables"]["recipients"] = [
            party | {"items": ["model", "os_version"], "purpose": {"ko": "분석", "en": "Analysis"}}
        ]
        assert [(change.sentence, change.adverse) for change in text_changes.compare_rules(old, new, "en")] == [
            ("Acme: now also receives Operating system version", True),
            ("Acme: no longer receives Terminal unique number (IMEI)", False),
            ("Acme: purpose “Analysis” (before: “Repair”)", True),
        ]

    @pytest.mark.truth("31")
    def test_a_purpose_that_changes_in_one_language_is_told_in_the_words_that_changed(self) -> None:
        """The Korean notice said that “수리” becomes “수리”."""
        words = {"purpose": {"ko": "수리", "en": "Repair"}, "until": {"ko": "1년", "en": "One year"}}
        party = {"code": "acme", "name": {"ko": "에이스", "en": "Acme"}, "items": ["model"], **words}
        assert self.old.document is not None
        old = deepcopy(self.old.document)
        old["tables"]["recipients"] = [party]
        new = deepcopy(old)
        new["tables"]["recipients"] = [party | {"purpose": {"ko": "수리", "en": "Repair and sale"}}]
        (change,) = text_changes.compare_rules(old, new, "ko")
        assert "“Repair” → “Repair and sale”" in change.sentence
        assert change.adverse

    @pytest.mark.truth("preview-silent-about-record-kinds")
    def test_what_changes_for_the_office_alone_is_told_to_who_judges(self) -> None:
        category = self.new.categories.get(code="device-registration")
        category.retention.approval_required, category.retention.wait_hours = False, 0
        serial = category.items.get(code="serial_number")
        serial.identifier = False
        policies.revise_draft(self.new, rows=[category.retention, serial], actor=self.hana, at=NOON)
        told = rule_changes.compare_internal_rules(rulebook.read(self.old), rulebook.read(self.new), "en")
        name = "Device registration and licence data"
        assert told == [
            f"{name}: destroyed without the officer's approval",
            f"{name}: destruction waits 0 hours (before: 24)",
            f"{name}: Serial number no longer identifies a device",
        ]
        assert rule_changes.compare_internal_rules(rulebook.read(self.old), rulebook.read(self.old), "en") == []

    def test_a_category_that_comes_or_goes_is_told(self) -> None:
        old = self.old.document
        new = deepcopy(old)
        assert old is not None
        gone = new["tables"]["items"].pop()
        assert [change.sentence for change in text_changes.compare_rules(old, new, "en")] == [
            f"No longer collected: {gone['name']['en']}"
        ]
        assert [change.adverse for change in text_changes.compare_rules(new, old, "en")] == [True]

    def test_nothing_differs_from_itself(self) -> None:
        document_ = PolicyVersion.objects.get(pk=self.old.pk).document
        assert text_changes.compare_rules(document_, document_, "ko") == []
        assert {change.kind for change in text_changes.compare_sections(document_, document_, "ko")} == {"same"}
