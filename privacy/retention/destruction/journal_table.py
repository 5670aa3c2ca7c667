"""The journal of destructions as a table that all hosts reach, on a server that no restore of the databases touches.

One table, to which rows are only added; a line says what a file would, without its number. Each question has a
connection of its own: they are few, and a server that fails over meanwhile is found again by the next one.
"""

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from privacy.lib.crypto import canonical_json
from privacy.retention.refusals import JournalUnavailable

MAKE = """
CREATE TABLE IF NOT EXISTS destruction_journal (
    number bigint PRIMARY KEY CHECK (number > 0),
    line text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
# Two that add a line at once get the same number, and one of them asks again.
APPEND = """
INSERT INTO destruction_journal (number, line)
SELECT coalesce(max(number), 0) + 1, %s FROM destruction_journal RETURNING number
"""
# A server that waits for its standby waits without an end, and no time-out of its own ends that.
LONGEST_COMMIT = 10.0
OPTIONS = "-c statement_timeout=10s -c lock_timeout=5s -c synchronous_commit=on"


@contextmanager
def _connection() -> Iterator[psycopg.Connection[Any]]:
    """Connect, and say so where the journal does not answer."""
    try:
        with psycopg.connect(
            settings.JOURNAL_DATABASE_URL, autocommit=True, connect_timeout=3, options=OPTIONS
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise JournalUnavailable from error


def make(*, readers: Collection[str], writers: Collection[str]) -> None:
    """Make the table where it is missing, as its owner, and say which roles read it and which add to it."""
    with _connection() as connection, connection.transaction():
        connection.execute(MAKE)
        for rights, roles in (("SELECT", readers), ("SELECT, INSERT", writers)):
            given = sql.SQL("GRANT {} ON destruction_journal TO {}").format(
                sql.SQL(rights), sql.SQL(", ").join(map(sql.Identifier, roles))
            )
            connection.execute(given)


def append(said: Mapping[str, object]) -> int:
    """Write one line and return its number once the server, and a standby that it waits for, has it on its disk.

    Raises JournalUnavailable, also where no standby had it in time: the line may be there then, as after a lost answer.
    """
    text = canonical_json.dumps(said)
    with _connection() as connection:
        warnings: list[psycopg.errors.Diagnostic] = []
        connection.add_notice_handler(warnings.append)
        ended = threading.Timer(LONGEST_COMMIT, connection.cancel_safe)
        ended.start()
        try:
            row = _added(connection, text)
        finally:
            ended.cancel()
        if warnings:  # that the wait for the standby was given up is only a warning
            raise JournalUnavailable
        return row


def _added(connection: psycopg.Connection[Any], text: str) -> int:
    while True:
        try:
            row = connection.execute(APPEND, [text]).fetchone()
        except psycopg.errors.UniqueViolation:
            continue
        assert row is not None
        return int(row[0])


def fill(said: Iterable[Mapping[str, Any]]) -> int:
    """Add lines with the numbers that they have, all or none; return how many. Raises JournalUnavailable."""
    rows = [(one["number"], canonical_json.dumps({k: v for k, v in one.items() if k != "number"})) for one in said]
    with _connection() as connection, connection.transaction():
        connection.cursor().executemany("INSERT INTO destruction_journal (number, line) VALUES (%s, %s)", rows)
    return len(rows)


def lines(after: int) -> Iterator[dict[str, Any]]:
    """Yield what the lines say with a number above ``after``, oldest first. Raises JournalUnavailable."""
    with _connection() as connection, connection.transaction(), connection.cursor("lines") as cursor:
        cursor.execute("SELECT number, line FROM destruction_journal WHERE number > %s ORDER BY number", [after])
        for number, line in cursor:
            yield {**json.loads(line), "number": number}


def last_number() -> int:
    """Return the number of the last line; 0 for an empty journal. Raises JournalUnavailable."""
    with _connection() as connection:
        row = connection.execute("SELECT coalesce(max(number), 0) FROM destruction_journal").fetchone()
        assert row is not None
        return int(row[0])
