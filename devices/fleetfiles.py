"""Files of an existing fleet: CSV or XLSX, one device a row, read row by row and never kept."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from privacy.lib.refusals import Refusal

# A column of the file for each declared item, and when the person agreed, on paper, before the portal stood.
COLUMNS = (
    "imei", "serial_number", "adb_number", "model", "model_description", "os_version", "os_build", "time_zone",
    "licence_key", "licence_starts_on", "licence_ends_on", "activation_agreed_on", "app_log_agreed_on",
)  # fmt: skip
AGREEMENTS = {"activation_agreed_on": "activation", "app_log_agreed_on": "app-log"}
MAX_ROWS = 50_000
MAX_BYTES = 12 * 1024 * 1024
# An XLSX file unpacks to no more than this.
MAX_UNPACKED = 200 * 1024 * 1024


class UnreadableFile(Refusal):
    """Not a CSV or XLSX file with the columns that are asked for."""

    code = "malformed"


def rows(name: str, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number in the file, column → text) for each row that isn't empty. Raises UnreadableFile."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than 12 MB. Split it."))
    lines = _workbook(content) if name.lower().endswith(".xlsx") else _csv(content)
    heading = [str(cell).strip().lower() for cell in next(lines, [])]
    unknown = [cell for cell in heading if cell and cell not in COLUMNS]
    if unknown or "model" not in heading:
        raise UnreadableFile(
            _("The first row names the columns: %(columns)s. Nothing else is taken.") % {"columns": ", ".join(COLUMNS)}
        )
    taken = 0
    for number, line in enumerate(lines, start=2):
        values = {column: text for column, cell in zip(heading, line, strict=False) if column and (text := _text(cell))}
        if not values:
            continue
        taken += 1
        if taken > MAX_ROWS:
            raise UnreadableFile(_("The file has more than %(most)d rows. Split it.") % {"most": MAX_ROWS})
        yield number, values


def _csv(content: bytes) -> Iterator[list[Any]]:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from csv.reader(io.StringIO(text), strict=True)
        except csv.Error:
            raise UnreadableFile(_("This is no CSV file.")) from None
        return
    raise UnreadableFile(_("The file is neither in UTF-8 nor in CP949."))


def _workbook(content: bytes) -> Iterator[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise UnreadableFile(_("The workbook unpacks to more than is taken."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.active
        if sheet is None:
            raise UnreadableFile(_("The workbook has no sheet."))
        for row in sheet.iter_rows(values_only=True):
            yield list(row)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
        raise UnreadableFile(_("This is no XLSX workbook.")) from None


def _text(cell: Any) -> str:
    """Return a cell as it is typed. A spreadsheet makes numbers of IMEIs and moments of days."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
