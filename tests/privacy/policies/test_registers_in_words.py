"""The registers of items and recipients are read by people: purposes and items stand there by name."""

from datetime import date

import pytest
from django.utils.translation import override

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

    def test_the_items_that_a_recipient_gets_are_named(self) -> None:
        factory.make_third_party("acme")
        factory.make_provision_agreement("acme", items=["model", "os_version"])
        [row] = [row for row in self.rows("processors") if row[1]]
        assert "os_version" not in str(row[3]) and "모델명" in str(row[3]), row[3]
