"""Registers as XLSX files: one sheet, a heading row that stays, text that never runs as a formula.

openpyxl takes a tenth of a start to load, and few processes ever make a workbook: it is loaded with the first one.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from privacy.lib.dates.clock import KST
from privacy.lib.http.control_characters import CONTROL_CHARACTERS

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# With what a formula begins in a CSV file, full-width forms included.
FORMULA_SIGNS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
# What a workbook says of the program that made it: openpyxl would say its version.
MAKER = """<?xml version="1.0" encoding="UTF-8"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">
<Application>Microsoft Excel Compatible</Application></Properties>"""


def workbook(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, remark: str = "", mark: str = ""
) -> bytes:
    """Return an XLSX file of one sheet. Moments are written in Korean time; text is quoted where it could be a formula.

    A remark is a line of its own above the headings; a mark is the foot of each printed page, and a
    line on a sheet of its own, where it is no row of the register.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A3" if remark else "A2"
    for position, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = max(12, min(40, 2 * len(str(column))))
    headings = []
    for column in columns:
        cell = WriteOnlyCell(sheet, value=str(column))
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        headings.append(cell)
    if remark:
        sheet.append([_cell(sheet, remark)])
    sheet.append(headings)
    try:
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    except BaseException:
        # The sheet grows in a file of its own: what was not to leave doesn't stay there either.
        sheet.close()
        sheet._writer.cleanup()
        raise
    if mark:
        sheet.oddFooter.center.text = mark
        book.create_sheet("출력").append([mark])
    out = io.BytesIO()
    ExcelWriter(book, _Parts(out, "w", zipfile.ZIP_DEFLATED)).save()
    return out.getvalue()


class _Parts(zipfile.ZipFile):
    """The parts of a workbook, without the version of what made it."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *rest: Any, **more: Any) -> None:
        said = MAKER if zinfo_or_arcname == "docProps/app.xml" else data
        super().writestr(zinfo_or_arcname, said, *rest, **more)


def csv_cell(text: str) -> str:
    """Return a text for a CSV file that a spreadsheet takes for text, never for a formula; a number stays as it is.

    Spaces before the sign, a line end, and the full-width forms of the signs count too (OWASP, CSV Injection).
    """
    text = CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{text}" if _may_run(text) else text


def _may_run(text: str) -> bool:
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    return text.lstrip()[:1] in FORMULA_SIGNS and not NUMBER.fullmatch(text)


def csv_file(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, mark: str = "") -> bytes:
    """Return a table as CSV in UTF-8 with the sign by which a spreadsheet knows it; a mark is its last line.

    Nothing in a cell can run as a formula; moments are written in Korean time.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    for row in (headings, *rows, *([[mark]] if mark else [])):
        writer.writerow([csv_cell("" if cell is None else in_korea(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def in_korea(value: Any) -> str:
    """Return a cell as text: a moment in Korean time, a day as it is written."""
    return value.astimezone(KST).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return in_korea(value)
    if value is None or isinstance(value, bool | int | float | date):
        return value
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell

    # What no workbook can hold, such as a vertical tab that somebody pasted, must not cost the whole register.
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    quoted = _may_run(text)
    # What openpyxl would take for a formula, or for one of Excel's errors, becomes a cell that says it is text.
    if not quoted and not text.startswith("#"):
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.quotePrefix = quoted  # a workbook's single quote: it stands before the value and is no part of it
    return cell
