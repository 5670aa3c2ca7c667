"""Statements that PostgreSQL plans once for each connection, for the few that run thousands of times a minute.

Django binds parameters on the client and has every statement planned anew; on the path of intake that cost more than
running it. Parameters are bound on the server here, so ``%s`` may need a cast: ``%s::uuid[]``. Where a pooler hands out
server connections by transaction, PgBouncer 1.21 or newer keeps prepared statements apart.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections


def fetch(alias: str, statement: str, parameters: Sequence[Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """Run a prepared query on a database and return its rows; ``binary`` spares bytes the way through hexadecimal.

    Django's database errors are raised.
    """
    with _cursor(alias, statement, parameters, binary=binary) as cursor:
        return cursor.fetchall()


def run(alias: str, statement: str, parameters: Sequence[Any]) -> int:
    """Run a prepared statement on a database and return how many rows it touched."""
    with _cursor(alias, statement, parameters) as cursor:
        return cursor.rowcount


def _cursor(
    alias: str, statement: str, parameters: Sequence[Any], *, binary: bool = False
) -> "psycopg.Cursor[tuple[Any, ...]]":
    connection = connections[alias]
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    # Only cursors that bind on the server are prepared: Django's own are not concerned.
    raw.prepare_threshold = 0
    cursor = psycopg.Cursor(raw)
    with connection.wrap_database_errors:
        cursor.execute(statement, parameters, binary=binary)
    return cursor
