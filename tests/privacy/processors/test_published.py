"""The policy names processors, sub-processors and transfers abroad from their registers (P-14, P-15, V-01, V-08)."""

from datetime import date, timedelta

import pytest

from privacy.policies import completeness, data_recipients, drift, policy_document, presentation, rule_changes
from privacy.policies.models import PolicyVersion
from privacy.processors import actions as processors
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def codes(kind: data_recipients.RecipientKind, on: date = TODAY) -> list[str]:
    return [party.name_en for party in data_recipients.recipients_of_kind(kind, on)]


def untils() -> dict[str, str]:
    named = data_recipients.recipients_of_kind("processors", TODAY)
    return {party.name_en.partition(" (")[0]: party.until_en for party in named}


class ProcessorsTest(PortalTestCase):
    @pytest.mark.law("P-14")
    def test_processors_and_whom_they_engage_are_named_while_they_process(self) -> None:
        """PIPA art. 26(2) counts those to whom the work is consigned again among the processors."""
        row = factory.make_consignment(starts_on=TODAY)
        factory.make_subprocessor(row)
        assert codes("processors", TODAY - DAY) == []
        assert codes("processors") == ["Hanbit Cloud", "Backup Centre (sub-processor of Hanbit Cloud)"]
        processors.end_consignment(row, ended_on=TODAY, reason="만료", actor=factory.make_odile(), at=NOON)
        assert len(codes("processors")) == 2
        assert codes("processors", TODAY + DAY) == []

    @pytest.mark.law("P-14")
    def test_nobody_is_named_before_the_consignment_begins(self) -> None:
        factory.make_subprocessor(factory.make_consignment(starts_on=TODAY + DAY))
        assert codes("processors") == []
        assert len(codes("processors", TODAY + DAY)) == 2

    @pytest.mark.law("P-14", "V-08")
    def test_what_has_ended_is_told_with_its_last_day(self) -> None:
        odile = factory.make_odile()
        row = factory.make_consignment(term_ends_on=TODAY + 30 * DAY)
        first, second = factory.make_subprocessor(row), factory.make_subprocessor(row, name_en="Tape Centre")
        assert untils() == {"Hanbit Cloud": "2026-12-24", "Backup Centre": "2026-12-24", "Tape Centre": "2026-12-24"}
        processors.end_subprocessor(first, ended_on=TODAY, actor=odile, at=NOON)
        assert untils()["Backup Centre"] == "2026-11-24"
        processors.end_consignment(row, ended_on=TODAY, reason="해지", actor=odile, at=NOON)
        assert set(untils().values()) == {"2026-11-24"}, second

    @pytest.mark.law("P-14")
    def test_a_change_calls_for_a_revision_of_the_policy(self) -> None:
        factory.the_policy()
        factory.make_consignment()
        found = {one.code: one for one in drift.find_drifts(TODAY)}
        assert found["table:processors"].is_due


class TransfersTest(PortalTestCase):
    def setUp(self) -> None:
        self.version = factory.the_policy()

    @pytest.mark.law("P-15")
    def test_a_document_without_transfers_is_what_it_was(self) -> None:
        assert "transfers" not in policy_document.compose(self.version, TODAY)["tables"]
        assert "table:transfers" not in {one.code for one in drift.find_drifts(TODAY)}

    @pytest.mark.law("P-15")
    def test_the_table_tells_basis_and_the_five_items_in_both_languages(self) -> None:
        """PIPA art. 28-8(2) nos. 1 to 5 and the basis: Decree art. 31(1)2."""
        factory.make_overseas_transfer()
        assert {one.code: one for one in drift.find_drifts(TODAY)}["table:transfers"].is_due
        document = policy_document.compose(self.version, TODAY)
        section = {"code": "overseas", "heading": {"ko": "국외 이전", "en": "Overseas"}}
        document["sections"] = [{**section, "body": {"ko": "[[transfers]]", "en": "[[transfers]]"}}]
        for language, wanted in (
            (
                "ko",
                (
                    "법 제28조의8제1항제5호",
                    "모델명, ",
                    "독일",
                    "암호화 전송",
                    "유로서포트",
                    "장애 분석",
                    "분석 종료 시까지",
                    "요청하면",
                ),
            ),
            (
                "en",
                (
                    "art. 28-8(1)5",
                    "Model name, ",
                    "Germany",
                    "encrypted",
                    "Euro Support",
                    "Analysis of faults",
                    "until",
                    "Ask",
                ),
            ),
        ):
            (chapter,) = presentation.render_sections(document, language)
            told = " ".join(chapter.lines())
            assert all(word in told for word in wanted), told
            assert "privacy@example.eu" in told

    @pytest.mark.law("P-15")
    def test_the_table_says_so_where_there_is_none(self) -> None:
        document = policy_document.compose(self.version, TODAY)
        section = {"code": "overseas", "heading": {"ko": "국외 이전", "en": "Overseas"}}
        document["sections"] = [{**section, "body": {"ko": "[[transfers]]", "en": "[[transfers]]"}}]
        for language, said in (
            ("en", "This version names no transfer abroad."),
            ("ko", "이 버전에는 국외 이전 사항이 없습니다."),
        ):
            (chapter,) = presentation.render_sections(document, language)
            assert said in chapter.lines()

    @pytest.mark.law("P-15", "V-01")
    def test_heading_and_register_need_each_other(self) -> None:
        version: PolicyVersion = factory.make_draft()
        section = version.sections.get(code="overseas")
        missing = lambda: {one.section for one in completeness.problems(version, TODAY) if not one.is_warning}  # noqa: E731
        assert "overseas" not in missing()
        made = factory.make_overseas_transfer()
        assert "overseas" in missing()
        section.applicable, section.body_ko, section.body_en = True, "[[transfers]]", "[[transfers]]"
        section.save()
        assert "overseas" not in missing()
        processors.end_transfer(made, ended_on=TODAY, reason="종료", actor=factory.make_odile(), at=NOON)
        version.effective_on = TODAY + 60 * DAY
        assert "overseas" in missing()

    @pytest.mark.law("P-15", "V-08")
    def test_one_for_a_consignment_is_told_until_the_data_is_gone(self) -> None:
        """Storage abroad is a transfer too (PIPA art. 28-8(1)), so the last day of processing does not end it."""
        odile, row = factory.make_odile(), factory.make_consignment(country="DE", starts_on=TODAY - DAY)
        engaged = factory.make_subprocessor(row, country="SG", agreed_on=TODAY - DAY)
        told = {"basis": "published", "starts_on": TODAY - DAY}
        factory.make_overseas_transfer("processor", consignment=row, **told)
        factory.make_overseas_transfer("onward", subprocessor=engaged, recipient_en="Backup", country="SG", **told)
        assert codes("transfers") == ["Backup", "Euro Support"]
        processors.end_subprocessor(engaged, ended_on=TODAY - DAY, actor=odile, at=NOON)
        assert codes("transfers") == ["Euro Support"], "its consent ended, and it keeps nothing"
        processors.end_consignment(row, ended_on=TODAY - DAY, reason="해지", actor=odile, at=NOON)
        assert codes("transfers") == ["Euro Support"]
        processors.prove_disposal(
            row, disposal="destroyed", disposed_on=TODAY, detail="파기 확인서", name="p.pdf", content=PDF, actor=odile,
            at=NOON,
        )  # fmt: skip
        assert codes("transfers") == ["Euro Support"]
        assert codes("transfers", TODAY + DAY) == []

    @pytest.mark.law("P-15")
    def test_the_difference_of_two_versions_says_what_changed(self) -> None:
        before = policy_document.compose(self.version, TODAY)
        factory.make_overseas_transfer()
        after = policy_document.compose(self.version, TODAY)
        (change,) = rule_changes.compare_rules(before, after, "en")
        assert (change.sentence, change.adverse) == ("Now transferred abroad to: Euro Support", True)
