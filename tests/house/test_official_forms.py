"""The registers leave in the columns of their forms, in the forms' order (forms F-6 … F-19 of the rule base)."""

from datetime import UTC, datetime
from unittest import mock

import pytest

from privacy.disclosures.models import Disclosure
from privacy.incidents import documents
from privacy.incidents.models import Incident, Report
from privacy.lib.registries import registers
from privacy.policies.headings import HEADINGS
from tests import factory
from tests.base import PortalTestCase

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)


def headings(code: str) -> list[str]:
    return [str(heading) for heading, _value in registers.get(code).columns]


@pytest.mark.law("F-6")
def test_the_register_of_destructions_has_the_eight_columns_of_form_5() -> None:
    official = ["번호", "개인정보파일명", "자료의종류", "생성일", "폐기일", "폐기사유", "처리담당자", "처리부서장"]
    assert [heading.replace(" ", "") for heading in headings("destructions")[:8]] == official


@pytest.mark.law("F-7")
def test_behind_them_stands_what_a_request_of_destruction_says() -> None:
    further = headings("destructions")[8:]
    for column in (
        "요청일", "요청자", "주요 대상업무", "파기 전 보관건수", "승인일", "승인자", "파기 장소", "파기 방법", "입회자",
        "폐기 확인 방법", "백업 조치", "매체 폐기 여부", "파기 기한", "특기사항",
    ):  # fmt: skip
        assert column in further, column


@pytest.mark.law("D-09")
def test_no_column_of_the_register_of_destructions_names_a_data_subject() -> None:
    assert [heading for heading in headings("destructions") if "정보주체" in heading] == ["정보주체 수"]


@pytest.mark.law("F-10")
def test_the_access_records_have_their_columns() -> None:
    assert headings("access-records")[:9] == [
        "번호", "식별자", "접속일시", "접속지", "처리한 정보주체", "수행업무", "화면·객체", "사유", "결과",
    ]  # fmt: skip


@pytest.mark.law("F-12")
def test_the_register_of_access_rights_has_its_columns() -> None:
    assert headings("access-grants") == [
        "신청자", "신청일시", "목적", "사용기간", "승인자", "승인/거부", "사유", "일시", "등록자", "등록일", "방법",
        "시스템명", "권한명", "내역", "구분",
    ]  # fmt: skip


@pytest.mark.law("F-15")
def test_the_register_of_pledges_has_its_columns() -> None:
    held = headings("pledges")
    assert held[:2] == ["유형", "버전"]
    assert [column for column in ("서약자", "소속", "서명일시", "증빙") if column not in held] == []
    assert any("해시" in column for column in held)


@pytest.mark.law("F-19")
def test_the_inventory_has_its_columns() -> None:
    assert headings("inventory") == [
        "파일명", "항목", "보유량", "처리 근거", "목적", "방법", "보유기간", "보관장소", "파기방법",
    ]  # fmt: skip


@pytest.mark.law("P-01", "P-03")
def test_a_disclosure_rests_on_a_law_or_a_consent_and_on_no_contract_or_interest_of_the_company() -> None:
    """PIPA 17(1), 18(2): neither 15(1)4 nor what is for public institutions is offered."""
    assert set(Disclosure.Basis.values) == {"law", "consent", "separate-consent"}


@pytest.mark.law("B-01")
def test_a_breach_is_one_of_the_six_of_the_act() -> None:
    assert set(Incident.Kind.values) == {"loss", "theft", "leak", "forgery", "alteration", "damage"}


class ReportFormTests(PortalTestCase):
    def rows(self, incident: Incident, duty: Report.Duty) -> list[list[str]]:
        with mock.patch.object(documents.pdf, "render", return_value=b"%PDF-") as rendered:
            documents.report_form(incident, duty=duty, sequence=1, at=AT)
        _template, payload = rendered.call_args.args
        return [row for block in payload["blocks"] if block["kind"] == "fields" for row in block["rows"]]

    @pytest.mark.law("F-9", "B-09")
    def test_the_report_of_a_breach_has_the_fields_of_the_form(self) -> None:
        rows = self.rows(factory.make_known_incident(factory.make_mina(), outside_access=True), Report.Duty.BREACH)
        fields = [name for name, _text in rows]
        assert "신고 기한(72시간)" in fields
        assert fields[:7] == [
            "기관명", "정보주체에의 통지 여부", "유출등이 된 개인정보의 항목 및 규모", "유출등이 된 시점과 그 경위",
            "유출등 피해 최소화 대책·조치 및 결과", "정보주체가 할 수 있는 피해 최소화 방법 및 구제절차",
            "담당부서·담당자 및 연락처",
        ]  # fmt: skip
        assert fields[-3:] == ["접수기관", "담당자", "연락처"]
        assert "인지 일시" in fields
        told = dict(rows)
        assert "모델명" in told["유출등이 된 개인정보의 항목 및 규모"]
        assert "협력사 노트북 분실" in told["유출등이 된 시점과 그 경위"]
        assert "02-6928-6774" in told["담당부서·담당자 및 연락처"]
        assert "손해배상" in told["정보주체가 할 수 있는 피해 최소화 방법 및 구제절차"]
        lacking = dict(self.rows(factory.make_incident(), Report.Duty.BREACH))
        assert documents.TO_BE_SUPPLEMENTED in lacking["유출등이 된 개인정보의 항목 및 규모"]
        assert documents.TO_BE_SUPPLEMENTED in lacking["유출등이 된 시점과 그 경위"]

    @pytest.mark.law("B-10")
    def test_the_report_of_an_intrusion_has_what_the_decree_asks_for(self) -> None:
        """ICN-D 58-2(1): when, why and what damage; measures; department and contact."""
        told = dict(self.rows(factory.make_known_incident(intrusion=True), Report.Duty.INTRUSION))
        assert list(told)[:4] == [
            "기관명", "침해사고 발생 일시, 원인 및 피해내용", "침해사고에 대한 조치사항", "담당부서·담당자 및 연락처",
        ]  # fmt: skip
        assert "협력사 노트북 분실" in told["침해사고 발생 일시, 원인 및 피해내용"]
        assert "원격 삭제" in told["침해사고에 대한 조치사항"]
        assert "02-6928-6774" in told["담당부서·담당자 및 연락처"]
        assert "침해사고 신고 기한(24시간)" in told


@pytest.mark.law("V-01", "V-02", "V-03")
def test_the_headings_of_a_policy_are_those_of_the_act() -> None:
    """PIPA 30(1), DEC 31(1), and what the guideline adds: which must be there, and which where they apply."""
    required = {code for code, heading in HEADINGS.items() if heading.required}
    assert required == {
        "purposes", "items", "retention", "destruction", "rights", "officer", "automatic-collection", "safety",
        "changes", "remedy",
    }  # fmt: skip
    assert set(HEADINGS) - required == {
        "provision", "consignment", "sensitive", "pseudonymised", "overseas", "foreign-collection", "additional-use",
        "automated-decisions",
    }  # fmt: skip
