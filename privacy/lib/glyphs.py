"""Which characters a font can show, read from its ``cmap`` table (OpenType 1.9), and text cut down to those.

A tagged PDF with a missing glyph is refused (PDF/UA-1, ISO 14289-1, 7.21.8), and people do type emoji into forms.
"""

import struct
import unicodedata
from functools import lru_cache
from pathlib import Path

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
    content = font.read_bytes()
    (count,) = struct.unpack_from(">H", content, 4)
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", content, 12 + 16 * index)
        if tag == b"cmap":
            return frozenset(_mapped(content, offset))
    raise ValueError(f"{font.name} has no cmap table.")


def _mapped(content: bytes, cmap: int) -> set[int]:
    (tables,) = struct.unpack_from(">H", content, cmap + 2)
    points: set[int] = set()
    for index in range(tables):
        (offset,) = struct.unpack_from(">L", content, cmap + 4 + 8 * index + 4)
        (form,) = struct.unpack_from(">H", content, cmap + offset)
        if form == 12:
            points |= _segmented_coverage(content, cmap + offset)
        elif form == 4:
            points |= _segments(content, cmap + offset)
    return points


def _segmented_coverage(content: bytes, at: int) -> set[int]:
    (groups,) = struct.unpack_from(">L", content, at + 12)
    points: set[int] = set()
    for index in range(groups):
        first, last, glyph = struct.unpack_from(">LLL", content, at + 16 + 12 * index)
        # Glyph 0 is the font's sign for "missing".
        points.update(range(first if glyph else first + 1, last + 1))
    return points


def _segments(content: bytes, at: int) -> set[int]:
    (doubled,) = struct.unpack_from(">H", content, at + 6)
    ends = struct.unpack_from(f">{doubled // 2}H", content, at + 14)
    starts = struct.unpack_from(f">{doubled // 2}H", content, at + 16 + doubled)
    deltas = struct.unpack_from(f">{doubled // 2}H", content, at + 16 + 2 * doubled)
    offsets_at = at + 16 + 3 * doubled
    offsets = struct.unpack_from(f">{doubled // 2}H", content, offsets_at)
    points: set[int] = set()
    for index, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for point in range(first, min(last, 0xFFFE) + 1):
            if offset == 0:
                glyph = (point + delta) & 0xFFFF
            else:
                (glyph,) = struct.unpack_from(">H", content, offsets_at + 2 * index + offset + 2 * (point - first))
            if glyph:
                points.add(point)
    return points
