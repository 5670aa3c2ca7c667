"""The legal basis of each category and purpose: stated, complete, published apart, compared and frozen (C-06)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from privacy.policies import actions as policies
from privacy.policies import completeness, drift, policy_document, presentation, rulebook, text_changes
from privacy.policies.models import LegalBasis, PolicyVersion
from privacy.policies.rule_changes import RuleChange
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)
WORDS = {"ground_ko": "라이선스 계약의 이행에 필요", "ground_en": "needed to perform the licence contract"}


def errors(version: PolicyVersion) -> list[str]:
    with override("en"):
        return [problem.message for problem in completeness.problems(version, TODAY) if not problem.is_warning]


class BasesTest(PortalTestCase):
    def setUp(self) -> None:
        self.hana = factory.make_hana(granted=False)
        self.version = factory.make_draft()

    def state(self, basis: str = "consent", category: str = "device-registration", **words: str) -> LegalBasis:
        purpose = {"device-registration": "registration", "service-analytics": "analytics", "app-log": "error-analysis"}
        row = LegalBasis.objects.filter(category__version=self.version, category__code=category).first() or LegalBasis(
            category=self.version.categories.get(code=category), purpose_id=purpose[category]
        )
        row.basis, row.ground_ko, row.ground_en = basis, words.get("ground_ko", ""), words.get("ground_en", "")
        policies.revise_draft(self.version, rows=[row], actor=self.hana, at=NOON)
        return row

    def state_all(self) -> None:
        self.state("contract", **WORDS)
        self.state(category="service-analytics")
        self.state(category="app-log")

    def tell(self, code: str = "items") -> None:
        section = self.version.sections.get(code=code)
        section.body_ko += "\n\n[[bases]]"
        section.body_en += "\n\n[[bases]]"
        policies.revise_draft(self.version, rows=[section], actor=self.hana, at=NOON)

    def changes(self) -> list[tuple[str, bool]]:
        return [(change.sentence, change.adverse) for change in self.compared() if "legal basis" in change.sentence]

    def compared(self) -> list[RuleChange]:
        base = self.version.based_on
        assert base is not None and base.document is not None
        composed = policy_document.compose(self.version, TODAY)
        return text_changes.compare_rules(base.document, composed, "en")

    def publish(self) -> PolicyVersion:
        odile = factory.make_odile(granted=False)
        version = policies.submit(self.version, actor=self.hana, at=NOON)
        policies.approve(version, actor=odile, at=NOON)
        return policies.publish(version, actor=odile, at=NOON)

    def blocks(self, language: str) -> list[presentation.Block]:
        composed = policy_document.compose(self.version, TODAY)
        sections = presentation.render_sections(composed, language)
        return [block for section in sections if section.code == "items" for block in section.blocks][-2:]

    # --- what a version states ---

    def test_a_version_without_any_basis_lacks_nothing_and_has_no_table(self) -> None:
        assert errors(self.version) == []
        assert "bases" not in policy_document.compose(self.version, TODAY)["tables"]
        assert rulebook.read(self.version).category("app-log").bases == {}

    def test_the_policy_of_2020_stays_as_it_was_sealed(self) -> None:
        assert drift.find_drifts(TODAY) == []
        published = factory.the_policy()
        composed = policy_document.compose(published, date(2020, 12, 1))
        assert policy_document.document_digest(composed) == published.seal

    @pytest.mark.law("C-06")
    def test_the_rulebook_has_the_basis_of_each_purpose(self) -> None:
        self.state_all()
        category = rulebook.read(self.version).category("device-registration")
        assert category.bases["registration"] == rulebook.StatedBasis("contract", *WORDS.values())
        assert category.needs_no_consent()
        assert not rulebook.read(self.version).category("app-log").needs_no_consent()

    @pytest.mark.law("C-06")
    def test_once_one_basis_is_stated_none_may_be_missing(self) -> None:
        self.tell()
        self.state("contract", **WORDS)
        self.state(category="app-log")
        [said] = errors(self.version)
        assert "“서비스 개선 및 분석 정보” has no legal basis for the purpose" in said
        self.state(category="service-analytics")
        assert errors(self.version) == []

    @pytest.mark.law("C-06")
    def test_what_rests_on_anything_but_consent_has_its_ground_in_both_languages(self) -> None:
        for words in ({}, {"ground_ko": "계약"}, {"ground_ko": " ", "ground_en": "\n"}):
            with override("en"), pytest.raises(policies.OutOfBounds, match="State the ground in Korean and English"):
                self.state("legitimate-interest", **words)
        with pytest.raises(IntegrityError, match="legal_basis_other_than_consent"), transaction.atomic():
            LegalBasis.objects.create(
                category=self.version.categories.get(code="app-log"), purpose_id="error-analysis", basis="law"
            )

    @pytest.mark.law("C-06")
    def test_an_optional_category_rests_on_consent_alone(self) -> None:
        self.tell()
        self.state_all()
        self.state("legitimate-interest", "app-log", **WORDS)
        [said] = errors(self.version)
        assert "is optional, so it rests on consent alone" in said

    def test_a_basis_for_a_purpose_that_it_is_not_used_for_is_refused(self) -> None:
        self.tell()
        self.state_all()
        for purpose in ("analytics", "disclosure"):
            stray = LegalBasis(
                category=self.version.categories.get(code="device-registration"), purpose_id=purpose, basis="consent"
            )
            policies.revise_draft(self.version, rows=[stray], actor=self.hana, at=NOON)
            [said] = errors(self.version)
            assert "for which it isn't used" in said
            policies.revise_draft(self.version, removed=[stray], actor=self.hana, at=NOON)

    @pytest.mark.law("C-06")
    def test_bases_and_their_table_come_together(self) -> None:
        self.tell()
        [said] = errors(self.version)
        assert "no category has a legal basis" in said
        assert self.blocks("en")[-1].text == "This version states no legal basis."
        self.state_all()
        assert errors(self.version) == []
        section = self.version.sections.get(code="items")
        section.body_ko, section.body_en = (
            text.replace("[[bases]]", "") for text in (section.body_ko, section.body_en)
        )
        policies.revise_draft(self.version, rows=[section], actor=self.hana, at=NOON)
        [said] = errors(self.version)
        assert "must contain the table [[bases]]" in said

    # --- how it is told ---

    @pytest.mark.law("C-06")
    def test_what_rests_on_consent_is_told_apart_from_what_does_not(self) -> None:
        self.tell()
        self.state_all()
        consented, others = self.blocks("en")
        assert (consented.caption, others.caption) == (
            "What is processed with your consent",
            "What is processed without consent",
        )
        assert [row[0] for row in consented.rows] == [
            "Service improvement and analysis data",
            "Log information of the service app",
        ]
        [(category, items, purpose, basis)] = others.rows
        assert (category, purpose) == (
            "Device registration and licence data",
            "Device registration and licence management",
        )
        assert "Serial number" in items
        assert basis == "Contract with the data subject (PIPA art. 15(1)4): needed to perform the licence contract"

    @pytest.mark.law("C-06")
    def test_it_is_told_in_korean_and_where_nothing_goes_without_consent_the_text_says_so(self) -> None:
        self.tell()
        self.state_all()
        assert self.blocks("ko")[1].rows[0][-1] == (
            "정보주체와의 계약 이행·체결(개인정보 보호법 제15조제1항제4호): 라이선스 계약의 이행에 필요"
        )
        self.state()
        assert self.blocks("ko")[1].text == "이 방침에 적은 개인정보 중 동의 없이 처리하는 것은 없습니다."

    # --- what changes ---

    @pytest.mark.law("C-06")
    def test_whatever_comes_to_rest_on_anything_but_consent_burdens_people(self) -> None:
        self.state_all()
        contract = "Contract with the data subject (PIPA art. 15(1)4)"
        consent = "Consent (PIPA art. 15(1)1)"
        registration = "Device registration and licence data, Device registration and licence management"
        assert self.changes()[0] == (f"{registration}: legal basis “{contract}”", True)
        assert [adverse for _, adverse in self.changes()] == [True, False, False]
        self.tell()
        published = self.publish()
        self.version = policies.create_draft(based_on=published, actor=self.hana, at=NOON)
        assert self.changes() == []
        self.state()
        assert self.changes() == [(f"{registration}: legal basis “{consent}” (before: “{contract}”)", False)]
        interest = "Legitimate interest of the company (PIPA art. 15(1)6)"
        self.state("legitimate-interest", **WORDS)
        assert self.changes() == [(f"{registration}: legal basis “{interest}” (before: “{contract}”)", True)]
        self.state("contract", ground_ko="다른 계약", ground_en="another contract")
        assert self.changes() == [(f"{registration}: the ground of the legal basis is now “another contract”", False)]
        assert [change.renames for change in self.compared()] == [True]
        policies.revise_draft(self.version, removed=[self.state()], actor=self.hana, at=NOON)
        assert self.changes() == [(f"{registration}: legal basis no longer stated", True)]

    # --- how it is kept ---

    @pytest.mark.law("C-06")
    def test_the_bases_of_a_published_version_are_final_and_a_draft_copies_them(self) -> None:
        self.tell()
        self.state_all()
        published = self.publish()
        assert drift.find_drifts(TODAY) == []
        bases = LegalBasis.objects.filter(category__version=published)
        assert bases.count() == 3
        for change in (
            lambda: bases.update(basis="consent"),
            lambda: bases._raw_delete(bases.db),
            lambda: LegalBasis.objects.create(
                category=published.categories.get(code="app-log"), purpose_id="analytics", basis="consent"
            ),
        ):
            with pytest.raises(IntegrityError, match="published and final"), transaction.atomic():
                change()
        draft = policies.create_draft(based_on=published, actor=self.hana, at=NOON)
        before, after = rulebook.read(published), rulebook.read(draft)
        assert {code: one.bases for code, one in before.categories.items()} == {
            code: one.bases for code, one in after.categories.items()
        }
        proposed = policies.draft_proposal(actor=self.hana, at=NOON)
        assert rulebook.read(proposed).category("device-registration").needs_no_consent()

    def test_a_row_of_another_version_is_refused(self) -> None:
        category = factory.the_policy().categories.get(code="app-log")
        row = LegalBasis(category=category, purpose_id="error-analysis", basis="consent")
        with pytest.raises(policies.RowOfOtherVersion):
            policies.revise_draft(self.version, rows=[row], actor=self.hana, at=NOON)


class ProposalTest(PortalTestCase):
    @pytest.mark.law("C-06")
    def test_the_proposal_states_every_basis_and_has_their_table(self) -> None:
        published = factory.make_proposal()
        book = rulebook.read(published)
        assert {(code, *one.bases) for code, one in book.categories.items()} == {
            ("device-registration", "registration"),
            ("service-analytics", "analytics"),
            ("app-log", "error-analysis"),
        }
        document = policy_document.published_document(published)
        assert len(policy_document.listed_rows(document, "bases")) == 3
