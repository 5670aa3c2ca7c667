"""Whether a moment that the database says fits those around it: an entry's its batch, a head's what was signed.

A row that somebody put in with an earlier time is sealed like any other, and its hash is right. The heads before and
after it tell: their moments are in the digest that the notary signs, and the notary compared them with its own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg

from privacy.ledger.verify import AHEAD, TRANSACTION, moment_text
from privacy.ledger.verify_exceptions import Excepted

_FORMAT: LiteralString = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''
# The head before the first index, and every head up to the one that sealed the last.
_HEADS: LiteralString = (
    f"SELECT size, to_char(sealed_at AT TIME ZONE 'UTC', {_FORMAT}) FROM ledger.tree"  # noqa: S608 - a constant
    " WHERE size >= coalesce((SELECT max(size) FROM ledger.tree WHERE size <= %(first)s), 0)"
    " AND size <= coalesce((SELECT min(size) FROM ledger.tree WHERE size >= %(last)s), %(last)s) ORDER BY size"
)
_LATEST: LiteralString = (
    f"SELECT to_char(max(sealed_at) AT TIME ZONE 'UTC', {_FORMAT}) FROM ledger.tree"  # noqa: S608 - a constant
    " WHERE size <= %s AND isfinite(sealed_at) AND NOT EXISTS"
    " (SELECT FROM unnest(%s::bigint[], %s::bigint[]) AS a(first, until) WHERE size > a.first AND size <= a.until)"
)


def parse_moment(said: str | None) -> float | None:
    """Return a moment of the trail in seconds since 1970; None if it is none (infinite, or of the year 10000)."""
    try:
        return datetime.fromisoformat(said or "").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def unfitting(sealed_at: str, seen: int) -> str:
    """Return what is wrong with the moment of a tree head that was not there at ``seen``; empty if nothing is."""
    sealed = parse_moment(sealed_at)
    if sealed is None:
        return "has no time"
    if sealed < seen - TRANSACTION:
        return f"says that it was sealed at {sealed_at}; at {moment_text(seen).decode()} it was not there"
    return ""


def window(latest: float | None, sealed: float) -> tuple[bytes, bytes]:
    """Return the earliest and latest time of an entry of the batch that was sealed then.

    ``latest`` is the latest moment of any head before it; without one there is no earliest. It never goes back: a head
    that says an earlier moment, or several in a row, make no more room than one transaction has, and where the
    database's clock was set back, that and the length of the transaction have the hour together.
    """
    earliest = b"" if latest is None else moment_text(latest - TRANSACTION)
    return earliest, moment_text(sealed + AHEAD)


def said_by(entry: bytes) -> bytes:
    """Return the time that an entry says, as it is hashed; empty if it says none."""
    parts = entry.split(b"\t", 4)
    return parts[3] if len(parts) == 5 else b""


def latest_before(connection: psycopg.Connection[Any], index: int, accepted: Sequence[Excepted] = ()) -> float | None:
    """Return the latest moment of the heads of at most so many entries; None where there is none.

    Of heads whose times were accepted though they can't be right nothing follows.
    """
    ranges = [one.first for one in accepted], [one.until for one in accepted]
    row = connection.execute(_LATEST, [index, *ranges]).fetchone()
    return parse_moment(row[0]) if row else None


class TimeWindows:
    """The earliest and latest time that the entries of a slice may have, by the batch that sealed them."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        first: int,
        last: int,
        latest: float | None,
        accepted: Sequence[Excepted] = (),
    ) -> None:
        self._later: list[tuple[int, bytes, bytes]] = []
        # The latest moment of a head of the slice or before it; the next slice goes on from there.
        self.latest = latest
        for size, said in connection.execute(_HEADS, {"first": first, "last": last}).fetchall():
            is_accepted = any(one.covers(size - 1, size - 1) for one in accepted)
            sealed = None if is_accepted else parse_moment(said)
            self._later.append((size, b"", b"~") if sealed is None else (size, *window(self.latest, sealed)))
            if sealed is not None and size <= last:
                self.latest = sealed if self.latest is None else max(self.latest, sealed)
        self._later.reverse()
        self._now = (0, b"", b"~")

    def misdated(self, place: int, entry: bytes) -> bool:
        """Whether the entry's time can't be that of its writing. Places are asked for in rising order."""
        while place >= self._now[0] and self._later:
            self._now = self._later.pop()
        said = said_by(entry)
        return not said or not self._now[1] <= said <= self._now[2]
