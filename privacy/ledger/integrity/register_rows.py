"""The rows of registers as they stand, with their digests recomputed by PostgreSQL's own functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from privacy.ledger.merkle import log_reader
from privacy.ledger.protected_tables import ProtectedTable

# What a digest is made of depends on these (sql/06_protected_rows.sql).
SETTINGS: LiteralString = (
    "SELECT set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),"
    " set_config('intervalstyle', 'postgres', true), set_config('extra_float_digits', '1', true)"
)


@contextmanager
def read_only(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Have entries and rows be of one moment, and digests come out as they were stated."""
    with log_reader.read_only_snapshot(connection):
        connection.execute(SETTINGS)
        yield


def rows_of(
    connection: psycopg.Connection[Any], table: ProtectedTable, keys: list[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield each row's key and digest, or those of some keys, recomputed with PostgreSQL's own functions."""
    wanted: sql.Composable = sql.SQL("true")
    if keys is not None:
        # By the index of the key, whatever its type.
        wanted = sql.SQL("{} = ANY({}::{}[])").format(
            sql.Identifier(table.key), sql.Literal(keys), sql.SQL(table.key_type)  # Django's
        )  # fmt: skip
    query = sql.SQL(
        "SELECT r.said ->> {}, encode(sha256(convert_to(r.said::text, 'UTF8')), 'base64')"
        " FROM (SELECT to_jsonb(c) AS said FROM (SELECT {} FROM public.{} WHERE {}) AS c) AS r"
    ).format(
        sql.Literal(table.key),
        table.select_list,
        sql.Identifier(table.name),
        wanted,
    )
    with connection.cursor(name="rows") as cursor:
        cursor.itersize = 5_000
        cursor.execute(query)
        yield from cursor


def all_rows(
    connection: psycopg.Connection[Any], table: ProtectedTable, keys: list[str] | None = None
) -> Iterator[tuple[str, str | None]]:
    """Yield each row's key and digest; None for the digest of one that PostgreSQL itself can't read.

    A table that this role can't read whole raises psycopg's error of privileges.
    """
    try:
        with connection.transaction():
            found = list(rows_of(connection, table, keys))
    except psycopg.errors.InsufficientPrivilege:
        raise
    except psycopg.Error:
        if keys is None:
            keys = [str(row[0]) for row in connection.execute(_keys_of(table)).fetchall()]
        if len(keys) == 1:
            yield keys[0], None
            return
        half = len(keys) // 2
        yield from all_rows(connection, table, keys[:half])
        yield from all_rows(connection, table, keys[half:])
    else:
        yield from found


def _keys_of(table: ProtectedTable) -> sql.Composed:
    return sql.SQL("SELECT {}::text FROM public.{}").format(sql.Identifier(table.key), sql.Identifier(table.name))
