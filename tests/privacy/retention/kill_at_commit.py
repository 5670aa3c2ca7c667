"""Killing a process at a commit: a forked child works on databases of its own until the n-th commit, then dies.

The hook stands on Django's own commit, so every commit of every database is a place to die, whoever wrote the code.
With ``every_write`` so is what commits by itself: a statement outside every transaction, an entry on the connection
apart, the end of a batch.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from devices.actions.binary_copy import BatchTransaction
from privacy.ledger.actions.entries import PendingEntry
from privacy.ledger.entries import autocommit
from privacy.lib.postgres.pipelined_connection import PipelinedConnection
from privacy.vault import keys
from tests.database import PortalDatabase, server_connection
from tests.seeds import drawn

KILLED = -1
SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()


def share_of[Place](places: list[Place]) -> list[Place]:
    """Draw the share of the places that a long run tries, one at least: ``SCALE``; ``SEED`` repeats it."""
    print(f"SEED={SEED}")
    return random.Random(SEED).sample(places, max(1, round(len(places) * min(1.0, SCALE))))


def close_everything() -> None:
    """Close every connection of this process, so that a child shares none with it."""
    autocommit.close()
    for alias in connections:
        connections[alias].close()


class Copies:
    """Copies of prepared databases, one after the other, each with its own journal."""

    def __init__(self, prepared: PortalDatabase, folder: Path) -> None:
        self.prepared = prepared
        self.folder = folder
        self.made = 0
        self.journal = Path(settings.DESTRUCTION_JOURNAL_DIR)

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        """Make a copy, point Django and the journal at it, and drop it afterwards."""
        close_everything()
        self.made += 1
        names = {alias: f"{name}_{self.made}" for alias, name in self.prepared.names.items()}
        with server_connection() as server:
            for alias, name in names.items():
                _clone(server, self.prepared.names[alias], name)
        journal = self.folder / f"journal-{self.made}"
        journal.mkdir()
        if (self.journal / "journal.jsonl").exists():
            (journal / "journal.jsonl").write_bytes((self.journal / "journal.jsonl").read_bytes())
        settings.DESTRUCTION_JOURNAL_DIR = journal
        for alias, name in names.items():
            connections[alias].settings_dict["NAME"] = name
        keys.caches.here().clear()
        try:
            yield names
        finally:
            close_everything()
            settings.DESTRUCTION_JOURNAL_DIR = self.journal
            for alias, name in self.prepared.names.items():
                connections[alias].settings_dict["NAME"] = name
            with server_connection() as server:
                for name in names.values():
                    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _clone(server: psycopg.Connection, source: str, name: str) -> None:
    # the files, not each page through the log: a third of the time
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER portal_owner STRATEGY FILE_COPY")
    server.execute(statement.format(sql.Identifier(name), sql.Identifier(source)))


def die() -> None:
    """End this process as kill -9 does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_until_commit(
    work: Callable[[], object], number: int, *, before: bool = False, every_write: bool = False
) -> int:
    """Run ``work`` in a child that dies right after (or before) its n-th commit; 0: never.

    Return the number of commits it made, or ``KILLED``. An error in the child is told and fails the test.
    """
    close_everything()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work_and_leave(work, Deaths(number, before=before), writer, every_write=every_write)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return KILLED
    assert os.WEXITSTATUS(status) == 0, told
    return int(told)


class Deaths:
    """Counts the commits, and dies right before or after one of them."""

    def __init__(self, number: int, *, before: bool) -> None:
        self.number, self.before, self.seen = number, before, 0

    def around[Said](self, commit: Callable[[], Said]) -> Said:
        """Commit, and die here if this is the one."""
        self.seen += 1
        doomed = self.seen == self.number
        if doomed and self.before:
            die()
        done = commit()
        if doomed:
            die()
        return done

    def hook(self, place: Any, name: str, is_commit: Callable[..., bool] = lambda *_args: True) -> None:
        """Stand around a method: around those calls of it that commit."""
        method = getattr(place, name)

        def hooked(one: Any, *arguments: Any, **options: Any) -> Any:
            if not is_commit(one, *arguments):
                return method(one, *arguments, **options)
            return self.around(lambda: method(one, *arguments, **options))

        setattr(place, name, hooked)

    def watch_every_write(self) -> None:
        """Count what commits by itself, too."""
        self.hook(CursorWrapper, "execute", _commits_itself)
        self.hook(PipelinedConnection, "_carry_out", lambda wire, *_args: wire._raw.autocommit)
        self.hook(PendingEntry, "settle", lambda entry: not entry._settled)
        self.hook(BatchTransaction, "commit")


def _commits_itself(cursor: Any, statement: object, *_args: object) -> bool:
    alone = cursor.db.get_autocommit() and not cursor.db.in_atomic_block
    return alone and isinstance(statement, str) and statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))


def _work_and_leave(work: Callable[[], object], deaths: Deaths, writer: int, *, every_write: bool) -> None:
    deaths.hook(BaseDatabaseWrapper, "_commit")
    if every_write:
        deaths.watch_every_write()
    try:
        work()
        os.write(writer, str(deaths.seen).encode())
        os._exit(0)
    except BaseException as error:
        os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
