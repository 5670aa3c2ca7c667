"""Who waits for whom: one runner destroys at a time, and a hold that was set first always wins (FLT-19)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection

from privacy.lib.postgres import advisory_locks

# Two-part keys of PostgreSQL's advisory locks; the first part is this app's.
LOCK_SPACE = 0x52455445
RUNNER = 1
HOLDS = 2
REGISTER = 3
PLANNER = 4
CLOCK = 5


def single_runner(*, patience: float = 0.0) -> AbstractContextManager[bool]:
    """Yield whether this process is the one that destroys; the lock ends with the connection, also after kill -9.

    It waits at most ``patience`` seconds for another to end.
    """
    return advisory_locks.try_lock(LOCK_SPACE, RUNNER, patience=patience)


def single_planner() -> AbstractContextManager[bool]:
    """Yield whether this process is the one that plans: an interrupted plan is abandoned, one that goes on is not."""
    return advisory_locks.try_lock(LOCK_SPACE, PLANNER)


def wait_for_clock_readings() -> None:
    """Until the caller's transaction ends, nobody else compares the clock or confirms it: one jump is one anomaly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, CLOCK])


def block_new_holds_until_commit() -> None:
    """Until the caller's transaction ends, no hold is placed: what was asked before is the truth until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_SPACE, HOLDS])


@contextmanager
def block_new_holds() -> Iterator[None]:
    """Inside, no hold is placed, over as many transactions and databases as it takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, HOLDS])
    try:
        yield
    finally:
        advisory_locks.release_lock(LOCK_SPACE, HOLDS, shared=True)


def wait_for_destructions() -> None:
    """Wait until no destruction is between its question and its commit, and keep new ones out until this commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, HOLDS])
