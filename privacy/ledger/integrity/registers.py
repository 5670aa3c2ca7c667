"""The registers beside the ledger, row by row against the last sealed entry about each (decision 0196).

An entry says of a row what it was and what it became. So a row that somebody altered outside the portal is named, and
also one that was altered and then changed by a verb: what the verb found is not what the entry before had left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple

import psycopg
from django.db import models
from psycopg import sql

from privacy.ledger.events import Event
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.merkle.leaf_hash import LEAF_HASH
from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.ledger.verify import ALTERED, MALFORMED

_STATEMENTS: LiteralString = (
    "SELECT e.id, e.generation, e.xid::text::bigint, extract(epoch FROM e.time)::bigint, e.payload"  # noqa: S608 - constants
    " FROM ledger.entry e LEFT JOIN ledger.leaf l ON l.entry_id = e.id"
    " WHERE e.payload LIKE '%%,\"rows\":{%%' AND e.kind = 'act' AND (l.hash IS NULL OR l.hash = " + LEAF_HASH + ")"
    " AND (%(named)s::text[] IS NULL OR ledger.named_rows(e.payload) && %(named)s) ORDER BY e.id"
)
_COUNT: LiteralString = "SELECT count(*) FROM ledger.entry WHERE payload LIKE '%,\"rows\":{%'"
_PRUNED: LiteralString = "SELECT EXISTS (SELECT FROM ledger.pruning WHERE cardinality(partitions) > 0)"
# What a digest is made of depends on these (sql/06_protected_rows.sql).
SETTINGS: LiteralString = (
    "SELECT set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),"
    " set_config('intervalstyle', 'postgres', true), set_config('extra_float_digits', '1', true)"
)
_UNGUARDED: LiteralString = (
    "SELECT name FROM unnest(%s::text[]) AS name WHERE 3 <> (SELECT count(*) FROM pg_trigger t"
    " JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = to_regclass('public.' || quote_ident(name))"
    " AND p.proname = 'note_changed_rows' AND p.pronamespace = to_regnamespace('ledger') AND t.tgenabled = 'A'"
    " AND t.tgqual IS NULL AND t.tgattr::text = '' AND t.tgtype IN (4, 8, 16)) ORDER BY 1"
)


class Known(NamedTuple):
    """What the last entry about a row left of it; ``digest`` is None where the row went."""

    digest: str | None
    entry: int
    generation: int
    xid: int
    time: int


@dataclass(frozen=True)
class Snapshot:
    """What was visible when rows were adopted or carried."""

    generation: int
    first: int
    end: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str, generation: int) -> Snapshot:
        """Read PostgreSQL's text of a snapshot. Raises ``ValueError``."""
        first, end, running = text.split(":")
        return cls(generation, int(first), int(end), frozenset(int(xid) for xid in running.split(",") if xid))

    def shows(self, known: Known) -> bool:
        """Whether what an entry says was done before the snapshot."""
        if known.generation != self.generation:
            return known.generation < self.generation
        return known.xid < self.first or (known.xid < self.end and known.xid not in self.running)


@dataclass
class TableState:
    """What the entries say of one table."""

    rows: dict[str, Known] = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)
    signature: str = ""
    adopted_at: int = 0
    run: str = ""


@dataclass
class RegisterReport:
    """What a comparison of the registers found."""

    # Of tables that were taken up. Of the others only rows that an entry is about are compared.
    rows: int = 0
    tables: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    # Tables of this release whose rows are still to be adopted, and adoptions that somebody asked for.
    unadopted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # By table and key: rows that are as they were stated, with the time of that entry (seconds).
    sound: dict[str, dict[str, Known]] = field(default_factory=dict)
    adopted_at: dict[str, int] = field(default_factory=dict)
    snapshot: str = ""


class Registers:
    """A comparison: the entries in their order, then every row of every protected table, as of one snapshot."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.states: dict[str, TableState] = {name: TableState() for name in TABLES}
        self.report = RegisterReport()
        self.pruned = False

    def verify(self) -> RegisterReport:
        """Compare; each row that is not what the last entry about it says is a finding that names it."""
        with read_only(self.connection):
            return self.compare()

    def compare(self) -> RegisterReport:
        """Compare inside the transaction of ``read_only`` that is open."""
        self.report.snapshot = snapshot(self.connection)
        self.pruned = bool(self._one(_PRUNED))
        self._read_entries(None)
        for name in self._names(_UNGUARDED, [list(TABLES)]):
            self._add(f"{name}: what notes changes of rows was taken off or changed")
        for table in TABLES.values():
            self._compare(table)
        return self.report

    def altered(self, table: ProtectedTable, keys: list[str]) -> list[str]:
        """Return which of some rows are there and are not what the last entry about each says: asked before their use.

        Of a table that no entry took up yet nothing is known.
        """
        with read_only(self.connection):
            self._read_entries([table.name, *keys])
            state = self.states[table.name]
            if state.signature != table.signature:
                return []
            known = {key: one.digest for key, one in state.rows.items()}
            found = [key for key, digest in rows_of(self.connection, table, keys) if known.get(key) != digest]
        return found + [key for key in keys if any(said.startswith(f"{key} ") for said in state.breaks)]

    # -- what the entries say ---------------------------------------------------------------------------------

    def _read_entries(self, named: list[str] | None) -> None:
        with self.connection.cursor(name="statements") as cursor:
            cursor.itersize = 2_000
            cursor.execute(_STATEMENTS, {"named": named})
            for number, generation, xid, time, payload in cursor:
                try:
                    said = json.loads(payload)
                    self._read(said, Known(None, number, generation, xid, time))
                except (ValueError, TypeError, AttributeError, KeyError):
                    self.report.findings.append((MALFORMED, f"entry {number} says of rows what nobody can read"))

    def _read(self, said: dict[str, Any], by: Known) -> None:
        if not isinstance(said.get("rows"), dict):
            return
        facts = said.get("facts") or {}
        if said["word"] in (Event.REGISTERS_ADOPTED, Event.ROWS_CARRIED):
            seen = Snapshot.parse(facts["snapshot"], by.generation)
            if said["word"] == Event.REGISTERS_ADOPTED:
                self._adopt(facts, seen, by)
            for name, signature in (facts.get("tables") or {}).items():
                if state := self.states.get(name):
                    state.signature, state.adopted_at = signature, by.time
            for state, key, change in self._changes(said["rows"]):
                known = state.rows.get(key)
                if known is None or seen.shows(known):
                    state.rows[key] = by._replace(digest=change[0])
            return
        for state, key, (before, after) in self._changes(said["rows"]):
            known = state.rows.get(key)
            if known is not None and known.digest != before:
                state.breaks.append(f"{key} was altered outside the portal between entry {known.entry} and {by.entry}")
            elif known is None and before is not None and state.signature and not self.pruned:
                state.breaks.append(f"{key} was added outside the portal before entry {by.entry}")
            state.rows[key] = by._replace(digest=after)

    def _changes(self, rows: dict[str, Any]) -> Iterator[tuple[TableState, str, list[str | None]]]:
        for name, changes in rows.items():
            if state := self.states.get(name):  # of a table that an earlier release had, nothing is compared
                yield from ((state, key, change) for key, change in changes.items())

    def _adopt(self, facts: dict[str, Any], seen: Snapshot, by: Known) -> None:
        """Begin anew with the rows that follow, which an adoption lists; what was later stays."""
        for name in facts["tables"]:
            state = self.states.get(name)
            if state is None or state.run == facts["run"]:
                continue
            state.run, state.breaks = facts["run"], []
            state.rows = {key: known for key, known in state.rows.items() if not seen.shows(known)}
        if because := facts.get("because"):
            note = f"entry {by.entry} takes the registers as they stood then: {because}"
            if note not in self.report.notes:
                self.report.notes.append(note)

    # -- what the tables say ----------------------------------------------------------------------------------

    def _compare(self, table: ProtectedTable) -> None:
        state = self.states[table.name]
        self.report.adopted_at[table.name] = state.adopted_at
        if state.signature != table.signature:
            self.report.unadopted.append(table.name)
            if state.signature:  # another release's digests
                return
        else:
            self.report.tables += 1
        for said in state.breaks:
            self._add(f"{table.name} {said}")
        sound = self.report.sound.setdefault(table.name, {})
        for key, digest in rows_of(self.connection, table):
            self.report.rows += bool(state.signature)
            known = state.rows.pop(key, None)
            if known is not None and known.digest == digest:
                sound[key] = known
            elif known is None:
                if state.signature:
                    self._add(f"{table.name} {key} was added outside the portal: no entry is about it")
            elif known.digest is None:
                self._add(f"{table.name} {key} is there again, though entry {known.entry} says that it was removed")
            else:
                self._add(f"{table.name} {key} was changed outside the portal: it is not what entry {known.entry} says")
        for key, known in state.rows.items():
            if known.digest is not None:
                self._add(f"{table.name} {key} was removed outside the portal: its last entry is {known.entry}")

    def _add(self, message: str) -> None:
        self.report.findings.append((ALTERED, message))

    def _one(self, query: LiteralString) -> Any:
        row = self.connection.execute(query).fetchone()
        return row[0] if row else None

    def _names(self, query: LiteralString, values: list[Any]) -> list[str]:
        return [str(row[0]) for row in self.connection.execute(query, values).fetchall()]


@contextmanager
def read_only(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Have entries and rows be of one moment, and digests come out as they were stated."""
    with log_reader.read_only_snapshot(connection):
        connection.execute(SETTINGS)
        yield


def snapshot(connection: psycopg.Connection[Any]) -> str:
    """Return the text of the transaction's snapshot."""
    row = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
    return str(row[0]) if row else ""


def statements(connection: psycopg.Connection[Any]) -> int:
    """Return how many entries are about rows."""
    row = connection.execute(_COUNT).fetchone()
    return int(row[0]) if row else 0


def rows_of(
    connection: psycopg.Connection[Any], table: ProtectedTable, keys: list[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield each row's key and digest, or those of some keys, recomputed with PostgreSQL's own functions."""
    wanted: sql.Composable = sql.SQL("true")
    if keys is not None:
        wanted = sql.SQL("{}::text = ANY({})").format(sql.Identifier(table.key), sql.Literal(keys))
    query = sql.SQL(
        "SELECT r.said ->> {}, encode(sha256(convert_to(r.said::text, 'UTF8')), 'base64')"
        " FROM (SELECT to_jsonb(c) AS said FROM (SELECT {} FROM public.{} WHERE {}) AS c) AS r"
    ).format(
        sql.Literal(table.key),
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(table.name),
        wanted,
    )
    with connection.cursor(name="rows") as cursor:
        cursor.itersize = 5_000
        cursor.execute(query)
        yield from cursor


def altered_rows(model: type[models.Model], keys: Iterable[object]) -> list[str]:
    """Return which of some rows are there and were changed or added outside the portal: asked before their use."""
    named = [str(key) for key in keys]
    if not named:
        return []
    with log_reader.connect(DATABASE) as connection:
        return Registers(connection).altered(TABLES[model._meta.db_table], named)


def add_to(report: VerificationReport, found: RegisterReport) -> None:
    """Put what the comparison found into the report on the whole trail."""
    for code, message in found.findings:
        report.add(code, message)
