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

    def __init__(self, message: str, *, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


def _offset(at: datetime) -> timedelta:
    """What the clock shows beyond the time since the machine started: the same for as long as nobody sets it."""
    return timedelta(seconds=at.timestamp() - time.clock_gettime(time.CLOCK_BOOTTIME))


class ClockGate:
    """One process's view of the time, from its first question on."""

    def __init__(self) -> None:
        # The offset that the databases agreed with first: a wrong clock is no reference for a right one.
        self._agreed: timedelta | None = None
        # Until when the databases' last agreement is taken for granted, in seconds since this machine started.
        self._agreed_until = 0.0

    def check(self, at: datetime, *, afresh: bool = False) -> None:
        """Raise WrongClock where ``at``, read from this machine's clock just now, can't be right.

        ``afresh`` asks the databases even if they agreed a moment ago. A database that does not answer says nothing;
        the job will find that out for itself.
        """
        offset, uptime = _offset(at), time.clock_gettime(time.CLOCK_BOOTTIME)
        set_by = timedelta() if self._agreed is None else offset - self._agreed
        was_set = abs(set_by) > TOLERANCE
        if uptime < self._agreed_until and not was_set and not afresh:
            return
        answers = ahead_of_databases(at)
        for alias, ahead in answers.items():
            if abs(ahead) > TOLERANCE:
                message = f"this machine's clock is {ahead} ahead of the database “{alias}”"
                raise WrongClock(message, reason="differs from a database's")
        if was_set:
            message = f"this machine's clock was set by {set_by} while the portal ran"
            raise WrongClock(message, reason="was set while the portal ran")
        if answers:
            self._agreed = offset if self._agreed is None else self._agreed
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
