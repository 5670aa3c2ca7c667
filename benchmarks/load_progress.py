"""How far a load is, so that one that was stopped goes on where it was: kept beside its rows, in their transactions.

Each database has a table of the steps whose rows it holds; a step commits with them. What is not a row (the moment of
the load, what the indexes looked like) is in a file of the portal's folder. The load itself is not durable: after the
machine went down it begins anew.
"""

import ctypes
import json
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from deferred_constraints import TABLES, DroppedIndexes, Statement, drop_indexes, enable_triggers, superuser_connection

STATE = "loading.json"
STEPS = "bench_step"
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Progress:
    """What is known of a load in a portal's folder."""

    def __init__(self, home: Path) -> None:
        self.path = home / STATE
        self.known: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}
        self._sat_down = time.monotonic()
        self._before = float(self.known.get("seconds", 0))

    @property
    def can_go_on(self) -> bool:
        """Whether what is there can be built upon: nothing was written to the disk with care."""
        return self.known.get("boot") == BOOT.read_text()

    def sit_down(self) -> None:
        """Note that what is made in the folder from now on is this load's."""
        self._keep(boot=BOOT.read_text())

    def begin(self, at: datetime, offset: int) -> None:
        """Note what every sitting must agree in, once; make the tables of steps."""
        if "at" not in self.known:
            self._keep(at=at.isoformat(), offset=offset)
        for database in TABLES:
            with superuser_connection(database) as server:
                server.execute(f"CREATE TABLE IF NOT EXISTS {STEPS} (step text PRIMARY KEY, said jsonb)")
                server.execute(f"GRANT SELECT, INSERT ON {STEPS} TO PUBLIC")
                server.execute(f"ALTER TABLE {STEPS} OWNER TO postgres")
                _wait_for_others(server)
        # Until its rows are loaded, what this sitting records itself is stamped as ever.
        enable_triggers()

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.known["at"])

    @property
    def offset(self) -> int:
        """Where the numbers of this fleet begin."""
        return int(self.known["offset"])

    @property
    def seconds(self) -> float:
        """How long all sittings took together."""
        return self._before + time.monotonic() - self._sat_down

    def save_time(self) -> None:
        """Keep how long it took until now."""
        self._keep(seconds=round(self.seconds, 1))

    def dropped_indexes(self, *, rows_left: bool) -> DroppedIndexes:
        """Drop the indexes while rows are left to load; return what is to be made again."""
        if "indexes" not in self.known:
            drop_indexes(keep=lambda rest: self._keep(indexes=rest))
        first, then, before = self.known["indexes"]
        known = DroppedIndexes([Statement(*one) for one in first], [Statement(*one) for one in then], before)
        return drop_indexes(known=known) if rows_left else known

    def end(self) -> None:
        """Take away what only the load needed."""
        for database in TABLES:
            with superuser_connection(database) as server:
                server.execute(f"DROP TABLE IF EXISTS {STEPS}")
        self.path.unlink()

    def _keep(self, **known: Any) -> None:
        self.known |= known
        made = self.path.with_suffix(".part")
        made.write_text(json.dumps(self.known))
        made.replace(self.path)


def steps_done() -> dict[str, Any]:
    """Return every step that is done in either database, and what it said; no two have the same name."""
    found = {}
    for database in TABLES:
        with superuser_connection(database) as server:
            found.update(server.execute(f"SELECT step, said FROM {STEPS}").fetchall())
    return found


def has_done(server: psycopg.Connection[Any], step: str) -> bool:
    """Whether a step's rows are there. Asked past Django, which would put the loaded rows on record."""
    return server.execute(f"SELECT FROM {STEPS} WHERE step = %s", [step]).fetchone() is not None


def note_done(server: psycopg.Connection[Any], step: str, said: object = None) -> None:
    """Note a step as done, in the transaction of its rows."""
    server.execute(f"INSERT INTO {STEPS} VALUES (%s, %s::jsonb)", [step, json.dumps(said)])


def die_with_parent() -> None:
    """Have a process of the pool die with the load: nobody is to write beside the one that goes on."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() == 1:
        sys.exit("the load is gone")


def stop_on_sigterm() -> None:
    """End at SIGTERM with everything closed; the next run goes on."""

    def stop(*_args: object) -> None:
        raise SystemExit("stopped; the same command goes on where it was")

    signal.signal(signal.SIGTERM, stop)


def _wait_for_others(server: psycopg.Connection[Any]) -> None:
    """Wait until the server has noticed that an earlier sitting's processes are gone."""
    others = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        " AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    while server.execute(others).fetchone():
        time.sleep(0.05)
