"""A folder of CSV files: records are taken out or changed, and every other byte stays as it is."""

import csv
import fcntl
import io
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exafe_connector.adapters.adapter import Counts, Person, Unsupported, Values, given_identifiers

LOCK = ".exafe-connector.lock"
NEW = ".exafe-connector-new-"
TRIES = 20
BOM = b"\xef\xbb\xbf"


class FileUnreadable(Exception):
    """A file isn't what its mapping says: nothing can be said about who is in it."""


class FileChanged(Exception):
    """Somebody wrote the file again and again meanwhile."""


@dataclass(frozen=True)
class Files:
    """The files of one shape. ``pattern`` as ``glob`` reads it; ``find`` and ``items`` name columns of the header.

    ``destroy``: ``row`` takes out a record with the last item that it holds, ``blank`` empties the fields.
    """

    pattern: str
    find: Mapping[str, str]
    items: Mapping[str, str]
    destroy: Literal["row", "blank"] = "row"
    delimiter: str = ","
    encoding: str = "utf-8"
    ignore_case: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Record:
    """A record: its bytes as they stand in the file with their line end, and its fields."""

    raw: bytes
    fields: list[str]


class CsvFolder:
    """A folder. Programs that write its files hold the same lock (``flock`` on its lock file) or write new files only.

    ``asks_freeze_list``: the system's own programs ask the freeze list.
    """

    def __init__(self, folder: Path, files: Collection[Files], *, asks_freeze_list: bool = False) -> None:
        self.folder = folder
        self.files = list(files)
        self.items = frozenset(item for one in self.files for item in one.items)
        self.correctable = self.items
        self.can_freeze = asks_freeze_list

    def locate(self, person: Person, items: Collection[str]) -> Counts:
        """Count the records that hold these items."""
        counts: Counts = {}
        with self._locked():
            for one, columns in self._asked(items):
                is_theirs = self._finder(one, person)
                for path in self._paths(one):
                    header, records = self._read(path.read_bytes(), one, path)
                    for record in records:
                        if not is_theirs(header, record):
                            continue
                        for item, column in columns.items():
                            counts[item] = counts.get(item, 0) + bool(record.fields[header[column]])
        return counts

    def freeze(self, person: Person, items: Collection[str], *, frozen: bool) -> None:
        """Nothing to do: programs that read the folder ask the freeze list."""

    def correct(self, person: Person, values: Mapping[str, str]) -> None:
        """Write the right values into the records; files are changed one after the other, each at once."""
        for one, columns in self._asked(values):

            def corrected(
                header: dict[str, int], record: Record, columns: dict[str, str] = columns
            ) -> list[str] | None:
                fields = list(record.fields)
                for item, column in columns.items():
                    if fields[header[column]]:
                        fields[header[column]] = values[item]
                return fields

            self._rewrite(one, self._finder(one, person), corrected)

    def destroy(self, person: Person, items: Collection[str]) -> None:
        """Take the records out, or empty their fields.

        Raises Unsupported, before anything changes, where the person's other items in a record could not be found by
        these identifiers afterwards.
        """
        for one, columns in self._asked(items):
            self._assert_rest_stays_found(one, person, set(columns.values()))
        for one, columns in self._asked(items):

            def destroyed(
                header: dict[str, int], record: Record, one: Files = one, columns: dict[str, str] = columns
            ) -> list[str] | None:
                gone = set(columns.values())
                if one.destroy == "row" and not _holds(record, header, one, without=gone):
                    return None
                emptied = {header[column] for column in gone}
                return ["" if place in emptied else text for place, text in enumerate(record.fields)]

            self._rewrite(one, self._finder(one, person), destroyed)

    def _assert_rest_stays_found(self, one: Files, person: Person, gone: set[str]) -> None:
        is_theirs, still_theirs = self._finder(one, person), self._finder(one, person, without=gone)
        with self._locked():
            for path in self._paths(one):
                header, records = self._read(path.read_bytes(), one, path)
                for record in records:
                    rest = is_theirs(header, record) and _holds(record, header, one, without=gone)
                    if rest and not still_theirs(header, record):
                        said = f"{one.pattern}: without these items nobody would find the other ones."
                        raise Unsupported(said, "/items")

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """Read the files anew, by Python's own reader, together with what a killed rewriting may have left."""
        found: dict[str, list[str]] = {}
        for one, columns in self._asked(items):
            given = given_identifiers(person, one.find)
            for path in [*self._paths(one), *self._leftovers()]:
                text = path.read_bytes().decode(one.encoding)
                if path.name.startswith(NEW) and not _has_header(text, one):
                    continue  # of another shape, whose turn comes
                reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=one.delimiter)
                for row in reader:
                    if any(agree(row.get(one.find[name]), value, name in one.ignore_case)
                           for name, value in given.items()):  # fmt: skip
                        for item, column in columns.items():
                            found.setdefault(item, []).extend(filter(None, [row.get(column)]))
        return found

    def _asked(self, items: Collection[str]) -> Iterator[tuple[Files, dict[str, str]]]:
        for one in self.files:
            columns = {item: column for item, column in one.items.items() if item in items}
            if columns:
                yield one, columns

    def _paths(self, one: Files) -> list[Path]:
        if not self.folder.is_dir():
            raise FileUnreadable(f"{self.folder} isn't there.")
        return sorted(path for path in self.folder.glob(one.pattern) if path.is_file() and path.name[:1] != ".")

    def _leftovers(self) -> list[Path]:
        return sorted(self.folder.rglob(f"{NEW}*"))

    def _finder(
        self, one: Files, person: Person, *, without: Collection[str] = ()
    ) -> Callable[[dict[str, int], Record], bool]:
        given = given_identifiers(person, one.find)
        given = {name: value for name, value in given.items() if one.find[name] not in without}

        def is_theirs(header: dict[str, int], record: Record) -> bool:
            return any(
                agree(record.fields[header[one.find[name]]], value, name in one.ignore_case)
                for name, value in given.items()
            )

        return is_theirs

    def _rewrite(
        self,
        one: Files,
        is_theirs: Callable[[dict[str, int], Record], bool],
        change: Callable[[dict[str, int], Record], list[str] | None],
    ) -> None:
        with self._locked():
            for path in self._paths(one):
                for _try in range(TRIES):
                    if self._rewritten(path, one, is_theirs, change):
                        break
                else:
                    raise FileChanged(path.name)

    def _rewritten(
        self,
        path: Path,
        one: Files,
        is_theirs: Callable[[dict[str, int], Record], bool],
        change: Callable[[dict[str, int], Record], list[str] | None],
    ) -> bool:
        """Rewrite a file beside itself and put it in its place; return False where somebody wrote it meanwhile."""
        before = path.stat()
        raw = path.read_bytes()
        header, records = self._read(raw, one, path)
        wanted = [change(header, record) if is_theirs(header, record) else record.fields for record in records]
        new = self._rebuilt(raw, one, records, wanted)
        if new == raw:
            return True
        beside = path.with_name(f"{NEW}{path.name}")
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        now = path.stat()
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns):
            beside.unlink()
            return False
        beside.replace(path)
        _sync_folder(path.parent)
        return True

    def _read(self, raw: bytes, one: Files, path: Path) -> tuple[dict[str, int], list[Record]]:
        return _read(raw, one, path)

    def _rebuilt(self, raw: bytes, one: Files, records: list[Record], wanted: list[list[str] | None]) -> bytes:
        """Return a file with its records as they are wanted, or without them where that is None."""
        parts = [raw[: len(raw) - sum(len(record.raw) for record in records)]]
        for record, fields in zip(records, wanted, strict=True):
            if fields is not None:
                parts.append(record.raw if fields == record.fields else _written(fields, record, one))
        return b"".join(parts)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder's lock, and take away what a kill left: it may name people who were destroyed since."""
        if not self.folder.is_dir():
            raise FileUnreadable(f"{self.folder} isn't there.")
        with (self.folder / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for path in self._leftovers():
                path.unlink()
            yield


def agree(field: str | None, value: str, ignore_case: bool) -> bool:
    if field is None:
        return False
    return field.strip().casefold() == value.casefold() if ignore_case else field.strip() == value


def _holds(record: Record, header: dict[str, int], one: Files, *, without: Collection[str]) -> bool:
    return any(record.fields[header[column]] for column in one.items.values() if column not in without)


def _has_header(text: str, one: Files) -> bool:
    header = next(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=one.delimiter), [])
    return {*one.find.values(), *one.items.values()} <= set(header)


def _read(raw: bytes, one: Files, path: Path) -> tuple[dict[str, int], list[Record]]:
    """Return the places of the columns, and the records after the header. Raises FileUnreadable."""
    start = len(BOM) if raw.startswith(BOM) else 0
    lines = list(_lines(raw[start:]))
    if not lines:
        raise FileUnreadable(f"{path.name} has no header.")
    names = _fields(lines[0], one, path)
    header = {name: place for place, name in enumerate(names)}
    missing = {*one.find.values(), *one.items.values()} - set(header)
    if missing:
        raise FileUnreadable(f"{path.name} lacks columns of the mapping: {', '.join(sorted(missing))}.")
    if len(header) < len(names):
        raise FileUnreadable(f"{path.name} has a column twice.")
    records = []
    for line in lines[1:]:
        fields = _fields(line, one, path)
        if fields and len(fields) != len(names):
            raise FileUnreadable(f"{path.name} has a record with another number of fields.")
        records.append(Record(line, fields or [""] * len(names)))
    return header, records


def _lines(raw: bytes) -> Iterator[bytes]:
    """Yield the records as they stand: a line end in quotation marks belongs to its record."""
    begun: list[bytes] = []
    quotes = 0
    for line in io.BytesIO(raw):
        begun.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            yield b"".join(begun)
            begun = []
    if begun:
        yield b"".join(begun)


def _fields(line: bytes, one: Files, path: Path) -> list[str]:
    try:
        text = line.decode(one.encoding)
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=one.delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise FileUnreadable(f"{path.name} has a record that can't be read.") from None
    if len(read) > 1:
        raise FileUnreadable(f"{path.name} has a record that can't be read.")
    return read[0] if read else []


def _written(fields: list[str], record: Record, one: Files) -> bytes:
    end = "\r\n" if record.raw.endswith(b"\r\n") else "\n" if record.raw.endswith(b"\n") else ""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=one.delimiter, lineterminator=end).writerow(fields)
    return out.getvalue().encode(one.encoding)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
