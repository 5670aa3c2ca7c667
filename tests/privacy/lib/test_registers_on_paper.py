"""Registers on paper: one tagged table whose headings repeat, and every letter of every row."""

import re
from datetime import UTC, datetime

from privacy.lib.documents import pdf
from tests.pdf_text import text_of, without_spaces

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def printed(*rows: tuple[str, ...], title: str = "대장 <1>") -> bytes:
    payload = {
        "title": title, "subtitle": "2026", "reference": "F-13", "columns": ["번호", "내용"], "widths": [1, 3],
        "rows": rows,
    }  # fmt: skip
    return pdf.render("register", payload, made_at=AT)


def elements(made: bytes) -> list[str]:
    """Return the kinds of the structure's elements."""
    return [kind.decode() for kind in re.findall(rb"/S ?/(\w+)", made)]


def pages(made: bytes) -> int:
    return len(re.findall(rb"/Type ?/Page\b", made))


def test_every_cell_is_a_cell_of_one_table_under_its_headings() -> None:
    made = printed(*((str(number), "가") for number in range(300)))
    found = elements(made)
    kinds = ("Table", "THead", "TBody", "TR", "TH", "TD", "H1")
    assert [found.count(kind) for kind in kinds] == [1, 1, 1, 301, 2, 600, 1]
    assert b"pdfuaid:part" in made
    assert made.count(b"/Scope/Column") + made.count(b"/Scope /Column") == 2


def test_headings_are_repeated_on_each_page_for_the_eye() -> None:
    made = printed(*((str(number), "가") for number in range(300)))
    assert pages(made) > 3
    assert text_of(made).count("번호내용") == pages(made)


def test_the_same_rows_make_the_same_bytes() -> None:
    assert printed(("1", "가")) == printed(("1", "가"))
    assert printed(("1", "가")) != printed(("1", "나"))


def test_a_row_longer_than_a_page_goes_on_and_nothing_of_it_is_lost() -> None:
    words = [f"word{number}" for number in range(3000)]
    made = printed(("1", " ".join(words)), ("2", "(끝) \\ <x> #panic() *b* 😀"))
    assert pages(made) > 1
    assert elements(made).count("TD") == 4
    shown = text_of(made)
    assert all(word in shown for word in words)
    assert without_spaces("(끝) \\ <x> #panic() *b* [U+1F600]") in shown


def test_what_has_no_column_goes_over_the_whole_width_under_its_row() -> None:
    made = printed(("1", "가"), ("2", "나", "해시: 0001"), ("3", "다"))
    assert elements(made).count("TR") == 5
    assert re.search(rb"/ColSpan ?2", made)
    assert "2나해시:00013다" in text_of(made)


def test_an_empty_register_says_so() -> None:
    made = printed()
    assert "Table" not in elements(made)
    assert without_spaces("해당 사항이 없습니다.") in text_of(made)
