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
MEMORY = 3600.0

# Statements of the triggers name the people concerned; with more than so many, or a NULL among them, it is everybody.
TABLE = """
CREATE TABLE {table} (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    subjects uuid[]
);
CREATE INDEX {table}_xid ON {table} (xid);
COMMENT ON TABLE {table} IS 'Who was closed, for caches that must hear of it; without subjects: everybody.';

CREATE FUNCTION {table}_note() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whom uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO public.{table} DEFAULT VALUES;
        RETURN NULL;
    END IF;
    EXECUTE TG_ARGV[0] INTO whom;
    IF cardinality(whom) > 0 THEN
        INSERT INTO public.{table} (subjects) VALUES (
            CASE WHEN cardinality(whom) <= 1000 AND array_position(whom, NULL) IS NULL THEN whom END
        );
    END IF;
    RETURN NULL;
END $$;

-- A row of a number that no transaction here has reached came with a restored dump.
CREATE FUNCTION {table}_forget() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM public.{table}
    WHERE at < now() - interval '7 days' OR xid >= pg_snapshot_xmax(pg_current_snapshot());
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

REVOKE ALL ON FUNCTION {table}_note(), {table}_forget() FROM PUBLIC;
REVOKE INSERT, UPDATE, DELETE ON {table} FROM portal_app;
GRANT EXECUTE ON FUNCTION {table}_forget() TO portal_app;
"""
UNMAKE_TABLE = """
DROP FUNCTION {table}_forget();
DROP FUNCTION {table}_note();
DROP TABLE {table};
"""
TRIGGER = """
CREATE TRIGGER {name} AFTER {event} ON {on} {referencing} FOR EACH STATEMENT
    EXECUTE FUNCTION {table}_note({statement});
ALTER TABLE {on} ENABLE ALWAYS TRIGGER {name};
"""
UNMAKE_TRIGGER = """
DROP TRIGGER {name} ON {on};
"""
# Three columns. The first is another one after a restart, a change of servers, or a restore of the table.
NEWS = """
concat(pg_postmaster_start_time(), ' ', (SELECT oid FROM pg_database WHERE datname = current_database()), ' ',
    '{table}'::regclass::oid),
pg_current_snapshot()::text,
CASE WHEN (SELECT xid FROM {table} ORDER BY xid DESC LIMIT 1) >= pg_snapshot_xmin({since}::pg_snapshot) THEN (
    SELECT string_agg(coalesce(array_to_string(subjects, ','), '*'), ',') FROM {table}
    WHERE xid >= pg_snapshot_xmin({since}::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, {since}::pg_snapshot)
) END
"""
EVERYBODY = "*"


class Look(NamedTuple):
    """Where a call began: the snapshot it goes on from (``None``: nothing is known), and of which server."""

    since: bytes | None
    life: bytes
    revision: int


class Heard(NamedTuple):
    """What a call heard: who was closed, and the ticket with which it may add what it found open (or none)."""

    closed: frozenset[str]
    ticket: int | None

    def concerns(self, subjects: Collection[str]) -> bool:
        """Whether one of these may have been closed."""
        return bool(self.closed) and (EVERYBODY in self.closed or not self.closed.isdisjoint(subjects))


class Watch:
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

        Who attends adds to what it remembers under the same lock, and asks ``admits`` first.
        """
        self._attending.append(forget)

    def look(self) -> Look:
        """Begin a call: before what it remembers is read, and before the database is asked."""
        with self.lock:
            if self._since is not None and _moment() - self._asked > MEMORY:
                self.forget_everybody()
                self._since = None
            return Look(self._since, self._life, self._revision)

    def heed(self, look: Look, life: bytes | None, snapshot: bytes | None, closed: bytes | None) -> Heard:
        """Take in what the question after ``look`` was answered: the columns of ``NEWS``."""
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
            return Heard(frozenset() if look.since is None else names, self._revision if alone else None)

    def forget_everybody(self) -> None:
        """Forget everybody; what calls under way have found is not added any more."""
        with self.lock:
            self._revision += 1
            self._forget(None)

    def _forget(self, subjects: Collection[str] | None) -> None:
        for forget in self._attending:
            forget(subjects)

    def admits(self, ticket: int | None) -> bool:
        """Whether what a call found open may still be added; asked under ``lock``."""
        return ticket is not None and ticket == self._revision


class Open:
    """People found open, in groups by what was asked of them, until a closing names them; bounded by ``size``."""

    def __init__(self, size: int, watch: Watch) -> None:
        self.watch = watch
        self.size = size
        watch.attend(self._forget)
        self._groups: dict[Hashable, set[str]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def strangers(self, group: Hashable, subjects: set[str]) -> set[str]:
        """Return those of ``subjects`` who must be asked about."""
        return subjects - self._groups.get(group, frozenset())

    def add(self, ticket: int | None, groups: Mapping[Hashable, set[str]]) -> None:
        """Remember who was found open; where there is no room, all others are forgotten."""
        if not any(groups.values()):
            return
        with self.watch.lock:
            if not self.watch.admits(ticket):
                return
            if len(self) + sum(map(len, groups.values())) > self.size:
                self._groups = {}
            for group, subjects in groups.items():
                self._groups.setdefault(group, set()).update(subjects)

    def _forget(self, subjects: Collection[str] | None) -> None:
        if subjects is None:
            self._groups = {}
            return
        for known in self._groups.values():
            known.difference_update(subjects)


class Watches:
    """One watch for each table of each database this process talked to; tests and benchmarks talk to several."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str, str], Watch] = {}

    def of(self, alias: str, table: str) -> Watch:
        """Return the watch of a table in the database that ``alias`` is now."""
        name = (alias, str(connections[alias].settings_dict["NAME"]), table)
        return self._watches.get(name) or self._watches.setdefault(name, Watch())


watches = Watches()


def forget(alias: str, table: str) -> int:
    """Remove what nobody needs to hear any more, and what came with a restored dump; return how many rows went."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {table}_forget()")
        return int(cursor.fetchone()[0])


def news(table: str, since: str) -> str:
    """Return the columns of a question that tell ``Watch.heed`` what was closed since a snapshot (a parameter)."""
    return NEWS.format(table=table, since=since)


def trigger(table: str, *, on: str, name: str, event: str, statement: str = "", rows: str = "") -> tuple[str, str]:
    """Return the statements that make and remove a trigger writing closings, for migrations.

    ``statement`` selects one array of the people concerned from the rows that ``rows`` names (REFERENCING …).
    """
    values = {
        "table": table,
        "on": on,
        "name": name,
        "event": event,
        "referencing": f"REFERENCING {rows}" if rows else "",
        "statement": "'" + statement.replace("'", "''") + "'" if statement else "",
    }
    return TRIGGER.format(**values), UNMAKE_TRIGGER.format(**values)


def _moment() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
