"""The registers beside the ledger, row by row against the last sealed entry about each (decision 0196).

An entry says of a row what it was and what it became. So a row that somebody altered outside the portal is named, and
also one that was altered and then changed by a verb: what the verb found is not what the entry before had left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from django.db import models

from privacy.ledger.integrity import structure
from privacy.ledger.integrity.adoptions import adoption_notes
from privacy.ledger.integrity.register_rows import all_rows, read_only, rows_of
from privacy.ledger.integrity.row_history import Known, RowHistory, Snapshot, TableState
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.protected_tables import DATABASE, TABLES, ProtectedTable
from privacy.ledger.row_statements import Rows
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY

_COUNT: LiteralString = "SELECT count(*) FROM ledger.entry WHERE strpos(payload, ',\"rows\":{') > 0"
_BEGUN: LiteralString = "SELECT pg_current_snapshot()::text, coalesce(max(generation), 1) FROM ledger.recovery_epoch"
# Of a transaction that was over before the rows were read; of one that this cluster doesn't know, nothing is known.
_OUTCOME: LiteralString = (
    "SELECT CASE WHEN pg_visible_in_snapshot(%(number)s::xid8, pg_current_snapshot())"
    " THEN pg_xact_status(%(number)s::xid8) END"
)
COMMITTED, ABORTED = "committed", "aborted"
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
    # By announcement and database: the rows of changes that nothing closed and that the database decided since.
    decided: dict[tuple[str, str], Rows] = field(default_factory=dict)


class Registers:
    """A comparison: the entries in their order, then every row of every protected table, as of one snapshot."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.elsewhere: dict[str, psycopg.Connection[Any]] = {}
        self.generation = 0
        self.history = RowHistory()
        self.report = RegisterReport()

    def verify(self, keys: Mapping[str, Collection[str]] | None = None) -> RegisterReport:
        """Compare; each row that is not what the last entry about it says is a finding that names it.

        ``keys`` are the rows to compare, by table; None is all of them.
        """
        moment = begun(self.connection)
        self.generation, self.history = moment.generation, RowHistory(moment, keys)
        with ExitStack() as opened:
            for alias in sorted({TABLES[name].database for name in (TABLES if keys is None else keys)} - {DATABASE}):
                try:
                    self.elsewhere[alias] = opened.enter_context(log_reader.connect(alias))
                    opened.enter_context(read_only(self.elsewhere[alias]))
                except psycopg.OperationalError as error:
                    self.elsewhere.pop(alias, None)
                    said = f"the database {alias} can't be compared: {str(error).splitlines()[0]}"
                    self.report.findings.append((POLICY, said))
            with read_only(self.connection):
                return self.compare() if keys is None else self._compare_some(keys)

    def survey(self) -> RegisterReport:
        """Compare no row, but what stands around them: triggers, adoptions, tables that are not taken up."""
        self.history = RowHistory(only={})
        with read_only(self.connection):
            self._judge_structure()
            if self._read_history(sorted(TABLES)):
                for table in TABLES.values():
                    self._judge_table(table, self.history.states[table.name])
                self._judge_adoption()
        return self.report

    def _compare_some(self, keys: Mapping[str, Collection[str]]) -> RegisterReport:
        self.report.snapshot = snapshot(self.connection)
        readable = self._read_history([*keys, *{key for named in keys.values() for key in named}])
        for name, named in keys.items() if readable else ():
            if TABLES[name].database in (DATABASE, *self.elsewhere):
                self._compare(TABLES[name], sorted(named))
        return self.report

    def compare(self) -> RegisterReport:
        """Compare inside the transaction of ``read_only`` that is open."""
        self.report.snapshot = snapshot(self.connection)
        self._judge_structure()
        if not self._read_history(None):
            return self.report
        for table in TABLES.values():
            if table.database in (DATABASE, *self.elsewhere):
                self._compare(table)
        self._judge_adoption()
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

    def _read_history(self, named: list[str] | None) -> bool:
        """Read the entries about rows, or those that name some, and return whether that was possible."""
        try:
            with self.connection.transaction():
                self.history.read(self.connection, named)
                self.report.notes += adoption_notes(self.connection, self.history)
        except psycopg.errors.InsufficientPrivilege as error:
            self._add(f"the entries about rows can't be read whole: {str(error).splitlines()[0]}")
            return False
        for number in self.history.unreadable:
            self.report.findings.append((MALFORMED, f"entry {number} says of rows what nobody can read"))
        return True

    def _judge_structure(self) -> None:
        triggers = self.connection.execute(structure.TRIGGERS).fetchall()
        for said in structure.deviations(triggers, self.connection.execute(structure.SCREENED).fetchall()):
            self._add(said)

    def _judge_adoption(self) -> None:
        if self.report.unadopted:
            self.report.findings.append((POLICY, _not_taken_up(self.report.unadopted)))

    def _judge_table(self, table: ProtectedTable, state: TableState) -> bool:
        """Note what the entries say of a table, and return whether its rows can be compared with them."""
        self.report.adopted_at[table.name] = state.adopted_at
        if state.signature != table.signature:
            self.report.unadopted.append(table.name)
            if state.signature:  # another release's digests
                return False
        else:
            self.report.tables += 1
        for said in state.breaks:
            self._add(f"{table.name} {said}")
        return True

    def _compare(self, table: ProtectedTable, keys: list[str] | None = None) -> None:
        state = self.history.states[table.name]
        if not self._judge_table(table, state):
            return
        sound = self.report.sound.setdefault(table.name, {})
        self._decide(table, state)
        try:
            found = list(all_rows(self.elsewhere.get(table.database, self.connection), table, keys))
        except psycopg.errors.InsufficientPrivilege as error:
            self._add(f"{table.name} can't be read whole: {str(error).splitlines()[0]}")
            state.rows.clear()
            return
        for key, digest in found:
            self.report.rows += bool(state.signature)
            right = state.right(key)
            known, opened = state.rows.pop(key, None), state.opened.get(key)
            if digest is None:
                self._add(f"{table.name} {key} holds what nobody can read")
            elif digest in right:
                if known is not None and opened is None:
                    sound[key] = known
            elif known is None:
                if state.signature:
                    self._add(f"{table.name} {key} was added outside the portal: no entry is about it")
            elif known.digest is None:
                self._add(f"{table.name} {key} is there again, though entry {known.entry} says that it was removed")
            else:
                self._add(f"{table.name} {key} was changed outside the portal: it is not what entry {known.entry} says")
        for key, known in state.rows.items():
            if None not in state.right(key):
                self._add(f"{table.name} {key} was removed outside the portal: its last entry is {known.entry}")

    def _decide(self, table: ProtectedTable, state: TableState) -> None:
        """Ask the database of each change that no entry closed what became of its transaction."""
        connection = self.elsewhere.get(table.database)
        for key, one in list(state.opened.items()):
            if connection is None or not one.nonce or one.by.generation != self.generation or key not in state.rows:
                continue
            outcome = connection.execute(_OUTCOME, {"number": one.transaction}).fetchone()
            if not outcome or outcome[0] not in (COMMITTED, ABORTED) or len(one.may_be) > 2:
                continue
            digest = one.by.digest if outcome[0] == COMMITTED else one.before
            state.rows[key] = one.by._replace(digest=digest)
            state.opened[key] = one._replace(nonce="", may_be=frozenset({digest}))
            decided = self.report.decided.setdefault((one.nonce, table.database), {})
            decided.setdefault(table.name, {})[key] = (digest,)

    def _add(self, message: str) -> None:
        self.report.findings.append((ALTERED, message))


def _not_taken_up(tables: list[str]) -> str:
    more = f" and {len(tables) - MAX_TABLES_NAMED} more" * (len(tables) > MAX_TABLES_NAMED)
    named = ", ".join(tables[:MAX_TABLES_NAMED])
    return f"not all compared until manage.py sync_schedules takes them up: rows of {named}{more}"


def snapshot(connection: psycopg.Connection[Any]) -> str:
    """Return the text of the transaction's snapshot."""
    row = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
    return str(row[0]) if row else ""


def begun(connection: psycopg.Connection[Any]) -> Snapshot:
    """Return what of the trail is visible now."""
    row = connection.execute(_BEGUN).fetchone()
    return Snapshot.parse(row[0], row[1]) if row else Snapshot(0, 0, 0, frozenset())


def statements(connection: psycopg.Connection[Any]) -> int:
    """Return how many entries are about rows; none where they can't be read, which the comparison then says."""
    try:
        row = connection.execute(_COUNT).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return 0
    return int(row[0]) if row else 0


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
