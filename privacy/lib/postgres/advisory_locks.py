"""Advisory locks of PostgreSQL that a connection holds: they end with it, so a process that dies leaves none behind."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, OperationalError, connection
from psycopg.errors import LockNotAvailable

# How often a lock that another holds is asked for again, in seconds.
ASK_EVERY = 0.1


@contextmanager
def try_lock(space: int, key: int, *, patience: float = 0.0) -> Iterator[bool]:
    """Yield whether this process alone has the lock: at once, or after at most ``patience`` seconds.

    ``space`` is the app's, ``key`` what is locked in it.
    """
    until = time.monotonic() + patience
    while not (taken := _take(space, key)) and time.monotonic() < until:
        time.sleep(ASK_EVERY)
    try:
        yield taken
    finally:
        if taken:
            release_lock(space, key)


def _take(space: int, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, key])
        row = cursor.fetchone()
    return bool(row and row[0])


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
