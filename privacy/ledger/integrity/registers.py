"""The registers beside the ledger, row by row against the last sealed entry about each (decision 0196).

An entry says of a row what it was and what it became. So a row that somebody altered outside the portal is named, and
also one that was altered and then changed by a verb: what the verb found is not what the entry before had left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from django.db import models
from psycopg import sql

from privacy.ledger.integrity import structure
from privacy.ledger.integrity.adoptions import adoption_notes
from privacy.ledger.integrity.row_history import Known, RowHistory
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY

_COUNT: LiteralString = "SELECT count(*) FROM ledger.entry WHERE payload LIKE '%,\"rows\":{%'"
# What a digest is made of depends on these (sql/06_protected_rows.sql).
SETTINGS: LiteralString = (
    "SELECT set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),"
    " set_config('intervalstyle', 'postgres', true), set_config('extra_float_digits', '1', true)"
)
MAX_TABLES_NAMED = 5


@dataclass
class RegisterReport:
    """What a comparison of the registers found."""

    # Of tables that were taken up. Of the others only rows that an entry is about are compared.
    rows: int = 0
    tables: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    # Tables of this release whose rows are still to be adopted, and later adoptions of one that was.
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
        self.history = RowHistory()
        self.report = RegisterReport()

    def verify(self) -> RegisterReport:
        """Compare; each row that is not what the last entry about it says is a finding that names it."""
        with read_only(self.connection):
            return self.compare()

    def compare(self) -> RegisterReport:
        """Compare inside the transaction of ``read_only`` that is open."""
        self.report.snapshot = snapshot(self.connection)
        triggers = self.connection.execute(structure.TRIGGERS).fetchall()
        for said in structure.deviations(triggers, self.connection.execute(structure.SCREENED).fetchall()):
            self._add(said)
        try:
            with self.connection.transaction():
                self.history.read(self.connection)
                self.report.notes += adoption_notes(self.connection, self.history)
        except psycopg.errors.InsufficientPrivilege as error:
            self._add(f"the entries about rows can't be read whole: {str(error).splitlines()[0]}")
            return self.report
        for number in self.history.unreadable:
            self.report.findings.append((MALFORMED, f"entry {number} says of rows what nobody can read"))
        for table in TABLES.values():
            self._compare(table)
        if self.report.unadopted:
            self.report.findings.append((POLICY, _not_taken_up(self.report.unadopted)))
        return self.report

    def altered(self, table: ProtectedTable, keys: list[str]) -> list[str]:
        """Return which of some rows are there and are not what the last entry about each says: asked before their use.

        Of a table that no entry took up yet nothing is known.
        """
        with read_only(self.connection):
            return self.altered_within(table, keys)

    def altered_within(self, table: ProtectedTable, keys: list[str]) -> list[str]:
        """Answer ``altered`` inside the transaction of ``read_only`` that is open."""
        self.history.read(self.connection, [table.name, *keys])
        state = self.history.states[table.name]
        if state.signature != table.signature:
            return []
        known = {key: one.digest for key, one in state.rows.items()}
        found = [key for key, digest in rows_of(self.connection, table, keys) if known.get(key) != digest]
        return found + [key for key in keys if any(said.startswith(f"{key} ") for said in state.breaks)]

    # -- what the tables say ----------------------------------------------------------------------------------

    def _compare(self, table: ProtectedTable) -> None:
        state = self.history.states[table.name]
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
        for key, digest in self._rows(table):
            self.report.rows += bool(state.signature)
            known = state.rows.pop(key, None)
            if digest is None:
                self._add(f"{table.name} {key} holds what nobody can read")
            elif known is not None and known.digest == digest:
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

    def _rows(self, table: ProtectedTable) -> Iterator[tuple[str, str | None]]:
        """Yield each row's key and digest; None for the digest of one that PostgreSQL itself can't read."""
        try:
            yield from self._tried(table, None)
        except psycopg.errors.InsufficientPrivilege as error:
            self._add(f"{table.name} can't be read whole: {str(error).splitlines()[0]}")
            self.history.states[table.name].rows.clear()
        except psycopg.Error:
            keys = [str(row[0]) for row in self.connection.execute(keys_of(table)).fetchall()]
            yield from self._halved(table, keys)

    def _halved(self, table: ProtectedTable, keys: list[str]) -> Iterator[tuple[str, str | None]]:
        try:
            yield from self._tried(table, keys)
        except psycopg.Error:
            if len(keys) == 1:
                yield keys[0], None
                return
            half = len(keys) // 2
            yield from self._halved(table, keys[:half])
            yield from self._halved(table, keys[half:])

    def _tried(self, table: ProtectedTable, keys: list[str] | None) -> list[tuple[str, str]]:
        with self.connection.transaction():
            return list(rows_of(self.connection, table, keys))

    def _add(self, message: str) -> None:
        self.report.findings.append((ALTERED, message))


def _not_taken_up(tables: list[str]) -> str:
    more = f" and {len(tables) - MAX_TABLES_NAMED} more" * (len(tables) > MAX_TABLES_NAMED)
    named = ", ".join(tables[:MAX_TABLES_NAMED])
    return f"not all compared until manage.py sync_schedules takes them up: rows of {named}{more}"


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
    """Return how many entries are about rows; none where they can't be read, which the comparison then says."""
    try:
        row = connection.execute(_COUNT).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return 0
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


def keys_of(table: ProtectedTable) -> sql.Composed:
    """Return the query for the keys of a table's rows."""
    return sql.SQL("SELECT {}::text FROM public.{}").format(sql.Identifier(table.key), sql.Identifier(table.name))


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
