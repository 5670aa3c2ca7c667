"""Registers as XLSX files: one sheet, a heading row that stays, text that never runs as a formula."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from privacy.lib.clock import KST

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# How text begins that openpyxl takes for a formula or for one of Excel's errors.
SPECIAL = ("=", "#")


def workbook(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return an XLSX file of one sheet. Moments are written in Korean time; text is never taken for a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for position, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = max(12, min(40, 2 * len(str(column))))
    headings = []
    for column in columns:
        cell = WriteOnlyCell(sheet, value=str(column))
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        headings.append(cell)
    sheet.append(headings)
    try:
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    except BaseException:
        # The sheet grows in a file of its own: what was not to leave doesn't stay there either.
        sheet.close()
        sheet._writer.cleanup()
        raise
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(KST).strftime("%Y-%m-%d %H:%M")
    if value is None or isinstance(value, bool | int | float | date):
        return value
    text = str(value)
    if not text.startswith(SPECIAL):
        return text
    # What would be taken for a formula or an error becomes a cell that says it is text.
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
