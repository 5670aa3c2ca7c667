"""A database's connection, spoken to in messages: several statements in one, an answer read when it is needed.

For intake and for the entries of the ledger, where the turns and the conversions of a cursor cost more than the
statements. It uses
psycopg's public layer over libpq; errors come as Django's, and a connection that broke is closed as ever. Behind a
pooler that hands out connections by transaction, PgBouncer 1.21 or newer keeps prepared statements apart.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, Escaping, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_COPYING = ExecStatus.COPY_IN
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.PIPELINE_ABORTED)


class PipelinedConnection:
    """One thread's connection to a database. What was told is answered in turn, once ``answers`` asks."""

    def __init__(self, database: str | BaseDatabaseWrapper) -> None:
        self.django: BaseDatabaseWrapper = connections[database] if isinstance(database, str) else database
        if self.django.connection is None:
            self.django.ensure_connection()
        raw: psycopg.Connection[Any] = self.django.connection
        self._raw = raw
        self._libpq: PGconn = raw.pgconn
        self.copying = False

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, whoever began it; on a connection that broke there is none."""
        return self._libpq.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    def tell(self, statements: str) -> None:
        """Send statements without parameters."""
        with self.django.wrap_database_errors:
            self._libpq.send_query(statements.encode())
            self._libpq.flush()

    def ask(self, statement: str, parameters: Sequence[bytes | None], *, generic_plan: bool = True) -> None:
        """Send a statement with parameters (``$1`` …) as PostgreSQL reads them; it is parsed once a connection.

        ``generic_plan`` says that no plan for particular values is worth looking for.
        """
        with self.django.wrap_database_errors:
            name = self._ready(statement, generic_plan=generic_plan)
            self._libpq.send_query_prepared(name, parameters, result_format=1)
            self._libpq.flush()

    def written(self, statement: str, parameters: Sequence[bytes]) -> int:
        """Carry a statement out, wait for it, and return how many rows it wrote. Raises Django's database errors.

        libpq waits, out of the way of this process's other threads: a turn of theirs less than ``ask`` and an answer.
        """
        with self.django.wrap_database_errors:
            return self._carry_out(statement, parameters).command_tuples or 0

    def returned(self, statement: str, parameters: Sequence[bytes]) -> list[bytes | None]:
        """Carry a statement out, wait for it like ``written``, and return what it says of each row, as text."""
        with self.django.wrap_database_errors:
            result = self._carry_out(statement, parameters)
            return [result.get_value(row, 0) for row in range(result.ntuples)]

    def _carry_out(self, statement: str, parameters: Sequence[bytes]) -> PGresult:
        if self._libpq.transaction_status == TransactionStatus.ACTIVE:
            # libpq would throw away what is on its way.
            raise psycopg.OperationalError("an answer was not read yet")
        result = self._libpq.exec_prepared(self._ready(statement, generic_plan=False), parameters)
        if result.status in _FAILED:
            raise self._error(result)
        return result

    def prepared_execute_sql(self, statement: str, values: Sequence[object]) -> str:
        """Return what carries a statement with parameters out inside a message of others, without planning it anew."""
        with self.django.wrap_database_errors:
            name = self._prepared(statement, generic_plan=True)
        literals = ("NULL" if value is None else self.literal(value) for value in values)
        return f"EXECUTE {name.decode()} ({', '.join(literals)})"

    def answers(self) -> list[PGresult]:
        """Return the answers to what was told, up to the end or to the next COPY. Raises Django's database errors."""
        with self.django.wrap_database_errors:
            return self._answers()

    def put(self, rows: bytes) -> None:
        """Send the rows of the COPY that was begun."""
        with self.django.wrap_database_errors:
            # Zero says that libpq found no room for them: then they must not pass for sent.
            if self._libpq.put_copy_data(rows) != 1:
                raise psycopg.OperationalError("the rows could not be sent")

    def end(self) -> None:
        """End the COPY that was begun; what stands behind it in its message goes on."""
        with self.django.wrap_database_errors:
            if self._libpq.put_copy_end() != 1:
                raise psycopg.OperationalError("the rows could not be sent")
            self.copying = False

    def abort_copy(self) -> None:
        """End a COPY that was begun without its rows, read what is left, and leave errors where they are."""
        try:
            while self.copying:
                self._libpq.put_copy_end(b"abandoned")
                self.copying = False
                self._answers()
        except psycopg.Error:
            # It was to end with an error.
            pass

    def literal(self, value: object) -> str:
        """Return a value as it stands inside a statement: beside a COPY there are no parameters."""
        text = bytea_literal(value) if isinstance(value, bytes) else str(value).encode()
        return Escaping(self._libpq).escape_literal(text).decode()

    def _ready(self, statement: str, *, generic_plan: bool) -> bytes:
        """Return the name of a statement, prepared, in a transaction where Django is in one."""
        if not self._raw.autocommit and not self.in_transaction:
            # What a cursor does with the first statement of an atomic block.
            self._libpq.send_query(b"BEGIN")
            self._answers()
        return self._prepared(statement, generic_plan=generic_plan)

    def _prepared(self, statement: str, *, generic_plan: bool) -> bytes:
        names: dict[str, bytes] | None = getattr(self._raw, "_portal_prepared", None)
        if names is None:
            names = self._raw._portal_prepared = {}  # type: ignore[attr-defined]  # it lives as long as they do
        if generic_plan and not getattr(self._raw, "_portal_planned_once", False):
            # With a plan for each array of ids, planning cost as much again.
            self._libpq.send_query(b"SET plan_cache_mode = force_generic_plan")
            self._answers()
            self._raw._portal_planned_once = True  # type: ignore[attr-defined]
        name = names.get(statement)
        if name is None:
            name = b"portal_%d" % len(names)
            self._libpq.send_prepare(name, statement.encode())
            self._answers()
            names[statement] = name
        return name

    def _answers(self) -> list[PGresult]:
        libpq, found, error = self._libpq, [], None
        while True:
            self._wait()
            result = libpq.get_result()
            if result is None:
                break
            if result.status == _COPYING:
                self.copying = True
                break
            if result.status in _FAILED:
                error = error or self._error(result)
            found.append(result)
        if error is not None:
            raise error
        return found

    def _error(self, result: PGresult) -> psycopg.Error:
        if self._libpq.status == ConnStatus.BAD:
            return psycopg.OperationalError("the connection was lost")
        return error_from_result(result)

    def _wait(self) -> None:
        """Wait for the next answer. libpq would wait by itself, but hold up this process's other threads."""
        libpq = self._libpq
        unsent = libpq.flush()
        if not unsent and not libpq.is_busy():
            return
        waiting = poll()
        waiting.register(libpq.socket, POLLIN | POLLOUT if unsent else POLLIN)
        while unsent or libpq.is_busy():
            waiting.poll()
            libpq.consume_input()
            if unsent:
                unsent = libpq.flush()
                if not unsent:
                    waiting.modify(libpq.socket, POLLIN)


class PendingResult:
    """An answer on its way. Whoever asked reads it, also where something else failed meanwhile."""

    def __init__(self, wire: PipelinedConnection) -> None:
        self._wire = wire

    def rows(self) -> list[tuple[bytes | None, ...]]:
        """Return the rows in PostgreSQL's binary format. Raises Django's database errors."""
        result = self._wire.answers()[-1]
        columns = range(result.nfields)
        return [tuple([result.get_value(row, column) for column in columns]) for row in range(result.ntuples)]

    def count(self) -> int:
        """Return how many rows the statement wrote. Raises Django's database errors."""
        return self._wire.answers()[-1].command_tuples or 0


def send_query(
    database: str | BaseDatabaseWrapper,
    statement: str,
    parameters: Sequence[bytes | None],
    *,
    generic_plan: bool = True,
) -> PendingResult:
    """Send a statement to a database and go on; the answer is read by ``rows`` or ``count``."""
    wire = PipelinedConnection(database)
    wire.ask(statement, parameters, generic_plan=generic_plan)
    return PendingResult(wire)


def fetch(alias: str, statement: str, parameters: Sequence[bytes | None]) -> list[tuple[bytes | None, ...]]:
    """Return the rows of a statement in PostgreSQL's binary format. Raises Django's database errors."""
    return send_query(alias, statement, parameters).rows()


def array_literal(values: Iterable[str]) -> bytes:
    """Return values as PostgreSQL reads an array; none of them needs quoting."""
    return f"{{{','.join(values)}}}".encode()


def bytea_literal(value: bytes) -> bytes:
    """Return bytes as PostgreSQL reads them."""
    return b"\\x" + value.hex().encode()


def decode_date(value: bytes) -> date:
    """Return a date that came in PostgreSQL's binary format."""
    return date(2000, 1, 1) + timedelta(days=int.from_bytes(value, signed=True))
