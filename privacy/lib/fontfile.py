"""What a PDF needs of an OpenType font with CFF outlines (OpenType 1.9, Adobe TN 5176): glyphs, widths, a subset.

Only what a CID-keyed font like ours has is read; another kind raises ``UnfitFont``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from struct import iter_unpack, unpack_from

ENDCHAR = b"\x0e"


class UnfitFont(ValueError):
    """The font is not built the way that this program embeds fonts."""


@lru_cache(maxsize=4)
def load(path: Path) -> "FontFile":
    """Return the font of a file, read once."""
    return FontFile(path.name, path.read_bytes())


@dataclass(frozen=True)
class FontFile:
    """One font: which characters it shows by which glyph, how wide they are, and its outlines."""

    name: str
    content: bytes

    @cached_property
    def tables(self) -> Mapping[str, bytes]:
        """The font's tables by their tags."""
        (count,) = unpack_from(">H", self.content, 4)
        found = {}
        for index in range(count):
            tag, _sum, offset, length = unpack_from(">4sLLL", self.content, 12 + 16 * index)
            found[tag.decode("ascii")] = self.content[offset : offset + length]
        return found

    @cached_property
    def glyphs(self) -> Mapping[int, int]:
        """The glyph of each code point, from ``cmap``; the sign for "missing" (glyph 0) is none."""
        if "cmap" not in self.tables:
            raise UnfitFont(f"{self.name} has no cmap table.")
        cmap = self.tables["cmap"]
        (tables,) = unpack_from(">H", cmap, 2)
        found: dict[int, int] = {}
        for index in range(tables):
            (offset,) = unpack_from(">L", cmap, 4 + 8 * index + 4)
            (form,) = unpack_from(">H", cmap, offset)
            if form == 12:
                found |= _segmented_coverage(cmap, offset)
            elif form == 4:
                found |= _segments(cmap, offset)
        return found

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """The advance of each glyph, in thousandths of the type size (the font has 1,000 units to the em)."""
        if unpack_from(">H", self.tables["head"], 18) != (1000,):
            raise UnfitFont(f"{self.name} has not 1,000 units to the em.")
        (glyphs,), (metrics,) = unpack_from(">H", self.tables["maxp"], 4), unpack_from(">H", self.tables["hhea"], 34)
        advances = [advance for advance, _bearing in iter_unpack(">Hh", self.tables["hmtx"][: 4 * metrics])]
        return tuple(advances + advances[-1:] * (glyphs - metrics))

    @cached_property
    def cids(self) -> list[int]:
        """The number of each glyph in a document's text: its CID."""
        top = _top_of(self.tables["CFF "])
        if (12, 30) not in top or self.tables["CFF "][top[15]] not in (1, 2):
            raise UnfitFont(f"{self.name} has no CIDs, or numbers them in a way this program does not read.")
        return _charset(self.tables["CFF "], top[15], len(self.widths))

    @property
    def box(self) -> tuple[int, ...]:
        return unpack_from(">4h", self.tables["head"], 36)

    @property
    def rise(self) -> tuple[int, int]:
        """How far letters reach above and below the line."""
        return unpack_from(">hh", self.tables["hhea"], 4)

    def subset(self, glyphs: Collection[int]) -> bytes:
        """Return the CFF table with the outlines of ``glyphs`` alone; every other glyph is empty.

        The table keeps its length, so that nothing in it moves; what is free is zeros, which deflate to nothing.
        """
        outlines = self.tables["CFF "]
        at = _top_of(outlines)[17]
        places, end = _index(outlines, at)
        kept = [outlines[a:b] if glyph in glyphs else ENDCHAR for glyph, (a, b) in enumerate(places)]
        made = _made_index(kept)
        return outlines[:at] + made.ljust(end - at, b"\0") + outlines[end:]


def _segmented_coverage(cmap: bytes, at: int) -> dict[int, int]:
    (groups,) = unpack_from(">L", cmap, at + 12)
    found: dict[int, int] = {}
    for first, last, glyph in iter_unpack(">LLL", cmap[at + 16 : at + 16 + 12 * groups]):
        found |= {point: glyph + point - first for point in range(first, last + 1) if glyph + point - first}
    return found


def _segments(cmap: bytes, at: int) -> dict[int, int]:
    (doubled,) = unpack_from(">H", cmap, at + 6)
    ends = unpack_from(f">{doubled // 2}H", cmap, at + 14)
    starts = unpack_from(f">{doubled // 2}H", cmap, at + 16 + doubled)
    deltas = unpack_from(f">{doubled // 2}H", cmap, at + 16 + 2 * doubled)
    offsets_at = at + 16 + 3 * doubled
    offsets = unpack_from(f">{doubled // 2}H", cmap, offsets_at)
    found: dict[int, int] = {}
    for index, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for point in range(first, min(last, 0xFFFE) + 1):
            if offset == 0:
                glyph = (point + delta) & 0xFFFF
            else:
                (glyph,) = unpack_from(">H", cmap, offsets_at + 2 * index + offset + 2 * (point - first))
                glyph = (glyph + delta) & 0xFFFF if glyph else 0
            if glyph:
                found[point] = glyph
    return found


def _index(cff: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """Return where the parts of an INDEX lie, and where it ends."""
    (count,) = unpack_from(">H", cff, at)
    if count == 0:
        return [], at + 2
    size = cff[at + 2]
    table = cff[at + 3 : at + 3 + size * (count + 1)]
    base = at + 2 + len(table)
    offsets = [base + int.from_bytes(table[start : start + size]) for start in range(0, len(table), size)]
    return list(pairwise(offsets)), offsets[-1]


def _made_index(parts: list[bytes]) -> bytes:
    offsets, at = [1], 1
    for part in parts:
        at += len(part)
        offsets.append(at)
    packed = b"".join(offset.to_bytes(4) for offset in offsets)
    return len(parts).to_bytes(2) + b"\x04" + packed + b"".join(parts)


def _top_of(cff: bytes) -> dict[object, int]:
    """Return the last operand of each operator of the first Top DICT."""
    _names, after = _index(cff, cff[2])
    tops, _after = _index(cff, after)
    at, ends = tops[0]
    found: dict[object, int] = {}
    operand = 0
    while at < ends:
        first = cff[at]
        at += 1
        if first <= 21:
            operator: object = first
            if first == 12:
                operator, at = (12, cff[at]), at + 1
            found[operator] = operand
        elif first == 28:
            operand, at = unpack_from(">h", cff, at)[0], at + 2
        elif first == 29:
            operand, at = unpack_from(">i", cff, at)[0], at + 4
        elif first == 30:
            while cff[at] & 15 != 15 and cff[at] >> 4 != 15:
                at += 1
            at += 1
        elif first <= 246:
            operand = first - 139
        else:
            operand = (first - 247) * 256 + cff[at] + 108 if first <= 250 else -(first - 251) * 256 - cff[at] - 108
            at += 1
    return found


def _charset(cff: bytes, at: int, glyphs: int) -> list[int]:
    """Return the CID of each glyph from a charset of format 1 or 2."""
    form, at = cff[at], at + 1
    layout, size = {1: (">HB", 3), 2: (">HH", 4)}[form]
    found = [0]
    while len(found) < glyphs:
        first, left = unpack_from(layout, cff, at)
        found += range(first, first + left + 1)
        at += size
    return found
