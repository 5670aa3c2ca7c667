"""Keeping in memory what stands open, and hearing in the same question what was closed since.

Whoever asks a database for every call whether something may go on can remember the answer "yes", as long as each later
call hears first what was closed meanwhile. A table of closings tells it: triggers write a row, in the transaction that
closes, whoever makes it and from whichever host. A call names the snapshot of its last look and gets the closings
that became visible since, as a batch of the ledger is taken between two snapshots (ledger.md): a running number would
miss what commits late. So nothing that was closed is let through from its commit on, and no lock is held for it.
"""

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import NamedTuple

from django.db import connections

# A table keeps closings for a week, longer than any transaction is open; who has not asked for an hour begins anew
# (seconds).
MAX_IDLE_SECONDS = 3600.0

# Three columns. The first is another one after a restart, a change of servers, or a restore of the table.
INVALIDATED_SINCE = """
concat(pg_postmaster_start_time(), ' ', (SELECT oid FROM pg_database WHERE datname = current_database()), ' ',
    '{table}'::regclass::oid),
pg_current_snapshot()::text,
CASE WHEN (SELECT xid FROM {table} ORDER BY xid DESC LIMIT 1) >= pg_snapshot_xmin({since}::pg_snapshot) THEN (
    SELECT string_agg(coalesce(array_to_string(subjects, ','), '*'), ',') FROM {table}
    WHERE xid >= pg_snapshot_xmin({since}::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, {since}::pg_snapshot)
) END
"""
EVERYBODY = "*"


class Snapshot(NamedTuple):
    """Where a call began: the snapshot it goes on from (``None``: nothing is known), and of which server."""

    since: bytes | None
    life: bytes
    revision: int


class Invalidations(NamedTuple):
    """What a call heard: who was closed, and the ticket with which it may add what it found open (or none)."""

    closed: frozenset[str]
    ticket: int | None

    def affects(self, subjects: Collection[str]) -> bool:
        """Whether one of these may have been closed."""
        return bool(self.closed) and (EVERYBODY in self.closed or not self.closed.isdisjoint(subjects))


class InvalidationFeed:
    """One process's place in a table of closings, shared by its threads and by all that remember by it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._attending: list[Callable[[Collection[str] | None], None]] = []
        self._since: bytes | None = None
        self._life = b""
        self._asked = 0.0
        self._revision = 0

    def attend(self, forget: Callable[[Collection[str] | None], None]) -> None:
        """Have ``forget`` called when people are closed (their ids as text), or everybody (``None``): under ``lock``.

        Who attends adds to what it remembers under the same lock, and asks ``is_current`` first.
        """
        self._attending.append(forget)

    def look(self) -> Snapshot:
        """Begin a call: before what it remembers is read, and before the database is asked."""
        with self.lock:
            if self._since is not None and _moment() - self._asked > MAX_IDLE_SECONDS:
                self.forget_everybody()
                self._since = None
            return Snapshot(self._since, self._life, self._revision)

    def apply(self, look: Snapshot, life: bytes | None, snapshot: bytes | None, closed: bytes | None) -> Invalidations:
        """Take in what the question after ``look`` was answered: the columns of ``INVALIDATED_SINCE``."""
        if look.since is None or life != look.life:
            names = frozenset([EVERYBODY])
        else:
            names = frozenset(closed.decode().split(",")) if closed else frozenset()
        with self.lock:
            # If another thread heard of closings after this one's snapshot, what is found here may be older than those.
            alone = self._revision == look.revision
            if names:
                self._revision += 1
                self._forget(None if EVERYBODY in names else names)
            if self._since is look.since:
                self._since, self._life, self._asked = snapshot, life or b"", _moment()
            # Where nothing was known, nothing was let through that could have been closed since.
            return Invalidations(frozenset() if look.since is None else names, self._revision if alone else None)

    def forget_everybody(self) -> None:
        """Forget everybody; what calls under way have found is not added any more."""
        with self.lock:
            self._revision += 1
            self._forget(None)

    def _forget(self, subjects: Collection[str] | None) -> None:
        for forget in self._attending:
            forget(subjects)

    def is_current(self, ticket: int | None) -> bool:
        """Whether what a call found open may still be added; asked under ``lock``."""
        return ticket is not None and ticket == self._revision


class SubjectCache:
    """People found open, in groups by what was asked, until a closing names them; at most ``size`` (0: none)."""

    def __init__(self, size: int, watch: InvalidationFeed) -> None:
        self.watch = watch
        self.size = size
        watch.attend(self._forget)
        self._groups: dict[Hashable, set[str]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def misses(self, group: Hashable, subjects: set[str]) -> set[str]:
        """Return those of ``subjects`` who must be asked about."""
        return subjects - self._groups.get(group, frozenset())

    def add(self, ticket: int | None, groups: Mapping[Hashable, set[str]]) -> None:
        """Remember who was found open; where there is no room, all others are forgotten, or nobody is remembered."""
        if not any(groups.values()):
            return
        with self.watch.lock:
            if not self.watch.is_current(ticket):
                return
            arriving = sum(map(len, groups.values()))
            if len(self) + arriving > self.size:
                self._groups = {}
            if arriving > self.size:
                return
            for group, subjects in groups.items():
                self._groups.setdefault(group, set()).update(subjects)

    def _forget(self, subjects: Collection[str] | None) -> None:
        if subjects is None:
            self._groups = {}
            return
        for known in self._groups.values():
            known.difference_update(subjects)


class InvalidationFeeds:
    """One watch for each table of each database this process talked to; tests and benchmarks talk to several."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str, str], InvalidationFeed] = {}

    def of(self, alias: str, table: str) -> InvalidationFeed:
        """Return the watch of a table in the database that ``alias`` is now."""
        name = (alias, str(connections[alias].settings_dict["NAME"]), table)
        return self._watches.get(name) or self._watches.setdefault(name, InvalidationFeed())


feeds = InvalidationFeeds()


def prune(alias: str, table: str) -> int:
    """Remove what nobody needs to hear any more, and what came with a restored dump; return how many rows went."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {table}_prune()")
        return int(cursor.fetchone()[0])


def invalidated_since(table: str, since: str) -> str:
    """Return the columns of a question that tell ``apply`` what was closed since a snapshot (a parameter)."""
    return INVALIDATED_SINCE.format(table=table, since=since)


def _moment() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
