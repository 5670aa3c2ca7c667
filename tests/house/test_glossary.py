"""One word for one thing: docs/glossary.md names the variants that no text uses."""

import re
from pathlib import Path

import pytest

from tools import catalogue

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## Variants that are not used"


def variants(text: str) -> list[str]:
    """Return the variants of the glossary's table."""
    rows = text.partition(HEADING)[2].split("\n## ")[0].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("|") and not row.startswith(("|---", "| not "))]
    return [variant.strip() for cell in cells for variant in re.split(r",(?![^(]*\))", cell)]


FORBIDDEN = variants((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))


def offences(texts: list[str]) -> list[str]:
    """Return each text in which a variant is used, with it."""
    return [
        f"{variant!r} in {text!r}"
        for text in texts
        for variant in FORBIDDEN
        if re.search(rf"\b{re.escape(variant)}\b" if variant.isascii() else re.escape(variant), text)
    ]


def test_the_glossary_names_variants_of_both_languages() -> None:
    assert {"웹사이트", "any more", "을(를)"} <= set(FORBIDDEN)


@pytest.mark.parametrize("said", ["웹사이트에 게시합니다", "It can't be changed any more.", "목록을(를) 승인했습니다"])
def test_a_variant_is_found(said: str) -> None:
    assert len(offences([said])) == 1


def test_no_text_uses_a_variant() -> None:
    messages = catalogue.translated().values()
    found = offences([m.text for m in messages] + [m.plural for m in messages] + [m.translation for m in messages])
    assert not found, "use the glossary's word:\n" + "\n".join(found)
