"""Every register of the console leaves as XLSX and PDF, or is listed as needing no file, with a reason."""

import io
from datetime import date

import pytest
from django.contrib import admin
from openpyxl import load_workbook

from privacy.ledger.exports import register_export
from privacy.lib.registries import registers
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, make_aram, make_odile

# No other test writes in this year: reads are recorded apart, and stay when the test that made them is rolled back.
YEAR = {"first": date(2019, 1, 1), "last": date(2019, 12, 31), "reason": "inspection", "at": NOON}


@pytest.mark.law("O-04")
def test_every_console_register_has_a_file_or_a_reason_why_not() -> None:
    labels = {model._meta.label_lower for model in admin.site._registry}
    covered = {label for register in registers.all_registers() for label in register.models}
    exempt = registers.exempt_models()
    assert not (labels - covered - set(exempt)), "declare these in register.py (privacy.lib.registries.registers)"
    assert not (covered & set(exempt)), "both declared and not needed"
    assert not ((covered | set(exempt)) - labels), "no such register in the console"
    assert all(len(why) > 10 for why in exempt.values())


def test_titles_and_headings_are_korean_and_unique() -> None:
    titles = [register.title for register in registers.all_registers()]
    assert len(set(titles)) == len(titles)
    for register in registers.all_registers():
        assert len(set(register.headings)) == len(register.headings), register.code
        assert not register.widths or len(register.widths) == (register.printed or len(register.columns)), register.code


def test_two_files_of_one_list_say_what_each_holds() -> None:
    for model in admin.site._registry:
        files = registers.registers_of_model(model._meta.label_lower)
        said = {str(register.called) for register in files}
        assert len(files) < 2 or (len(said) == len(files) and "" not in said), model._meta.label


@pytest.mark.clause("P8.3")
class EveryRegister(PortalTestCase):
    @pytest.mark.law("F-10")
    def test_leaves_in_both_forms_on_record(self) -> None:
        people = make_odile(), make_aram()
        for register in registers.all_registers():
            actor = next(person for person in people if person.may(register.permission))
            with self.subTest(register.code):
                book = register_export.export_register(register, form="xlsx", actor=actor, **YEAR)
                head = next(load_workbook(io.BytesIO(book), read_only=True).active.iter_rows(values_only=True))
                assert head == register.headings
                paper = register_export.export_register(register, form="pdf", actor=actor, **YEAR)
                assert paper.startswith(b"%PDF-")
                entry = self.assertLedgered(register.word or "ledger.register.exported")
                assert f'"register":"{register.code}"' in entry.payload
