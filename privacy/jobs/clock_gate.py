"""No job acts on a clock that others contradict (FLT-05, FLT-06): a worker whose clock is wrong takes none.

Asked by every take from the queue and every turn of its schedule: the clocks of the databases, and the time since this
machine started, which no setting of the clock changes.
"""

import time
from datetime import datetime, timedelta

from django.db import DatabaseError, connections

TOLERANCE = timedelta(minutes=5)
ASK_EVERY_SECONDS = 30.0


class WrongClock(Exception):
    """This machine's clock differs from a database's, or has jumped; the message says by how much."""


def _offset(at: datetime) -> timedelta:
    """What the clock shows beyond the time since the machine started: the same for as long as nobody sets it."""
    return timedelta(seconds=at.timestamp() - time.clock_gettime(time.CLOCK_BOOTTIME))


class ClockGate:
    """One process's view of the time, from its first question on."""

    def __init__(self) -> None:
        self._first: timedelta | None = None
        # Until when the databases' last agreement is taken for granted, in seconds since this machine started.
        self._agreed_until = 0.0

    def check(self, at: datetime) -> None:
        """Raise WrongClock where ``at``, read from this machine's clock just now, can't be right.

        A database that does not answer says nothing; the job will find that out for itself.
        """
        offset = _offset(at)
        self._first = offset if self._first is None else self._first
        if abs(offset - self._first) > TOLERANCE:
            raise WrongClock(f"this machine's clock was set by {offset - self._first} while the worker ran")
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        if uptime < self._agreed_until:
            return
        for alias, ahead in ahead_of_databases(at).items():
            if abs(ahead) > TOLERANCE:
                raise WrongClock(f"this machine's clock is {ahead} ahead of the database “{alias}”")
        self._agreed_until = uptime + ASK_EVERY_SECONDS


def ahead_of_databases(at: datetime) -> dict[str, timedelta]:
    """Return by how much the moment ``at`` is ahead of the clock of each database that answers."""
    found = {}
    for alias in connections:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                (there,) = cursor.fetchone() or (at,)
        except DatabaseError:
            continue
        found[alias] = at - there
    return found
