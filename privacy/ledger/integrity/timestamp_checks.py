"""Whether an entry's time fits the moment at which it was sealed.

A row that somebody put in with an earlier time is sealed like any other, and its hash is right. The heads before and
after it tell: their moments are in the digest that the notary signs.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

# No transaction of the portal lasts longer, and no server's clock is set further than this while it runs.
MAX_TRANSACTION_DURATION: LiteralString = "1 hour"
CLOCK_TOLERANCE: LiteralString = "5 minutes"
_FORMAT: LiteralString = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''
# The head before the first index, and every head up to the one that sealed the last.
_WINDOWS: LiteralString = (
    "SELECT size,"  # noqa: S608 - constants
    f" to_char((lag(sealed_at) OVER (ORDER BY size) - interval '{MAX_TRANSACTION_DURATION}')"
    f" AT TIME ZONE 'UTC', {_FORMAT}),"
    f" to_char((sealed_at + interval '{CLOCK_TOLERANCE}') AT TIME ZONE 'UTC', {_FORMAT}) FROM ledger.tree"
    " WHERE size >= coalesce((SELECT max(size) FROM ledger.tree WHERE size <= %(first)s), 0)"
    " AND size <= coalesce((SELECT min(size) FROM ledger.tree WHERE size >= %(last)s), %(last)s) ORDER BY size"
)


class TimeWindows:
    """The earliest and latest time that the entries of a slice may have, by the batch that sealed them."""

    def __init__(self, connection: psycopg.Connection[Any], first: int, last: int) -> None:
        rows = connection.execute(_WINDOWS, {"first": first, "last": last}).fetchall()
        self._later = [(size, (low or "").encode(), (high or "~").encode()) for size, low, high in reversed(rows)]
        self._now = (0, b"", b"~")

    def misdated(self, place: int, entry: bytes) -> bool:
        """Whether the entry's time can't be that of its writing. Places are asked for in rising order."""
        while place >= self._now[0] and self._later:
            self._now = self._later.pop()
        said = entry.split(b"\t", 4)
        return len(said) < 5 or not self._now[1] <= said[3] <= self._now[2]
