"""Registers as files: columns in their order, text never a formula, a period, a limit."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from privacy.lib.registries import registers
from privacy.lib.registries.registers import ExportScope, Register
from tests.pdf_text import text_of

WINDOW = ExportScope(date(2026, 11, 1), date(2026, 11, 30), None, datetime(2026, 11, 24, 3, tzinfo=UTC), "test")


@dataclass
class Line:
    number: int
    said: str
    at: datetime | None = None
    parent: Any = None

    def get_said_display(self) -> str:
        return self.said.upper()


def register(*lines: Any, **changes: Any) -> Register:
    columns = (("번호", "number"), ("내용", "said"), ("해시", lambda line: f"{line.number:04x}"), ("일시", "at"))
    given: dict[str, Any] = {"columns": columns, "records": lambda window: iter(lines), **changes}
    return Register(code="lines", title="대장", models=(), permission="x.y", **given)


def rows(made: Register) -> list[tuple[Any, ...]]:
    content, _count = registers.render(made, WINDOW, "xlsx")
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def test_cells_follow_the_columns_and_choices_are_words() -> None:
    head, row = rows(register(Line(7, "abc", datetime(2026, 11, 24, 15, 30, tzinfo=UTC))))
    assert head == ("번호", "내용", "해시", "일시")
    assert row == (7, "ABC", "0007", "2026-11-25 00:30")


def test_a_path_through_nothing_is_empty() -> None:
    made = register(Line(1, "x"), columns=(("상위", "parent.number"),))
    assert rows(made)[1:] == [(None,)]


@pytest.mark.truth("register-control-characters")
@pytest.mark.asvs("1.3.3")
def test_a_sign_that_no_workbook_holds_costs_no_register() -> None:
    made = register(Line(1, "가\x0b나"), Line(2, "=1\x01"), columns=(("내용", lambda line: line.said),))
    assert rows(made)[1:] == [("가\N{REPLACEMENT CHARACTER}나",), ("=1\N{REPLACEMENT CHARACTER}",)]


@pytest.mark.asvs("1.2.10")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(1)", "=CMD|' /C calc'!A0"])
def test_text_is_never_a_formula(text: str) -> None:
    made = register(Line(1, text), columns=(("내용", lambda line: line.said),))
    content, _count = registers.render(made, WINDOW, "xlsx")
    cell = load_workbook(io.BytesIO(content)).active["A2"]
    assert cell.data_type == "s"
    assert not isinstance(cell.value, (int, float))
    assert cell.value.strip() == text.strip()
    # What a signed number is needs no quote (V1.2.10 has it as an exception).
    assert cell.quotePrefix == (text not in ("+1", "-1"))


@pytest.mark.asvs("13.4.6")
def test_a_workbook_names_no_version_of_what_made_it() -> None:
    content, _count = registers.render(register(Line(1, "x")), WINDOW, "xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<Application>" in parts.read("docProps/app.xml")
        assert not re.search(rb"openpyxl[ /]*\d", b"".join(map(parts.read, parts.namelist())), re.I)


def test_paper_has_the_printed_columns_and_can_be_read() -> None:
    content, count = registers.render(register(Line(1, "#strong[x] *가*"), printed=2), WINDOW, "pdf")
    assert content.startswith(b"%PDF-")
    assert count == 1


@pytest.mark.truth("33")
def test_paper_leaves_out_nothing_that_the_page_lists() -> None:
    line = Line(1, "가나다", datetime(2026, 11, 24, 15, 30, tzinfo=UTC))
    content, _count = registers.render(register(line, Line(2, "라")), WINDOW, "pdf")
    part, _count = registers.render(register(line, Line(2, "라"), printed=2), WINDOW, "pdf")
    assert "해시" in text_of(content)
    for said in ("해시:0001", "일시:", "0002"):
        assert said in text_of(part), said


def test_the_limit_refuses_before_the_file_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registers.MAX_ROWS, "pdf", 2)
    drawn: list[int] = []

    def many() -> Iterator[Line]:
        for number in range(1000):
            drawn.append(number)
            yield Line(number, "x")

    with pytest.raises(registers.TooManyRows):
        registers.render(register(records=lambda window: many()), WINDOW, "pdf")
    assert len(drawn) == 3, "it stops at the first row too many"


def test_the_period_runs_from_midnight_to_midnight_in_korea() -> None:
    start, last = WINDOW.moments
    assert start.astimezone(UTC) == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert WINDOW.until.astimezone(UTC) == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert last == WINDOW.until - timedelta(microseconds=1), "a range holds both of its ends"


def test_no_register_hides_another() -> None:
    known = registers.all_registers()[0]
    with pytest.raises(ValueError, match=known.code):
        registers.declare(code=known.code, title="다른 대장", models=(), permission="x.y", columns=(), records=list)
    assert registers.get(known.code) is known
