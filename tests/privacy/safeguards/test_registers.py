"""The registers of safeguards leave in the order of the forms, with nothing that runs as a formula (law F-16, F-18)."""

import io
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from privacy.ledger.exports import register_export
from privacy.lib.registries import registers
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Area, AreaEntry, InspectionFinding, MediaMovement
from tests.base import PortalTestCase
from tests.factory import NOON, make_aram, make_area, make_finding, make_hana, make_measure, make_odile, make_omar
from tests.privacy.safeguards.test_areas import carry, enter, permit

YEAR = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}


def book(code: str, **period: date) -> Workbook:
    content = register_export.export_register(
        registers.get(code), form="xlsx", reason="정기 보고", actor=make_odile(), at=NOON, **(period or YEAR)
    )
    return load_workbook(io.BytesIO(content))


def table(code: str, **period: date) -> list[tuple[object, ...]]:
    return list(book(code, **period).active.iter_rows(values_only=True))


@pytest.mark.clause("P8.1")
@pytest.mark.clause("P8.11")
class RegisterTest(PortalTestCase):
    def setUp(self) -> None:
        make_finding()
        area = make_area()
        permit(area)
        enter(area, purpose="=HYPERLINK(1)")
        carry(area)
        safeguards.record_evidence(make_measure(), result="passed", detail="확인", actor=make_odile(), at=NOON)

    @pytest.mark.law("F-16", "F-18")
    def test_official_columns_in_their_order(self) -> None:
        assert table("inspections")[0][:9] == (
            "기준 항목", "점검일", "점검자", "결과", "부적합", "시정조치", "기한", "완료확인", "보호책임자 보고일",
        )  # fmt: skip
        assert table("area-entries")[0][:6] == ("구역", "출입자", "목적", "입실", "퇴실", "동행자")
        assert table("media-movements")[0][:6] == ("매체번호", "반출입자", "승인자", "목적", "일시", "반납")

    @pytest.mark.law("F-16", "F-18")
    def test_what_is_done_later_stands_there_too(self) -> None:
        made = InspectionFinding.objects.get()
        done = safeguards.correct_finding(made, done="교체함", actor=make_hana(), at=NOON)
        safeguards.confirm_finding(done, actor=make_aram(), at=NOON)
        safeguards.report_inspection(made.inspection, actor=make_odile(), at=NOON)
        (finding,) = table("inspections")[1:]
        assert make_aram().ref in str(finding[7]) and str(finding[8]).startswith("2026-11-24")
        safeguards.return_medium(MediaMovement.objects.get(), actor=make_odile(), at=NOON)
        safeguards.end_entry(AreaEntry.objects.get(), actor=make_odile(), at=NOON)
        assert table("media-movements")[1][5] and table("area-entries")[1][4], "back, and left"
        enter(Area.objects.get(), person="", visitor_of="냉방 점검업체", companion=make_hana().ref)
        visitor = next(row for row in table("area-entries")[1:] if "냉방 점검업체" in str(row[1]))
        assert visitor[5] == make_hana().ref

    @pytest.mark.law("F-16", "F-18")
    def test_every_row_stands_there_and_text_stays_text(self) -> None:
        (row,) = table("area-entries")[1:]
        assert row[:2] == ("전산실", make_hana().ref)
        cell = book("area-entries").active["C2"]
        assert (cell.data_type, str(cell.value).lstrip("'")) == ("s", "=HYPERLINK(1)")
        assert row[3] and not row[4], "still inside"
        (finding,) = table("inspections")[1:]
        assert finding[0] == "11. 물리적 안전조치"
        assert finding[4:6] == ("자료보관실 잠금장치 고장", "잠금장치 교체")
        assert all(finding[:4]) and str(finding[6]).startswith("2026-12-01")
        assert not finding[7] and not finding[8], "neither confirmed nor reported yet"
        (medium,) = table("media-movements")[1:]
        assert (medium[0], medium[1], medium[3]) == ("USB-001", make_hana().ref, "백업 소산")
        assert medium[2] == make_odile().ref and medium[4] and not medium[5], "approved by another, and not back yet"
        assert [(row[1], row[7]) for row in table("measures")[1:]] == [("출입문 잠금장치", "확인")]
        assert len(table("area-permits")) == len(table("protected-areas")) == len(table("safeguard-evidence")) == 2

    def test_another_year_is_empty(self) -> None:
        for code in ("inspections", "area-entries", "media-movements", "measures", "safeguard-evidence"):
            assert len(table(code, first=date(2020, 1, 1), last=date(2020, 12, 31))) == 1

    @pytest.mark.law("S-33")
    def test_a_vulnerability_check_tells_its_findings_and_who_looked_again(self) -> None:
        finding = make_finding()
        assert len(table("vulnerability-checks")) == 1, "an inspection of another kind is none"
        held = finding.inspection
        held.__class__.objects.filter(pk=held.pk).update(kind="vulnerability")
        row = table("vulnerability-checks")[1]
        assert (row[0], row[3], row[6]) == (held.scope, held.method, finding.seen)
        assert str(row[2]).startswith(str(held.held_on))
        assert row[9] is not None
        assert row[10] == "재점검 전"
        done = safeguards.correct_finding(finding, done="패치 적용", actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.SamePerson):
            safeguards.confirm_finding(done, actor=make_odile(), at=NOON)
        safeguards.confirm_finding(done, actor=make_omar(), at=NOON)
        row = table("vulnerability-checks")[1]
        assert str(row[8]).startswith("패치 적용")
        assert str(row[10]).split(" 2026")[0] != "재점검 전"
