"""The register of disclosures leaves in the official column order, with a reason, on record (F-8, P-05, P-12)."""

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from privacy.disclosures import register
from privacy.disclosures.models import Disclosure
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.exports import register_export
from privacy.lib.registries import registers
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

OFFICIAL = [
    "개인정보(파일) 명칭",
    "이용기관 또는 제공받는 기관 명칭",
    "이용 목적 또는 제공받는 목적",
    "법적 근거",
    "항목",
    "날짜, 주기 또는 기간",
    "형태",
    "제한·조치 요청 내용",
]


@pytest.mark.clause("P5.1")
class RegisterTests(PortalTestCase):
    def setUp(self) -> None:
        self.made = factory.make_provided(factory.make_device(1), "imei", restrictions="repair desk only").disclosure

    def export(self, form: str = "xlsx", **changes: object) -> bytes:
        values = {
            "first": date(2026, 11, 1),
            "last": date(2026, 11, 30),
            "reason": "yearly inspection",
            "actor": factory.make_odile(),
            **changes,
        }
        return register_export.export_register(registers.get("disclosures"), form=form, at=NOON, **values)  # type: ignore[arg-type]

    def rows(self, **changes: object) -> list[tuple[object, ...]]:
        return list(load_workbook(io.BytesIO(self.export(**changes))).active.values)  # type: ignore[arg-type]

    @pytest.mark.law("P-04", "P-05", "F-8", "P-06")
    def test_the_first_eight_columns_are_the_official_ones(self) -> None:
        head, row = self.rows()
        assert list(head[:8]) == OFFICIAL
        assert row[:3] == ("기기 등록 및 라이선스 정보", "Acme Devices", "repair of lost handsets")
        assert row[3] == "전기통신사업법 제83조제3항"
        assert row[4] == "단말기기 고유번호(IMEI)"
        assert row[5] == "2026-11-24"
        assert row[6] == self.made.form_shown != ""
        assert row[7] == "repair desk only"

    @pytest.mark.law("P-06")
    def test_it_says_who_provided_who_approved_and_in_which_way(self) -> None:
        head, row = self.rows()
        told, made = dict(zip(head, row, strict=True)), Disclosure.objects.get()
        assert (told["제공자"], told["승인자"]) == (made.provided_by, made.approved_by)
        assert {made.provided_by, made.approved_by} == {factory.make_odile().ref, factory.make_omar().ref}
        assert (told["형태"], told["암호화 여부"]) == ("암호화된 파일", "AES-256")
        assert (told["정보주체 수"], told["파일 SHA-256"]) == (1, made.file_digest)
        assert made.provided_at == NOON

    def test_only_the_period_asked_for_leaves(self) -> None:
        assert len(self.rows(first=date(2026, 10, 1), last=date(2026, 10, 31))) == 1

    def test_it_needs_a_reason_and_is_on_record_with_its_digest(self) -> None:
        with pytest.raises(register_export.MissingReason):
            self.export(reason=" ")
        self.export()
        entry = self.assertLedgered("disclosures.register.exported")
        assert "yearly inspection" in entry.payload
        assert '"sha256"' in entry.payload

    @pytest.mark.law("P-12")
    def test_investigations_are_for_those_who_may_see_them(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        factory.make_provided(factory.make_device(2), "model", third_party=agency)
        assert len(self.rows()) == 3
        found = register.lines(first=date(2026, 1, 1), last=date(2026, 12, 31), with_investigations=False)
        assert [one.third_party.code for one in found] == ["acme"]

    @pytest.mark.law("P-09", "F-8")
    def test_an_authoritys_request_stands_behind_with_how_long_it_is_kept(self) -> None:
        agency = factory.make_third_party("agency", kind="investigator")
        factory.make_provided(factory.make_device(2), "model", third_party=agency)
        head, *lines = self.rows()
        acme, asked = sorted(lines, key=lambda line: str(line[1]))
        told = dict(zip(head, asked, strict=True))
        assert told["요청자 소속·성명"] == "서울경찰청 사이버수사과 김수사"
        assert told["비치기간"] == "1년"
        assert told["회신일"] == "2026-11-24"
        assert not dict(zip(head, acme, strict=True))["비치기간"]

    def test_it_prints_as_pdf(self) -> None:
        assert self.export("pdf").startswith(b"%PDF-")

    def test_a_handler_does_not_export_it(self) -> None:
        with pytest.raises(NotPermitted):
            self.export(actor=factory.make_hana())
