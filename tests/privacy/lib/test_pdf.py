"""PDF documents: tagged, with the Korean font inside, whatever people typed."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacy.lib.documents import fonts, pdf
from tests import pdf_text

ROWS = [["IMEI", "••••"]] * 80
SHEET: dict[str, Any] = {
    "title": "개인정보 열람 통지서",
    "subtitle": "정보주체의 열람 요구에 대한 결과",
    "reference": "K7-7F3K-92QX",
    "blocks": [
        {"kind": "heading", "text": "조치 내용"},
        {"kind": "subheading", "text": "항목"},
        {"kind": "text", "text": "한 문단.\n\n다른 문단.\n같은 문단의 둘째 줄."},
        {"kind": "note", "text": "이의를 제기할 수 있습니다."},
        {"kind": "list", "items": ["하나", "둘"]},
        {"kind": "fields", "rows": [["접수일", "2026-11-24"], ["처리기한", "2026-12-04"]]},
        {
            "kind": "table",
            "caption": "항목",
            "columns": ["항목", "내용"],
            "rows": ROWS,
            "widths": [1, 2],
        },
        {"kind": "table", "columns": ["항목"], "rows": []},
        {"kind": "digest", "label": "SHA-256", "value": "0" * 64},
        {"kind": "page"},
        {"kind": "signature", "rows": ["2026년 11월 24일", "개인정보 보호책임자"]},
    ],
}


def sheet_of(text: str) -> dict[str, Any]:
    return {"title": "통지", "blocks": [{"kind": "text", "text": text}, {"kind": "fields", "rows": [[text, text]]}]}


def text_of(made: bytes, folder: Path) -> str:
    """Read the text back as a reader's program does; Poppler is not a part of the portal."""
    if shutil.which("pdftotext") is None:
        return ""
    (folder / "made.pdf").write_bytes(made)
    run = subprocess.run(["pdftotext", "-layout", folder / "made.pdf", "-"], capture_output=True, check=True)
    return run.stdout.decode()


@pytest.mark.asvs("13.4.6")
def test_it_names_no_version_of_what_made_it() -> None:
    made = pdf.render("sheet", sheet_of("Typst 9.9.9"))
    assert b"/Creator(Typst " in made and b"<xmp:CreatorTool>Typst " in made
    assert not re.search(rb"Typst\s*\d", made)
    # Nothing has moved: the file says itself where its table is.
    at = int(made.rpartition(b"startxref\n")[2].split()[0])
    assert made[at : at + 4] == b"xref" or re.match(rb"\d+ 0 obj", made[at:])


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_sheet_is_a_tagged_document_with_its_font(language: str) -> None:
    made = pdf.render("sheet", SHEET, language=language)
    assert made.startswith(b"%PDF-")
    for mark in (b"pdfuaid:part", b"/StructTreeRoot", b"/MarkInfo", b"NotoSansKR"):
        assert mark in made, mark
    assert f"/Lang ({language})".encode() in made.replace(b"/Lang(", b"/Lang (")


def test_the_same_data_makes_the_same_bytes() -> None:
    at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert pdf.render("sheet", SHEET, made_at=at) == pdf.render("sheet", SHEET, made_at=at)
    assert pdf.render("sheet", SHEET) == pdf.render("sheet", SHEET)
    assert pdf.render("sheet", SHEET, made_at=at) != pdf.render("sheet", SHEET)


@pytest.mark.asvs("1.1.2", "1.3.5")
def test_what_people_type_is_shown_and_is_never_markup(tmp_path: Path) -> None:
    typed = '#panic("x") *bold* $x$ [b] \\ "q" <t> @ref #read("/base.typ") // c'
    made = pdf.render("sheet", sheet_of(typed))
    assert '#panic("x")*bold*$x$[b]' in pdf_text.text_of(made)
    if shown := text_of(made, tmp_path):
        assert '#panic("x") *bold* $x$ [b]' in shown


def test_a_sign_that_the_font_lacks_is_spelled_out(tmp_path: Path) -> None:
    shown = text_of(pdf.render("sheet", sheet_of("좋아요 😀 \x00\u200b끝")), tmp_path)
    if shown:
        assert "[U+1F600]" in shown


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_keeps_a_document_from_being_made(text: str) -> None:
    assert pdf.render("sheet", sheet_of(text)).startswith(b"%PDF-")


def test_loose_jamo_become_syllables_and_marks_disappear() -> None:
    loose = "\u1112\u1161\u11ab\u1100\u1173\u11af"
    assert fonts.printable_text(loose, pdf.FONT_PATH) == "한글"
    assert fonts.printable_text("a\u200d\ufe0f\x07b\tc\n", pdf.FONT_PATH) == "ab\tc\n"
    assert fonts.printable_text("가나다 ABC 123 ••••", pdf.FONT_PATH) == "가나다 ABC 123 ••••"


@pytest.mark.truth("letters-of-names")
def test_a_letter_that_only_another_font_or_a_newer_table_knows_is_spelled_out() -> None:
    """A letter of somebody's name must not be missing from a paper without a trace."""
    for letter in ("\uf8ff", "\U0001faff", "\U000f0000"):
        assert ord(letter) not in fonts.coverage(pdf.FONT_PATH)
        assert fonts.printable_text(f"김{letter}", pdf.FONT_PATH) == f"김[U+{ord(letter):04X}]"


def test_the_font_covers_every_syllable_of_korean() -> None:
    assert set(range(0xAC00, 0xD7A4)) <= fonts.coverage(pdf.FONT_PATH)
    assert 0x1F600 not in fonts.coverage(pdf.FONT_PATH)


@pytest.mark.asvs("1.3.7")
@pytest.mark.parametrize("name", ["nothing", "../base", "../../manage", "/etc/passwd"])
def test_a_template_outside_the_folder_does_not_exist(name: str) -> None:
    with pytest.raises(pdf.TemplateMissing):
        pdf.render(name, {})


def test_every_template_starts_from_the_one_look() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "pdf"
    for template in folder.rglob("*.typ"):
        if template.name != "base.typ":
            assert '#import "/base.typ"' in template.read_text(), template.name
