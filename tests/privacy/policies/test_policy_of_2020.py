"""What the portal knows of the policy in force since 2020-12-01, as loaded."""

from datetime import date

import pytest

from privacy.policies import drift, integrity, policy_document, presentation
from privacy.policies.headings import HEADINGS
from privacy.policies.models import Agency, Officer, PreservationRule
from tests import factory
from tests.base import PortalTestCase

DAY = date(2020, 12, 1)


class PolicyOf2020Test(PortalTestCase):
    @pytest.mark.clause("P2.1")
    def test_the_officer_is_designated_since_the_policy_is_in_force(self) -> None:
        officer = Officer.objects.on(DAY)
        assert officer is not None
        assert (officer.name, officer.phone, officer.email) == ("정경수", "02-6928-6774", "")
        assert officer.department_en == "Security Business Headquarters"
        assert Officer.objects.on(date(2020, 11, 30)) is None

    @pytest.mark.law("V-09")
    @pytest.mark.clause("P2.2")
    def test_the_agencies_are_listed_with_their_numbers(self) -> None:
        named = Agency.objects.filter(named_in_policy=True).values_list("phone", flat=True)
        assert set(named) == {"118", "1301", "182"}
        assert set(Agency.objects.filter(named_in_policy=False).values_list("phone", flat=True)) == {"1833-6972"}
        assert not Agency.objects.exclude(last_verified_on=None).exists(), "nobody has verified them yet"

    @pytest.mark.law("D-14", "D-16")
    def test_other_preservation_rules_can_be_selected(self) -> None:
        selectable = PreservationRule.objects.filter(version=factory.the_policy(), applied=False)
        assert sorted(selectable.values_list("basis", "months")) == [
            ("D-14", 6), ("D-16", 6), ("D-16", 36), ("D-16", 60), ("D-16", 60), ("P-09", 12), ("P-10", 84),
        ]  # fmt: skip

    @pytest.mark.law("D-16")
    def test_who_sells_online_keeps_each_kind_for_its_term(self) -> None:
        rules = PreservationRule.objects.filter(version=factory.the_policy(), basis="D-16")
        assert {one.name_ko: (one.months, one.law_ko, one.applied) for one in rules} == {
            name: (months, "전자상거래 등에서의 소비자보호에 관한 법률", False)
            for name, months in (
                ("표시·광고에 관한 기록", 6),
                ("계약 또는 청약철회 등에 관한 기록", 60),
                ("대금결제 및 재화 등의 공급에 관한 기록", 60),
                ("소비자의 불만 또는 분쟁처리에 관한 기록", 36),
            )
        }

    @pytest.mark.clause("P0.2")
    def test_the_text_is_composed_from_the_tables_and_sealed(self) -> None:
        version = factory.the_policy()
        assert policy_document.compose(version, DAY) == version.document
        assert integrity.is_intact(version)
        assert drift.find_drifts(date(2026, 11, 24)) == []

    @pytest.mark.law("V-01", "V-02")
    def test_every_heading_of_the_law_is_there_in_both_languages(self) -> None:
        version = factory.the_policy()
        for language in ("ko", "en"):
            chapters = {chapter.code: chapter for chapter in presentation.render_sections(version.document, language)}
            required = {heading.code for heading in HEADINGS.values() if heading.required}
            assert required <= set(chapters)
            assert all(chapter.heading and chapter.blocks for chapter in chapters.values())

    @pytest.mark.clause("P6.1")
    def test_periods_in_the_text_come_from_the_rules(self) -> None:
        chapters = {
            chapter.code: chapter for chapter in presentation.render_sections(factory.the_policy().document, "en")
        }
        assert [
            line for block in chapters["retention"].blocks if block.name == "retention" for line in block.lines()
        ] == [
            "Device registration and licence data · 2 years from the expiry of the licence",
            "Service improvement and analysis data · 5 years from the end of the service",
            "Log information of the service app · "
            "at once, and no later than 1 month from the achievement of the purpose",
        ]
        assert "– Device registration and licence management data: 2 years after the licence expires" in (
            chapters["retention"].lines()
        )
