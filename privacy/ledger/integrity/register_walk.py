"""The registers in parts, where there are more entries about rows than a job reads (decision 0367).

Each night: what entries have named since the last scrub, what that found, the scrubs themselves, all rows of small
tables, and a seventh of everything: every seventh tile of entry numbers, for the rows that are gone, and the rows whose
keys hash into the same part. So each row and entry has its turn within seven nights, and what changed has it at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.integrity.registers import RegisterReport, Registers
from privacy.ledger.merkle import log_reader
from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.ledger.verify import MALFORMED

NIGHTS = 7
# So many rows are compared at a time, and tables of as many are walked whole each night.
BATCH = 2_000
ENTRIES = 500
_SEALED_SINCE: LiteralString = (
    "SELECT l.index, e.id, e.payload FROM ledger.leaf l JOIN ledger.entry e ON e.id = l.entry_id"
    " WHERE l.index >= %(first)s AND strpos(payload, ',\"rows\":{') > 0 AND e.kind = 'act'"
    " ORDER BY l.index LIMIT %(most)s"
)
_OF_PARTS: LiteralString = (
    "SELECT e.id, e.id, e.payload FROM ledger.entry e WHERE e.id >= %(first)s AND strpos(payload, ',\"rows\":{') > 0"
    " AND e.kind = 'act' AND (e.id / 256) %% %(nights)s = ANY(%(parts)s::bigint[]) ORDER BY e.id LIMIT %(most)s"
)
_KEYS = (
    "SELECT {key}::text FROM public.{table} WHERE {after} AND ({small} OR"
    " (hashtext({key}::text) & 2147483647) %% %(nights)s = ANY(%(parts)s::integer[])) ORDER BY {key} LIMIT %(most)s"
)
_NAMED = re.compile(r"(\w+) (\S+) (?:was|is|holds) ")
type Keys = dict[str, set[str]]


@dataclass
class RegisterWalk:
    """Where a night's walk is: a step of ``STEPS`` or a table, and from which entry or row on."""

    since: int
    parts: list[int]
    suspects: dict[str, list[str]]
    step: str = "survey"
    after: str = ""
    rows: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def resumed(cls, said: Mapping[str, Any]) -> RegisterWalk:
        """Go on with what ``as_json`` said."""
        walk = cls(**said)
        walk.findings = [(code, message) for code, message in walk.findings]
        return walk

    def as_json(self) -> dict[str, Any]:
        """Return the walk as it can be stored."""
        return asdict(self)

    @property
    def is_over(self) -> bool:
        """Whether the night's walk has come to its end."""
        return not self.step

    def go_on(self) -> RegisterReport:
        """Do the next batch, and return what it compared."""
        with log_reader.connect(DATABASE) as connection:
            if self.step == "survey":
                found = Registers(connection).survey()
                self.notes += found.notes
                self._next()
            else:
                keys = self._next_keys(connection)
                found = Registers(connection).verify(keys) if keys else RegisterReport()
        self.rows += found.rows
        for code, message in found.findings:
            self._add(code, message)
        return found

    def _add(self, code: int, message: str) -> None:
        if (code, message) not in self.findings:
            self.findings.append((code, message))

    # -- which rows are next --------------------------------------------------------------------------------------

    def _next(self) -> None:
        steps = ["survey", "suspects", "since", "entries", *sorted(TABLES)]
        later = steps[steps.index(self.step) + 1 :] if self.step in steps else []
        self.step, self.after = (later[0] if later else ""), ""

    def _next_keys(self, connection: psycopg.Connection[Any]) -> Keys:
        if self.step == "suspects":
            scrubs = {key for (key,) in connection.execute("SELECT id::text FROM public.ledger_scrub")}
            suspects = {name: set(keys) for name, keys in self.suspects.items() if name in TABLES}
            self._next()
            return {**suspects, "ledger_scrub": scrubs | suspects.get("ledger_scrub", set())}
        if self.step in ("since", "entries"):
            return self._keys_of_entries(connection)
        return self._keys_of_rows(TABLES[self.step], connection)

    def _keys_of_entries(self, connection: psycopg.Connection[Any]) -> Keys:
        query = _SEALED_SINCE if self.step == "since" else _OF_PARTS
        first = int(self.after) if self.after else self.since if self.step == "since" else 0
        values = {"first": first, "most": ENTRIES, "nights": NIGHTS, "parts": self.parts}
        named: Keys = {}
        for number, entry, payload in connection.execute(query, values):
            try:
                for name, key in _named(payload):
                    named.setdefault(name, set()).add(key)
            except ValueError:
                self._add(MALFORMED, f"entry {entry} says of rows what nobody can read")
            self.after = str(number + 1)
            if sum(map(len, named.values())) >= BATCH:
                return named
            first = number + 1
        if not self.after or not self._more(connection, query, values, first):
            self._next()
        return named

    def _more(self, connection: psycopg.Connection[Any], query: LiteralString, values: Any, first: int) -> bool:
        return connection.execute(query, {**values, "first": first, "most": 1}).fetchone() is not None

    def _keys_of_rows(self, table: ProtectedTable, connection: psycopg.Connection[Any]) -> Keys:
        if table.database == DATABASE:
            keys = self._keys_in(table, connection)
        else:
            try:
                with log_reader.connect(table.database) as elsewhere:
                    keys = self._keys_in(table, elsewhere)
            except psycopg.OperationalError:
                keys = [""]  # the comparison says that this database is away
                self.after = ""
        self.after = keys[-1] if keys else ""
        if len(keys) < BATCH:
            self._next()
        return {table.name: set(keys)} if keys else {}

    def _keys_in(self, table: ProtectedTable, connection: psycopg.Connection[Any]) -> list[str]:
        key, name = sql.Identifier(table.key), sql.Identifier(table.name)
        small = connection.execute(
            sql.SQL("SELECT count(*) <= {} FROM (SELECT FROM public.{} LIMIT {}) AS few").format(BATCH, name, BATCH + 1)
        ).fetchone()
        after = sql.SQL("{} > {}").format(key, sql.Literal(self.after)) if self.after else sql.SQL("true")
        query = sql.SQL(_KEYS).format(key=key, table=name, after=after, small=sql.Literal(bool(small and small[0])))
        values = {"nights": NIGHTS, "parts": self.parts, "most": BATCH}
        return [str(row[0]) for row in connection.execute(query, values)]


def _named(payload: str) -> Iterator[tuple[str, str]]:
    """Yield the table and key of each row that an entry names. Raises ``ValueError`` for one that can't be read."""
    rows = parse_payload(payload).get("rows")
    for name, changes in rows.items() if isinstance(rows, dict) else ():
        if not isinstance(changes, dict):
            raise ValueError("The entry names no rows.")
        if name in TABLES:
            yield from ((name, key) for key in changes)


def suspects(messages: Iterable[str]) -> dict[str, list[str]]:
    """Return the rows that findings of an earlier comparison name: they are compared each night until it is sound."""
    named: dict[str, list[str]] = {}
    for message in messages:
        if (found := _NAMED.match(message)) and found[1] in TABLES:
            named.setdefault(found[1], []).append(found[2])
    return named
