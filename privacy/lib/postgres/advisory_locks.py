"""Advisory locks of PostgreSQL that a connection holds: they end with it, so a process that dies leaves none behind."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, OperationalError, connection
from psycopg.errors import LockNotAvailable


@contextmanager
def try_lock(space: int, key: int) -> Iterator[bool]:
    """Yield at once whether this process alone has the lock. ``space`` is the app's, ``key`` what is locked in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, key])
        row = cursor.fetchone()
    taken = bool(row and row[0])
    try:
        yield taken
    finally:
        if taken:
            release_lock(space, key)


class LockBusy(OperationalError):
    """Others held the lock for longer than ``lock_timeout``; the transaction can do nothing more.

    As with every database that does not answer, the page is 503 and says where to call; a machine tries again.
    """


def lock_in_transaction(name: str) -> None:
    """Wait until every other transaction that locked this name has ended; the lock ends with this transaction.

    Raises LockBusy where that takes too long.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise LockBusy from error
        raise


def release_lock(space: int, key: int, *, shared: bool = False) -> None:
    """Give a lock back that was taken for longer than a transaction."""
    unlock = "SELECT pg_advisory_unlock_shared(%s, %s)" if shared else "SELECT pg_advisory_unlock(%s, %s)"
    try:
        with connection.cursor() as cursor:
            cursor.execute(unlock, [space, key])
    except DatabaseError:
        # A broken transaction or connection can't run the unlock; the lock ends with the connection.
        connection.close()
