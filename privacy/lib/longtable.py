"""A register of any length as PDF: one tagged table (PDF/UA-1), laid out row by row in the look of our papers.

The papers are made by typst (``pdf``); a register may have ten thousand rows, for which typst needs seconds and a
gigabyte. The measures and colours here are those of ``templates/pdf/base.typ``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from privacy.lib import fontfile, pdfobjects, wrapping
from privacy.lib.clock import KST
from privacy.lib.glyphs import showable
from privacy.lib.pdf import FONT
from privacy.lib.pdfobjects import PdfFile

MM = 72 / 25.4
WIDE, HIGH = 297 * MM, 210 * MM
LEFT, TOP, BOTTOM = 14 * MM, 20 * MM, 18 * MM
ROOM = WIDE - 2 * LEFT
INSET_X, INSET_Y = 3.0, 4.0
CAP, LINE = 0.733, 1.233
INK, QUIET, ACCENT, RULE, TINT = "#1b2430", "#56606d", "#0b5394", "#c9d0d8", "#f3f6f9"
HOUSE = "주식회사 엑스트러스 · 개인정보 보호 부서"
EMPTY = "해당 사항이 없습니다."
NAME = "EXTRUS+NotoSansKR-Regular"


@dataclass(frozen=True)
class LongTable:
    """What is printed: title, period, the form's number, headings with the shares of their columns."""

    title: str
    subtitle: str
    reference: str
    columns: Sequence[str]
    widths: Sequence[float]

    def printed(self, rows: Iterable[Sequence[str]], *, made_at: datetime) -> bytes:
        """Return the PDF. The same rows and moment make the same bytes."""
        return _Printer(self, made_at).printed(rows)


@dataclass
class _Page:
    number: int
    drawn: list[str] = field(default_factory=list)
    # The element of each marked piece of content, by its number on the page.
    marked: list[int] = field(default_factory=list)

    def mark(self, element: int) -> int:
        self.marked.append(element)
        return len(self.marked) - 1


class _Printer:
    def __init__(self, table: LongTable, made_at: datetime) -> None:
        self.table, self.made_at = table, made_at
        self.file, self.font = PdfFile(), fontfile.load(FONT)
        self.size = 6.2 if len(table.columns) > 11 else 7.0 if len(table.columns) > 7 else 8.0
        share = ROOM / sum(table.widths)
        self.columns = [width * share for width in table.widths]
        self.lefts = [LEFT + sum(self.columns[:place]) for place in range(len(self.columns))]
        self.pages: list[_Page] = []
        self.used: dict[int, str] = {}
        self.y = 0.0
        self._lines: dict[tuple[str, int], list[str]] = {}
        self._codes: dict[str, str] = {}
        self._letters: dict[str, float] = {}

    # -- the whole ----------------------------------------------------------------------------------------------

    def printed(self, rows: Iterable[Sequence[str]]) -> bytes:
        tree, document = self.file.take(), self.file.take()
        self.tree_pages = self.file.take()
        self._turn()
        elements, table = [*self._masthead(document)], self.file.take()
        parts, lines = [self._head(table)], []
        self.body = self.file.take()
        for row in rows:
            lines.append(self._row(row))
        self.file.give(f"<</S/TBody/P {table} 0 R/K[{_refs(lines)}]>>", self.body)
        if lines:
            parts.append(self.body)
        self.file.give(f"<</S/Table/P {document} 0 R/K[{_refs(parts)}]>>", table)
        elements.append(table)
        if not lines:
            elements.append(self._said(document, "P", EMPTY, 9, QUIET, self.y - 20))
        self.file.give(f"<</S/Document/P {tree} 0 R/K[{_refs(elements)}]>>", document)
        return self._closed(tree, document)

    def _closed(self, tree: int, document: int) -> bytes:
        for page in self.pages:
            self._frame(page)
        font, parents = self._font(), []
        for key, page in enumerate(self.pages):
            content = self.file.stream("\n".join(page.drawn).encode("latin-1"))
            self.file.give(
                f"<</Type/Page/Parent {self.tree_pages} 0 R/MediaBox[0 0 {WIDE:.2f} {HIGH:.2f}]/Contents {content} 0 R"
                f"/Resources<</Font<</F {font} 0 R>>>>/StructParents {key}/Tabs/S>>",
                page.number,
            )
            parents.append(f"{key} {self.file.give(f'[{_refs(page.marked)}]')} 0 R")
        kids = _refs([page.number for page in self.pages])
        self.file.give(f"<</Type/Pages/Count {len(self.pages)}/Kids[{kids}]>>", self.tree_pages)
        nums = self.file.give(f"<</Nums[{' '.join(parents)}]>>")
        self.file.give(
            f"<</Type/StructTreeRoot/K {document} 0 R/ParentTree {nums} 0 R/ParentTreeNextKey {len(self.pages)}>>", tree
        )
        described = self.file.stream(self._described(), "/Type/Metadata/Subtype/XML", deflated=False)
        root = self.file.give(
            f"<</Type/Catalog/Pages {self.tree_pages} 0 R/StructTreeRoot {tree} 0 R/MarkInfo<</Marked true>>/Lang(ko)"
            f"/Metadata {described} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>"
        )
        moment = self.made_at.astimezone(KST).strftime("D:%Y%m%d%H%M%S+09'00'")
        details = self.file.give(
            f"<</Title{pdfobjects.text(self.table.title)}/CreationDate({moment})/ModDate({moment})>>"
        )
        return self.file.written(root=root, details=details)

    def _described(self) -> bytes:
        moment = self.made_at.astimezone(KST).isoformat(timespec="seconds")
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
            'xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(self.table.title)}</rdf:li></rdf:Alt></dc:title>'
            "<dc:language><rdf:Bag><rdf:li>ko</rdf:li></rdf:Bag></dc:language>"
            f"<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
        ).encode()

    # -- the page -----------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Begin a page; from the second on the headings stand on top again, for the eye alone."""
        self.pages.append(_Page(self.file.take()))
        self.y = HIGH - TOP
        if len(self.pages) > 1:
            self._headings(None)

    @property
    def page(self) -> _Page:
        return self.pages[-1]

    def _frame(self, page: _Page) -> None:
        """Draw what stands on every page: title above, house and number of the page below. No part of the text."""
        place = self.pages.index(page) + 1
        below, count = BOTTOM - 20, f"쪽 {place} / {len(self.pages)}"
        page.drawn.append("/Artifact BMC")
        page.drawn.append(self._text(HOUSE, LEFT, below, 8, QUIET))
        page.drawn.append(self._text(count, WIDE - LEFT - self._wide(count, 8), below, 8, QUIET))
        if place > 1:
            above, reference = HIGH - TOP + 14, showable(self.table.reference, FONT)
            page.drawn.append(self._text(showable(self.table.title, FONT), LEFT, above, 8, QUIET))
            page.drawn.append(self._text(reference, WIDE - LEFT - self._wide(reference, 8), above, 8, QUIET))
            page.drawn.append(_line(above - 6, 0.4, RULE))
        page.drawn.append("EMC")

    def _masthead(self, document: int) -> Iterable[int]:
        top, table = self.y, self.table
        reference = showable(table.reference, FONT)
        yield self._said(document, "P", HOUSE, 9, QUIET, top - 7)
        if reference:
            yield self._said(document, "P", reference, 9, QUIET, top - 7, WIDE - LEFT - self._wide(reference, 9))
        self.page.drawn += ["/Artifact BMC", _line(top - 15, 1.2, ACCENT), "EMC"]
        yield self._said(document, "H1", showable(table.title, FONT), 20, INK, top - 40, strong=0.3)
        yield self._said(document, "P", showable(table.subtitle, FONT), 11, QUIET, top - 62)
        self.y = top - 76

    def _said(
        self, parent: int, kind: str, words: str, size: float, colour: str, y: float, x: float = LEFT, strong: float = 0
    ) -> int:
        element = self.file.take()
        mark = self.page.mark(element)
        self.file.give(f"<</S/{kind}/P {parent} 0 R/Pg {self.page.number} 0 R/K {mark}>>", element)
        self.page.drawn += [f"/{kind}<</MCID {mark}>>BDC", self._text(words, x, y, size, colour, strong), "EMC"]
        return element

    # -- the table ----------------------------------------------------------------------------------------------

    def _head(self, table: int) -> int:
        head, row = self.file.take(), self.file.take()
        cells = self._headings(row)
        self.file.give(f"<</S/TR/P {head} 0 R/K[{_refs(cells)}]>>", row)
        return self.file.give(f"<</S/THead/P {table} 0 R/K[{row} 0 R]>>", head)

    def _headings(self, row: int | None) -> list[int]:
        """Draw the headings; of a row of the table where one is given, else for the eye alone."""
        cells = [self._wrapped(heading, place) for place, heading in enumerate(self.table.columns)]
        high = self._high(max(map(len, cells)))
        self.page.drawn += [
            "/Artifact BMC", f"{_colour(TINT)} rg {LEFT:.2f} {self.y - high:.2f} {ROOM:.2f} {high:.2f} re f",
            _line(self.y, 0.4, RULE), "EMC",
        ]  # fmt: skip
        elements = []
        for place, lines in enumerate(cells):
            if row is None:
                self.page.drawn += ["/Artifact BMC", self._lines_at(lines, place, strong=True), "EMC"]
                continue
            element = self.file.take()
            mark = self.page.mark(element)
            scope = "/A<</O/Table/Scope/Column>>"
            self.file.give(f"<</S/TH/P {row} 0 R/Pg {self.page.number} 0 R/K {mark}{scope}>>", element)
            self.page.drawn += [f"/TH<</MCID {mark}>>BDC", self._lines_at(lines, place, strong=True), "EMC"]
            elements.append(element)
        self._down(high)
        return elements

    def _row(self, row: Sequence[str]) -> int:
        """Draw one row; where it is longer than a page, it goes on on the next."""
        number = self.file.take()
        cells = [self._wrapped(cell, place) for place, cell in enumerate(row)]
        marks: list[list[str]] = [[] for _cell in cells]
        elements = [self.file.take() for _cell in cells]
        drawn, most = 0, max(map(len, cells))
        while drawn < most:
            if self._fits() < min(most - drawn, self._most()):
                self._turn()
            part = min(most - drawn, self._fits())
            for place, lines in enumerate(cells):
                mark = self.page.mark(elements[place])
                marks[place].append(f"<</Type/MCR/Pg {self.page.number} 0 R/MCID {mark}>>")
                said = self._lines_at(lines[drawn : drawn + part], place)
                self.page.drawn += [f"/TD<</MCID {mark}>>BDC", said, "EMC"]
            drawn += part
            self._down(self._high(part))
        for element, found in zip(elements, marks, strict=True):
            self.file.give(f"<</S/TD/P {number} 0 R/K[{' '.join(found)}]>>", element)
        self.file.give(f"<</S/TR/P {self.body} 0 R/K[{_refs(elements)}]>>", number)
        return number

    def _fits(self) -> int:
        """How many lines still fit on the page."""
        return int((self.y - BOTTOM - 2 * INSET_Y) // (LINE * self.size) + 1)

    def _most(self) -> int:
        """How many lines fit on a page that is empty but for its headings."""
        heads = max(len(self._wrapped(heading, place)) for place, heading in enumerate(self.table.columns))
        return int((HIGH - TOP - self._high(heads) - BOTTOM - 2 * INSET_Y) // (LINE * self.size))

    def _high(self, lines: int) -> float:
        return 2 * INSET_Y + self.size * (CAP + LINE * (lines - 1))

    def _down(self, high: float) -> None:
        self.y -= high
        self.page.drawn += ["/Artifact BMC", _line(self.y, 0.4, RULE), "EMC"]

    def _wrapped(self, words: str, place: int) -> list[str]:
        found = self._lines.get((words, place))
        if found is None:
            room = (self.columns[place] - 2 * INSET_X) / self.size
            found = wrapping.lines(showable(words, FONT), room, self._width)
            if len(self._lines) < 50_000:
                self._lines[words, place] = found
        return found

    # -- letters ------------------------------------------------------------------------------------------------

    def _lines_at(self, lines: Sequence[str], place: int, *, strong: bool = False) -> str:
        x, y = self.lefts[place] + INSET_X, self.y - INSET_Y - CAP * self.size
        if not lines:
            return ""
        tune = "2 Tr 0.28 w" if strong else "0 Tr"
        begun = f"BT /F {self.size} Tf {_colour(INK)} rg {_colour(INK)} RG {tune} {x:.2f} {y:.2f} Td"
        step = f" 0 {-LINE * self.size:.3f} Td "
        return begun + step.join(f"<{self._code(line)}>Tj" for line in lines) + " ET"

    def _text(self, words: str, x: float, y: float, size: float, colour: str, strong: float = 0) -> str:
        tune = f"2 Tr {strong} w {_colour(colour)} RG" if strong else "0 Tr"
        return f"BT /F {size} Tf {_colour(colour)} rg {tune} {x:.2f} {y:.2f} Td <{self._code(words)}>Tj ET"

    def _width(self, words: str) -> float:
        """Return the width of a text in ems."""
        known = self._letters
        total = 0.0
        for letter in words:
            wide = known.get(letter)
            if wide is None:
                wide = known[letter] = self.font.widths[self.font.glyphs.get(ord(letter), 0)] / 1000
            total += wide
        return total

    def _wide(self, words: str, size: float) -> float:
        return self._width(words) * size

    def _code(self, words: str) -> str:
        """Return the glyphs of a text, as the document writes them, and remember them for the font."""
        codes = self._codes
        for letter in words:
            if letter not in codes:
                glyph = self.font.glyphs.get(ord(letter), 0)
                codes[letter] = f"{self.font.cids[glyph]:04X}"
                self.used.setdefault(glyph, letter)
        return "".join(map(codes.__getitem__, words))

    def _font(self) -> int:
        """Embed the glyphs that were used, with their widths and what they mean."""
        font, cids = self.font, self.font.cids
        file = self.file.stream(font.subset(self.used), "/Subtype/CIDFontType0C")
        above, below = font.rise
        descriptor = self.file.give(
            f"<</Type/FontDescriptor/FontName/{NAME}/Flags 4/FontBBox[{' '.join(map(str, font.box))}]/ItalicAngle 0"
            f"/Ascent {above}/Descent {below}/CapHeight 733/StemV 80/FontFile3 {file} 0 R>>"
        )
        glyphs = sorted(self.used, key=lambda glyph: cids[glyph])
        widths = " ".join(f"{cids[glyph]}[{font.widths[glyph]}]" for glyph in glyphs)
        descendant = self.file.give(
            f"<</Type/Font/Subtype/CIDFontType0/BaseFont/{NAME}/FontDescriptor {descriptor} 0 R"
            f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 1000/W[{widths}]>>"
        )
        meaning = self.file.stream(_meaning([(cids[glyph], self.used[glyph]) for glyph in glyphs]))
        return self.file.give(
            f"<</Type/Font/Subtype/Type0/BaseFont/{NAME}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {meaning} 0 R>>"
        )


def _meaning(pairs: Sequence[tuple[int, str]]) -> bytes:
    """Return the CMap that tells which character each code of the text means."""
    blocks = []
    for start in range(0, len(pairs), 100):
        part = pairs[start : start + 100]
        lines = "\n".join(f"<{cid:04X}><{letter.encode('utf-16-be').hex().upper()}>" for cid, letter in part)
        blocks.append(f"{len(part)} beginbfchar\n{lines}\nendbfchar")
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)"
        "/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\n"
        "endcodespacerange\n" + "\n".join(blocks) + "\nendcmap CMapName currentdict/CMap defineresource pop end end"
    ).encode("latin-1")


def _refs(numbers: Sequence[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _colour(name: str) -> str:
    return " ".join(f"{int(name[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))


def _line(y: float, weight: float, colour: str) -> str:
    return f"{weight} w {_colour(colour)} RG {LEFT:.2f} {y:.2f} m {WIDE - LEFT:.2f} {y:.2f} l S"
