"""Who waits for whom: one runner destroys at a time, and a hold that was set first always wins (FLT-19)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

# Two-part keys of PostgreSQL's advisory locks; the first part is this app's.
SPACE = 0x52455445
RUNNER = 1
HOLDS = 2
REGISTER = 3


@contextmanager
def one_runner() -> Iterator[bool]:
    """Yield whether this process is the one that destroys; the lock ends with the connection, also after kill -9."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SPACE, RUNNER])
        row = cursor.fetchone()
    alone = bool(row and row[0])
    try:
        yield alone
    finally:
        if alone:
            _unlock()


def _unlock() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, RUNNER])
    except DatabaseError:
        # A broken transaction or connection can't run the unlock; the lock ends with the connection.
        connection.close()


def destroying() -> None:
    """Until the caller's transaction ends, no hold is placed: what was asked before is the truth until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [SPACE, HOLDS])


def placing_a_hold() -> None:
    """Wait until no destruction is between its question and its commit, and keep new ones out until this commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SPACE, HOLDS])
