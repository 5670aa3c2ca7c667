"""Read a table of a stranger: CSV or the sheet of an XLSX workbook that was open, row by row, each cell as text.

The first byte of what comes in says which of the two it is.
"""

import codecs
import csv
import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any

from openpyxl import load_workbook

from privacy.lib.sandbox.rejection import DAMAGED, NO_TABLE, TOO_LARGE_UNPACKED, UNKNOWN_ENCODING, XLSX, Rejected

ENCODINGS = ("utf-8-sig", "cp949")
# The last one is of zipfile. Later they could not be loaded any more: no file can be opened.
CODECS = [codecs.lookup(name) for name in (*ENCODINGS, "utf-16", "ascii", "latin-1", "cp437")]
# What a workbook may unpack to; how far its rows and columns may reach, empty ones too.
MAX_UNPACKED, MAX_PARTS, MAX_ROWS, MAX_COLUMNS = 128 * 2**20, 1_000, 60_000, 50
# A spreadsheet keeps 15 digits of a number and writes others, or none, for the rest.
FIRST_ROUNDED = 10**15
ROUNDED = "#"
# A part of a workbook is looked through for a declaration in pieces of so many bytes.
PIECE = 64 * 1_024
DECLARATION = b"<!DOCTYPE"


def read(content: bytes) -> Iterator[list[str]]:
    """Yield the rows. Raises Rejected."""
    kind, table = content[:1], content[1:]
    for number, row in enumerate(_xlsx_rows(table) if kind == XLSX else _csv_rows(table), start=1):
        while row and row[-1] in (None, ""):
            row.pop()
        if number > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise Rejected(TOO_LARGE_UNPACKED)
        yield [_text(cell) for cell in row]


def _csv_rows(table: bytes) -> Iterator[list[Any]]:
    for encoding in ENCODINGS:
        try:
            text = table.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from csv.reader(io.StringIO(text), strict=True)
        except csv.Error:
            raise Rejected(NO_TABLE) from None
        return
    raise Rejected(UNKNOWN_ENCODING)


def _xlsx_rows(table: bytes) -> Iterator[list[Any]]:
    with zipfile.ZipFile(io.BytesIO(table)) as packed:
        parts = packed.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Rejected(TOO_LARGE_UNPACKED)
        if any(stat.S_ISLNK(part.external_attr >> 16) for part in parts):
            raise Rejected(DAMAGED)
        for part in parts:
            with packed.open(part) as opened:
                # No office program writes one; what it declares could grow without end.
                if _declares(opened):
                    raise Rejected(DAMAGED)
    sheet = load_workbook(io.BytesIO(table), read_only=True, data_only=True, keep_links=False).active
    if sheet is None:
        raise Rejected(DAMAGED)
    # A sheet says itself how large it is, and may say anything. One more of each shows that it goes on.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS + 1, values_only=True):
        yield list(row)


def _declares(part: IO[bytes]) -> bool:
    """Whether a part declares names, behind whatever comments (in UTF-16 too)."""
    kept = b""
    while piece := part.read(PIECE):
        kept = kept[1 - len(DECLARATION) :] + piece.replace(b"\0", b"")
        if DECLARATION in kept:
            return True
    return False


def _text(cell: Any) -> str:
    """Return a cell as it is typed, or ROUNDED. A spreadsheet makes numbers of IMEIs and moments of days."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not abs(cell) < FIRST_ROUNDED:
        return ROUNDED
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
