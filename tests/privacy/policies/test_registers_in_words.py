"""The registers of items and recipients are read by people: purposes and items stand there by name."""

from datetime import date

import pytest
from django.utils.translation import override

from config.dossier import processing
from privacy.lib.registries import registers
from privacy.lib.registries.registers import ExportScope
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

DAY = date(2026, 11, 24)


@pytest.mark.truth("21")
class RegistersInWordsTest(PortalTestCase):
    def rows(self, code: str) -> list[list[object]]:
        with override("ko"):
            return list(registers.get(code).rows(ExportScope(DAY, DAY, factory.make_odile(), NOON, "audit")))

    def test_the_purposes_of_an_item_are_named(self) -> None:
        told = {str(row[4]) for row in self.rows("items")}
        assert told and not any(part.isascii() for purposes in told for part in purposes.split(", ")), told

    @pytest.mark.law("C-06", "F-19")
    def test_the_legal_basis_is_that_of_the_version_in_force_and_as_before_where_it_states_none(self) -> None:
        def told(code: str, column: int) -> dict[str, str]:
            return {str(row[0]).split(" (")[0]: str(row[column]) for row in self.rows(code)}

        registration, logs = "기기 등록 및 라이선스 정보", "서비스 앱 로그 정보"
        for code, column in (("items", 5), ("inventory", 3)):
            found = told(code, column)
            assert (found[registration], found[logs]) == ("동의·계약 이행", "동의(선택)")
        factory.make_stated("device-registration")
        for code, column in (("items", 5), ("inventory", 3)):
            found = told(code, column)
            assert found[registration] == "정보주체와의 계약 이행·체결(개인정보 보호법 제15조제1항제4호)"
            assert found[logs] == "정보주체의 동의(개인정보 보호법 제15조제1항제1호)"
        with override("en"):
            written = {one.code: one.basis for one in processing.activities(DAY)}
        assert written["device-registration"] == "Contract with the data subject (PIPA art. 15(1)4)"
        assert written["app-log"] == "Consent (PIPA art. 15(1)1)"

    @pytest.mark.law("F-19")
    def test_the_inventory_says_of_what_is_held_how_much_why_how_how_long_and_where(self) -> None:
        for number in (1, 2):
            factory.make_device(number)
        found = [row for row in self.rows("inventory") if str(row[0]).startswith("기기 등록 및 라이선스 정보 (")]
        row = next(one for one in found if "모델명" in str(one[1]))
        assert row[2] == 2 and "일련번호" in str(row[1])
        assert "등록" in str(row[4]) and "암호화" in str(row[5])
        assert "2년" in str(row[6]) and row[7] == "개인정보 DB" and row[8] == "키 파기 후 행 삭제"

    def test_the_items_that_a_recipient_gets_are_named(self) -> None:
        factory.make_third_party("acme")
        factory.make_provision_agreement("acme", items=["model", "os_version"])
        [row] = [row for row in self.rows("processors") if row[1]]
        assert "os_version" not in str(row[3]) and "모델명" in str(row[3]), row[3]
