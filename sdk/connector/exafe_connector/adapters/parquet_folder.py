"""A folder of Parquet files: one that holds somebody is written anew as a whole, beside itself, and put in its place.

Nothing of a record stays behind in it: statistics, dictionaries and pages are made of what is left.
"""

import io
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from exafe_connector.adapters.adapter import Person, Unsupported, Values, given_identifiers
from exafe_connector.adapters.csv_folder import CsvFolder, Files, FileUnreadable, Record, agree


@dataclass(frozen=True)
class ParquetFiles(Files):
    """The files of one shape; a Parquet file has neither a delimiter nor an encoding to tell."""

    delimiter: str = field(default="", init=False)
    encoding: str = field(default="", init=False)


class ParquetFolder(CsvFolder):
    """A folder as that of CSV is; ``find`` and ``items`` name columns of the outermost level. A blank is a null."""

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """Read the files anew, row group by row group, together with what a killed rewriting may have left."""
        found: dict[str, list[str]] = {}
        for one, columns in self._asked(items):
            given = given_identifiers(person, one.find)
            for path in [*self._paths(one), *self._leftovers()]:
                try:
                    file = pq.ParquetFile(path)
                    for batch in file.iter_batches(columns=_mapped(one)):
                        for row in batch.to_pylist():
                            if any(agree(_text(row[one.find[name]]), value, name in one.ignore_case)
                                   for name, value in given.items()):  # fmt: skip
                                for item, column in columns.items():
                                    found.setdefault(item, []).extend(filter(None, [_text(row[column])]))
                except (pa.ArrowException, KeyError, ValueError):
                    raise FileUnreadable(f"{path.name} can't be read, or lacks a column of the mapping.") from None
        return found

    def _read(self, raw: bytes, one: Files, path: Path) -> tuple[dict[str, int], list[Record]]:
        names = _mapped(one)
        try:
            file = pq.ParquetFile(pa.BufferReader(raw))
            missing = set(names) - set(file.schema_arrow.names)
            if missing:
                raise FileUnreadable(f"{path.name} lacks columns of the mapping: {', '.join(sorted(missing))}.")
            read = file.read(columns=names)
            columns = [[_text(value) for value in read.column(name).to_pylist()] for name in names]
        except (pa.ArrowException, KeyError):
            raise FileUnreadable(f"{path.name} is no Parquet file that can be read.") from None
        except ValueError as error:
            raise FileUnreadable(f"{path.name} has values in a column of the mapping that are {error}.") from None
        header = {name: place for place, name in enumerate(names)}
        return header, [Record(b"", list(fields)) for fields in zip(*columns, strict=True)]

    def _rebuilt(self, raw: bytes, one: Files, records: list[Record], wanted: list[list[str] | None]) -> bytes:
        if all(fields == record.fields for record, fields in zip(records, wanted, strict=True)):
            return raw
        file = pq.ParquetFile(pa.BufferReader(raw))
        table = file.read()
        for place, name in enumerate(_mapped(one)):
            changed = {
                row: fields[place] for row, (record, fields) in enumerate(zip(records, wanted, strict=True))
                if fields is not None and fields[place] != record.fields[place]
            }  # fmt: skip
            if changed:
                table = _with_values(table, name, changed)
        table = _compacted(table.filter(pa.array([fields is not None for fields in wanted])))
        written = io.BytesIO()
        meta = file.metadata
        groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
        pq.write_table(
            table, written, compression=groups[0].column(0).compression.lower().replace("uncompressed", "none"),
            row_group_size=max(group.num_rows for group in groups),
        )  # fmt: skip
        return written.getvalue()


def _mapped(one: Files) -> list[str]:
    return sorted({*one.find.values(), *one.items.values()})


def _text(value: Any) -> str:
    """Return a value as the portal would say it. Raises ValueError for what can't be compared with a text.

    Numbers with gaps are floats in many files, and texts of older ones bytes: a wrong spelling would be "not held".
    """
    if value is None or value != value:  # not a number: how pandas says "nothing"
        return ""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | UUID) and not isinstance(value, bool):
        return str(value)
    raise ValueError(type(value).__name__)


def _with_values(table: pa.Table, name: str, changed: dict[int, str]) -> pa.Table:
    """Return a table with other values in some rows of a column. Raises Unsupported where they don't fit its type."""
    place = table.schema.get_field_index(name)
    told = table.schema.field(place)
    plain = told.type.value_type if pa.types.is_dictionary(told.type) else told.type
    values = table.column(place).to_pylist()
    try:
        for row, text in changed.items():
            values[row] = pa.scalar(text).cast(plain).as_py() if text else None
        if not told.nullable and None in values:
            raise pa.ArrowInvalid("not nullable")
        return table.set_column(place, told, pa.array(values, plain).cast(told.type))
    except pa.ArrowException:
        raise Unsupported(f"The column {name} can't hold this.", "/items") from None


def _compacted(table: pa.Table) -> pa.Table:
    """Return a table whose dictionaries hold what its rows hold and nothing else: a filter leaves them as they were."""
    for place, told in enumerate(table.schema):
        if pa.types.is_dictionary(told.type):
            plain = table.column(place).cast(told.type.value_type)
            table = table.set_column(place, told, plain.dictionary_encode().cast(told.type))
    return table
