"""Which characters a font can show, and text cut down to those.

A tagged PDF with a missing glyph is refused (PDF/UA-1, ISO 14289-1, 7.21.8), and people do type emoji into forms.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path

from privacy.lib import fontfile

# Marks that only shape what stands beside them: left out, so that nothing else changes.
SILENT = frozenset({"Cf", "Cs", "Cn", "Co"})


@lru_cache(maxsize=20_000)
def showable(text: str, font: Path) -> str:
    """Return ``text`` with what the font can't show spelled out as ``[U+1F600]``, and without control characters.

    Korean letters are composed first (NFC): a name typed on some systems comes as loose jamo.
    """
    if text.isascii() and text.isprintable():
        return text
    known = coverage(font)
    return "".join(_showable(letter, known) for letter in unicodedata.normalize("NFC", text))


def _showable(letter: str, known: frozenset[int]) -> str:
    if letter in "\n\t":
        return letter
    category = unicodedata.category(letter)
    if category == "Cc" or category in SILENT or 0xFE00 <= ord(letter) <= 0xFE0F:
        return ""
    return letter if ord(letter) in known else f"[U+{ord(letter):04X}]"


@lru_cache(maxsize=4)
def coverage(font: Path) -> frozenset[int]:
    """Return the code points that the font has a glyph for."""
    return frozenset(fontfile.load(font).glyphs)
