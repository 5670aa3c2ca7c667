"""The registers leave the portal in the order of the forms, for a reason, with nothing that runs as a formula."""

import io
from datetime import date

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from privacy.ledger.actors import NotPermitted
from privacy.safeguards import actions as safeguards
from privacy.safeguards.events import Event
from privacy.safeguards.registers import REGISTERS
from tests.base import PortalTestCase
from tests.factory import NOON, make_area, make_finding, make_hana, make_measure, make_odile
from tests.privacy.safeguards.test_areas import carry, enter, permit

PERIOD = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}


def export(code: str, form: str = "xlsx", **changes: object) -> bytes:
    values = PERIOD | {"form": form, "reason": "정기 보고", "actor": make_odile(), "at": NOON} | changes
    return safeguards.export_register(code, **values)  # type: ignore[arg-type]


def table(content: bytes) -> list[tuple[object, ...]]:
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


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

    def test_official_columns_in_their_order(self) -> None:
        assert table(export("inspections"))[0][:9] == (
            "기준 항목", "점검일", "점검자", "결과", "부적합", "시정조치", "기한", "완료확인", "보호책임자 보고일",
        )  # fmt: skip
        assert table(export("entries"))[0][:6] == ("구역", "출입자", "목적", "입실", "퇴실", "동행자")
        assert table(export("media"))[0][:6] == ("매체번호", "반출입자", "승인자", "목적", "일시", "반납")

    def test_every_row_stands_there_and_text_stays_text(self) -> None:
        (row,) = table(export("entries"))[1:]
        assert row[0] == "전산실" and row[1] == make_hana().ref
        book = load_workbook(io.BytesIO(export("entries")))
        cell = book.active["C2"]
        assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
        (finding,) = table(export("inspections"))[1:]
        assert finding[4] == "자료보관실 잠금장치 고장"
        (medium,) = table(export("media"))[1:]
        assert medium[0] == "USB-001"
        assert [row[1] for row in table(export("measures"))[1:]] == ["출입문 잠금장치"]

    def test_another_year_is_empty(self) -> None:
        for code in ("inspections", "entries", "media", "measures"):
            assert len(table(export(code, first=date(2020, 1, 1), last=date(2020, 12, 31)))) == 1

    def test_each_as_pdf(self) -> None:
        for code in REGISTERS:
            assert export(code, "pdf").startswith(b"%PDF-")

    def test_a_reason_a_permission_and_a_record(self) -> None:
        with pytest.raises(safeguards.Incomplete):
            export("media", reason=" ")
        with pytest.raises(NotPermitted):
            export("media", actor=make_hana())
        export("media")
        assert '"register":"media"' in self.assertLedgered(Event.REGISTER_EXPORTED).payload

    def test_from_the_console(self) -> None:
        self.client.force_login(make_odile())
        address = reverse("admin:safeguards_areaentry_register")
        assert self.client.get(address).status_code == 200
        fields = {"confirmed": "yes", "first": "2026-01-01", "last": "2026-12-31", "form": "xlsx", "reason": "보고"}
        assert len(table(self.client.post(address, fields).content)) == 2
        self.client.force_login(make_hana())
        assert self.client.get(address).status_code == 404
