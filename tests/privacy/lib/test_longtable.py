"""Registers on paper: one tagged table of any length, every letter of it, with the glyphs it uses and no other."""

import re
import shutil
import subprocess
import zlib
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacy.lib import fontfile, wrapping
from privacy.lib.longtable import LongTable
from privacy.lib.pdf import FONT

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
COLUMNS = ("번호", "내용")


def printed(*rows: tuple[str, str], title: str = "대장 <1>") -> bytes:
    table = LongTable(title=title, subtitle="2026", reference="F-13", columns=COLUMNS, widths=(1, 3))
    return table.printed(rows, made_at=AT)


def elements(made: bytes) -> list[str]:
    """The kinds of the structure's elements, from the objects themselves."""
    packed = re.findall(rb"/Type/ObjStm[^>]*>>\nstream\n(.*?)\nendstream", made, re.DOTALL)
    return re.findall(r"<</S/(\w+)/P", b"\n".join(map(zlib.decompress, packed)).decode("latin-1"))


def read_back(made: bytes, folder: Path) -> str:
    """What a reader's program reads, in the order of the structure; Poppler is not a part of the portal."""
    if shutil.which("pdfinfo") is None:
        return ""
    (folder / "made.pdf").write_bytes(made)
    run = subprocess.run(["pdfinfo", "-struct-text", folder / "made.pdf"], capture_output=True, check=True)
    assert not run.stderr, run.stderr
    return run.stdout.decode()


def test_every_cell_is_a_cell_of_one_table_under_its_headings() -> None:
    made = printed(*((str(number), "가") for number in range(300)))
    found = elements(made)
    assert [found.count(kind) for kind in ("Table", "THead", "TBody", "TR", "TH", "TD", "H1")] == [
        1,
        1,
        1,
        301,
        2,
        600,
        1,
    ]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    assert b"&lt;1&gt;" in made, "the title is escaped where it stands in XML"
    assert b"/Lang(ko)" in b"".join(map(zlib.decompress, re.findall(rb"stream\n(x.*?)\nendstream", made, re.DOTALL)))


def test_the_same_rows_make_the_same_bytes() -> None:
    assert printed(("1", "가")) == printed(("1", "가"))
    assert printed(("1", "가")) != printed(("1", "나"))


def test_a_row_longer_than_a_page_goes_on_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    said = " ".join(f"낱말{number}" for number in range(3000))
    made = printed(("1", said), ("2", "(끝) \\ <x> 😀"))
    assert elements(made).count("TD") == 4
    if shown := read_back(made, tmp_path):
        words = re.sub(r'"\s+"', "", shown)
        assert all(f"낱말{number}" in words for number in (0, 1499, 2999))
        assert "(끝) \\ <x> [U+1F600]" in shown


def test_an_empty_register_says_so(tmp_path: Path) -> None:
    made = printed()
    assert elements(made).count("TD") == 0
    assert "해당 사항이 없습니다." in (read_back(made, tmp_path) or "해당 사항이 없습니다.")


def test_only_the_glyphs_in_use_are_embedded() -> None:
    font = fontfile.load(FONT)
    used = {font.glyphs[ord(letter)] for letter in "가A"}
    whole, part = font.tables["CFF "], font.subset(used)
    assert len(part) == len(whole), "nothing moves"
    assert len(zlib.compress(part)) < len(zlib.compress(whole, 1)) / 5
    for glyph in (*used, font.glyphs[ord("나")]):
        assert (outline(part, glyph) == outline(whole, glyph)) is (glyph in used)


def outline(cff: bytes, glyph: int) -> bytes:
    places, _end = fontfile._index(cff, fontfile._top_of(cff)[17])
    start, end = places[glyph]
    return cff[start:end]


@hypothesis_settings(max_examples=80, deadline=None)
@given(st.text(alphabet="가나다 abc-/,.", max_size=60), st.integers(min_value=2, max_value=20))
def test_lines_are_no_wider_than_their_room_and_lose_nothing(text: str, room: int) -> None:
    made = wrapping.lines(text, room, len)
    assert "".join(made) == text
    assert all(len(line.rstrip(" ")) <= room for line in made)


def test_lines_end_where_words_do() -> None:
    assert wrapping.lines("필수/선택", 4, len) == ["필수/", "선택"]
    assert wrapping.lines("법정대리인", 4, len) == ["법정대리", "인"]
    assert wrapping.lines("aaaaaaaa", 3, len) == ["aaa", "aaa", "aa"]
    assert wrapping.lines("한 줄\n다음 줄", 9, len) == ["한 줄", "다음 줄"]
