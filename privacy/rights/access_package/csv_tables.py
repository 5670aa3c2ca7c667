"""The records of an access package as tables for a spreadsheet: the values of content.json, a row for each record.

What lies within a value has its path as its column (``body.state``). Nothing in a cell can run as a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from privacy.lib.documents.spreadsheets import csv_cell


def table(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as CSV, in UTF-8 with the mark by which spreadsheets know it; columns as they first occur."""
    rows = [_row(record) for record in records]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([csv_cell(name) for name in columns])
    writer.writerows([csv_cell(row.get(name, "")) for name in columns] for row in rows)
    return f"\ufeff{out.getvalue()}"


def _row(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a record by their columns; values whose paths read alike have one each."""
    row: dict[str, str] = {}
    for path, text in _cells("", record):
        alike = (f"{path} ({place})" for place in count(2))
        row[path if path not in row else next(name for name in alike if name not in row)] = text
    return row


def _cells(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _cells(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        for place, inner in enumerate(value, start=1):
            yield from _cells(f"{path}.{place}", inner)
    elif isinstance(value, list):
        yield path, "; ".join(str(one) for one in value)
    else:
        yield path, "" if value is None else str(value)
