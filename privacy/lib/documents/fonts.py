"""Which characters a font can show, and text cut down to those.

A tagged PDF with a missing glyph is refused (PDF/UA-1, ISO 14289-1, 7.21.8), and people do type emoji into forms.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from struct import iter_unpack, unpack_from

# Marks that only shape what stands beside them, and control characters: left out, so that nothing else changes. What
# is private to a font, or newer than our tables, may be a letter of a name: it is spelled out.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})


@lru_cache(maxsize=20_000)
def printable_text(text: str, font: Path) -> str:
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
    if unicodedata.category(letter) in INVISIBLE_CATEGORIES or 0xFE00 <= ord(letter) <= 0xFE0F:
        return ""
    return letter if ord(letter) in known else f"[U+{ord(letter):04X}]"


@lru_cache(maxsize=4)
def coverage(font: Path) -> frozenset[int]:
    """Return the code points that the font has a glyph for (OpenType, ``cmap``, format 12).

    Raises LookupError for a font without such a table.
    """
    content = font.read_bytes()
    (tables,) = unpack_from(">H", content, 4)
    records = {tag: offset for tag, _sum, offset, _length in iter_unpack(">4sLLL", content[12 : 12 + 16 * tables])}
    cmap = records[b"cmap"]
    (encodings,) = unpack_from(">H", content, cmap + 2)
    for number in range(encodings):
        at = cmap + unpack_from(">L", content, cmap + 8 + 8 * number)[0]
        if unpack_from(">H", content, at) == (12,):
            (groups,) = unpack_from(">L", content, at + 12)
            ranges = iter_unpack(">LLL", content[at + 16 : at + 16 + 12 * groups])
            # glyph 0 is the sign for "missing"
            return frozenset(
                point for first, last, glyph in ranges for point in range(first, last + 1) if glyph + point - first
            )
    raise LookupError(f"{font.name} does not say which characters it has.")
