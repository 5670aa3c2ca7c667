"""No page brings inline style or script or asks another host: the content security policy allows none (SEC-48)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((ROOT / "static").rglob("*.css")) + sorted((ROOT / "static").rglob("*.svg"))
INLINE = {
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "an address of a script": re.compile(r"javascript:", re.I),
    "a comment that is sent": re.compile(r"<!--"),
}
LOADED = re.compile(
    r"""(?:\bsrc|\bposter|\bdata|<link[^>]*\bhref|\baction|@import|\burl\()\s*=?\s*["'(]?\s*(?:https?:)?//""", re.I
)
# E-mails are letters, not pages of this site: mail programs know no style sheets.
LETTERS = "email"


@pytest.mark.asvs("1.2.1", "1.2.3", "3.4.3")
@pytest.mark.parametrize("page", [p for p in PAGES if LETTERS not in p.parts], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_has_nothing_inline(page: Path) -> None:
    text = page.read_text()
    assert not [what for what, pattern in INLINE.items() if pattern.search(text)]


@pytest.mark.asvs("1.2.1")
def test_a_value_in_an_attribute_stands_in_quotation_marks() -> None:
    """Escaping knows no other attribute: a space would end it and begin another."""
    bare = re.compile(r"<[a-z][^<>]*\s[\w:-]+=\{[{%]", re.I)
    assert bare.search("<a class={{ x }}>") and not bare.search('<a href="?of={{ x }}">')
    assert not {page.name for page in PAGES if bare.search(page.read_text())}


@pytest.mark.asvs("3.6.1", "14.2.3")
@pytest.mark.parametrize("source", [*PAGES, *SHEETS], ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_loaded_from_another_host(source: Path) -> None:
    assert not LOADED.search(source.read_text())


def test_only_the_tokens_write_colours() -> None:
    """A colour has a name and a dark side; a number in another sheet has neither (docs/look.md)."""
    colour = re.compile(r"#[0-9a-f]{3,8}\b(?=[^{]*\})|\b(?:rgb|hsl)a?\((?!0 0 0 /)", re.I)
    found = {
        sheet.name: colour.findall(sheet.read_text())
        for sheet in SHEETS
        if sheet.suffix == ".css" and sheet.name != "tokens.css" and colour.search(sheet.read_text())
    }
    assert not found
