"""Texts in CSV files stay texts, whatever opens them."""

import pytest

from privacy.lib.documents.spreadsheets import csv_cell


@pytest.mark.asvs("1.2.10")
@pytest.mark.attack("17.25")
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", " ", "\n", "\r", "\t", "\u00a0", "\u3000"])
def test_a_formula_becomes_text(sign: str, before: str) -> None:
    assert csv_cell(f"{before}{sign}1+1") == f"'{before}{sign}1+1"


@pytest.mark.parametrize("text", ["", "350000000000017", "-5", "+82.5", "a=1", "모델 =", "{}", "'"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert csv_cell(text) == text


@pytest.mark.parametrize("text", ["-5+1", "-1e5", "=1", "+8210-1234"])
def test_what_only_begins_like_a_number_becomes_text(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.asvs("1.2.10", "1.3.3")
def test_what_no_file_can_hold_is_replaced() -> None:
    assert csv_cell("a\x0bb") == "a\N{REPLACEMENT CHARACTER}b"
    assert csv_cell("\x00=1+1") == "\N{REPLACEMENT CHARACTER}=1+1"
