"""A relational database, by a mapping of its tables: which column finds a person, which holds which item."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

from exafe_connector.adapters.adapter import Counts, Person, Unsupported, Values, given_identifiers


@dataclass(frozen=True)
class Table:
    """One table of a mapping.

    ``find``: identifier → column; a row is the person's when any of them agrees. ``items``: item → column. ``destroy``:
    ``row`` deletes a row with the last item that it holds, ``blank`` writes ``blank`` (None: NULL) into the columns.
    ``frozen``: a boolean column that marks frozen rows. ``ignore_case``: identifiers that agree in whatever case.
    """

    name: str
    find: Mapping[str, str]
    items: Mapping[str, str]
    destroy: Literal["row", "blank"] = "blank"
    blank: str | None = None
    frozen: str | None = None
    ignore_case: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.find or not self.items:
            raise ValueError(f"{self.name}: a table needs columns that find people, and columns of items.")
        if not self.ignore_case <= set(self.find):
            raise ValueError(f"{self.name}: ignore_case names an identifier that doesn't find people.")
        if self.blank is not None and set(self.blank) & set("'\\%"):
            raise ValueError(f"{self.name}: blank has a sign in it that SQL reads otherwise.")


class SqlSystem(ABC):
    """What the databases share; a subclass connects and knows how names and texts are written.

    ``asks_freeze_list``: the system's own programs ask the freeze list, so tables need no column for it.
    """

    text_type: str

    def __init__(self, tables: Collection[Table], *, asks_freeze_list: bool = False) -> None:
        self.tables = list(tables)
        self.items = frozenset(item for table in self.tables for item in table.items)
        self.correctable = self.items
        self.can_freeze = asks_freeze_list or all(table.frozen for table in self.tables)

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """Connect for one transaction: it commits at the block's end, and is undone by an error."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Any]:
        """Connect anew to read back, apart from what writes."""

    @abstractmethod
    def quoted(self, name: str) -> str:
        """Return a name as it stands in a statement."""

    def locate(self, person: Person, items: Collection[str]) -> Counts:
        """Count the rows that hold these items."""
        counts: Counts = {}
        with self.writing() as connection, connection.cursor() as cursor:
            for table, columns in self._asked(items):
                where, values = self._where(table, person)
                counted = ", ".join(f"count(CASE WHEN {self._held(table, one)} THEN 1 END)" for one in columns.values())
                cursor.execute(f"SELECT {counted} FROM {self.quoted(table.name)} WHERE {where}", values)  # noqa: S608
                for item, count in zip(columns, cursor.fetchone(), strict=True):
                    counts[item] = counts.get(item, 0) + int(count)
        return counts

    def freeze(self, person: Person, items: Collection[str], *, frozen: bool) -> None:
        """Mark the rows, where a table has a column for that."""
        self._mark(person, [table for table, _columns in self._asked(items)], frozen=frozen)

    def unmark(self, person: Person, items: Collection[str], *, still: Collection[str]) -> None:
        """Take the marks off the rows, but for tables that hold an item which is still frozen."""
        ended = [table for table, _columns in self._asked(items) if not set(table.items) & set(still)]
        self._mark(person, ended, frozen=False)

    def _mark(self, person: Person, tables: Collection[Table], *, frozen: bool) -> None:
        with self.writing() as connection, connection.cursor() as cursor:
            for table in tables:
                if table.frozen:
                    where, values = self._where(table, person)
                    mark = f"UPDATE {self.quoted(table.name)} SET {self.quoted(table.frozen)} = %s WHERE {where}"  # noqa: S608
                    cursor.execute(mark, [frozen, *values])

    def correct(self, person: Person, values: Mapping[str, str]) -> None:
        """Write the right values, all in one transaction."""
        with self.writing() as connection, connection.cursor() as cursor:
            for table, columns in self._asked(values):
                where, found_by = self._where(table, person)
                # All by one statement: one of the columns may be what finds the row.
                changed = ", ".join(
                    f"{self.quoted(one)} = CASE WHEN {self._held(table, one)} THEN %s ELSE {self.quoted(one)} END"
                    for one in columns.values()
                )
                given = [values[item] for item in columns]
                cursor.execute(f"UPDATE {self.quoted(table.name)} SET {changed} WHERE {where}", [*given, *found_by])  # noqa: S608

    def destroy(self, person: Person, items: Collection[str]) -> None:
        """Delete or blank, all in one transaction.

        Raises Unsupported where the person's other items in a row could not be found by these identifiers afterwards.
        """
        with self.writing() as connection, connection.cursor() as cursor:
            for table, columns in self._asked(items):
                where, found_by = self._where(table, person)
                name = self.quoted(table.name)
                gone = set(columns.values())
                rest = [self._held(table, one) for one in dict.fromkeys(table.items.values()) if one not in gone]
                some_left = f"({' OR '.join(rest)})" if rest else "(1 = 0)"
                if table.destroy == "row":
                    # First: without the items that go now, nobody would find the row.
                    cursor.execute(f"DELETE FROM {name} WHERE {where} AND NOT {some_left}", found_by)  # noqa: S608
                stays, staying_by = self._where(table, person, without=gone)
                hidden = f"{where} AND {some_left} AND CASE WHEN {stays} THEN 0 ELSE 1 END = 1"
                cursor.execute(f"SELECT count(*) FROM {name} WHERE {hidden}", [*found_by, *staying_by])  # noqa: S608
                if cursor.fetchone()[0]:
                    raise Unsupported(f"{table.name}: without these items nobody would find the other ones.", "/items")
                blanked = ", ".join(f"{self.quoted(one)} = %s" for one in columns.values())
                given = [table.blank] * len(columns)
                cursor.execute(f"UPDATE {name} SET {blanked} WHERE {where}", [*given, *found_by])  # noqa: S608

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """Read what is there by a connection of its own, row by row and identifier by identifier."""
        found: dict[str, list[str]] = {}
        with self.reading() as connection, connection.cursor() as cursor:
            for table, columns in self._asked(items):
                for item, column in columns.items():
                    where, values = self._where(table, person)
                    shown = f"CAST({self.quoted(column)} AS {self.text_type})"
                    cursor.execute(f"SELECT {shown} FROM {self.quoted(table.name)} WHERE {where}", values)  # noqa: S608
                    texts = [row[0] for row in cursor.fetchall()]
                    found.setdefault(item, []).extend(text for text in texts if text not in (None, table.blank))
        return found

    def _asked(self, items: Collection[str]) -> Iterator[tuple[Table, dict[str, str]]]:
        """Yield each table that holds some of the items, with their columns."""
        for table in self.tables:
            columns = {item: column for item, column in table.items.items() if item in items}
            if columns:
                yield table, columns

    def _held(self, table: Table, column: str) -> str:
        name = self.quoted(column)
        if table.blank is None:
            return f"{name} IS NOT NULL"
        return f"({name} IS NOT NULL AND CAST({name} AS {self.text_type}) <> '{table.blank}')"

    def _where(self, table: Table, person: Person, *, without: Collection[str] = ()) -> tuple[str, list[str]]:
        """Return the condition that a row is the person's, by the columns but those that it is to do ``without``."""
        given = {
            name: value
            for name, value in given_identifiers(person, table.find).items()
            if table.find[name] not in without
        }
        parts, values = [], []
        for name, value in sorted(given.items()):
            part, count = self._agrees(table.find[name], ignore_case=name in table.ignore_case)
            parts.append(part)
            values += [value] * count
        return f"({' OR '.join(parts)})" if parts else "(1 = 0)", values

    def _agrees(self, column: str, *, ignore_case: bool) -> tuple[str, int]:
        """Return the condition that a column is a given text, and how often it takes that text."""
        name = self.quoted(column)
        if ignore_case:
            return f"lower({name}) = lower(%s)", 1
        return f"{name} = %s", 1
