"""Reading the trail as it was sealed: the exact bytes that were hashed, in the order of the tree.

The expression is spelled out here with PostgreSQL's own functions, so that a changed function in the schema can't
show a checker other bytes than the table holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

import psycopg
from django.db import connections

from privacy.ledger.verify import sha256

# Number, generation, transaction, time, kind, then the payload: every column that isn't taken from the payload.
ENTRY_TEXT: LiteralString = (
    "e.id::text || E'\\t' || e.generation::text || E'\\t' || e.xid::text || E'\\t' ||"
    " to_char(e.time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') || E'\\t' ||"
    " e.kind || E'\\n' || e.payload"
)

_ENTRIES: LiteralString = (
    "COPY (SELECT l.index, l.entry_id, l.hash, convert_to(" + ENTRY_TEXT + ", 'UTF8')"  # noqa: S608 - constants
    " FROM ledger.leaf l LEFT JOIN ledger.entry e ON e.id = l.entry_id"
    " WHERE l.index >= %s AND l.index < %s ORDER BY l.index) TO STDOUT (FORMAT binary)"
)
_LEAVES: LiteralString = "SELECT hash FROM ledger.leaf WHERE index >= %s AND index < %s ORDER BY index"
_NODES: LiteralString = "SELECT hash FROM ledger.node WHERE level = %s AND index >= %s AND index < %s ORDER BY index"
# Entries that wait for their seal, found from the last leaf on; one that committed late may be that leaf.
UNSEALED: LiteralString = (
    "ledger.entry e WHERE id > coalesce((SELECT entry_id FROM ledger.leaf ORDER BY index DESC LIMIT 1), 0)"
    " AND NOT EXISTS (SELECT FROM ledger.leaf l WHERE l.entry_id = e.id)"
)

_HEADS: LiteralString = (
    "SELECT size, root, frontier, snapshot::text, generation,"
    " to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    " FROM ledger.tree WHERE size > %s AND size <= %s ORDER BY size"
)


class SealedEntry(NamedTuple):
    """A leaf at its place in the tree and the entry it stands for; ``entry`` is None where the entry is gone."""

    place: int
    entry_id: int
    leaf: bytes
    entry: bytes | None


@dataclass(frozen=True, slots=True)
class TreeHead:
    """One tree head: what the log looked like after a batch was sealed."""

    size: int
    root: bytes
    frontier: bytes
    snapshot: str
    generation: int
    sealed_at: str  # the empty text where the row's moment is no moment

    def digest(self, before: str) -> str:
        """Chain this head, with everything that is stored of it, into the digest of all heads before it."""
        row = "\t".join([str(self.size), self.root.hex(), self.frontier.hex(), self.snapshot, str(self.generation)])
        return sha256(f"{before}\n{row}\t{self.sealed_at}".encode()).hexdigest()


def connect(alias: str = "default", *, autocommit: bool = True) -> psycopg.Connection[Any]:
    """Open a connection of one's own with the settings of a database, outside Django.

    Nothing is searched for but PostgreSQL's own functions, whatever search path the role was given, and a table of
    which row security would hide rows can't be read at all.
    """
    params = dict(connections[alias].get_connection_params())
    for name in ("context", "cursor_factory", "pool"):
        params.pop(name, None)
    params["options"] = f"{params.get('options') or ''} -c search_path=pg_catalog -c row_security=off".strip()
    return psycopg.connect(**params, autocommit=autocommit, application_name="ledger")


@contextmanager
def read_only_snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Have everything read be of one moment, however long it takes."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL row_security = off")
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def entries(
    connection: psycopg.Connection[Any], start: int, end: int, *, slice_size: int = 65_536
) -> Iterator[SealedEntry]:
    """Yield leaves with their entries from index ``start`` until before ``end``, in slices that fit in memory.

    An index may come twice, if somebody doubled an entry, or not at all, if somebody removed a leaf.
    """
    for first in range(start, end, slice_size):
        last = min(end, first + slice_size)
        with connection.cursor() as cursor, cursor.copy(_ENTRIES, [first, last]) as copy:
            copy.set_types(["int8", "int8", "bytea", "bytea"])
            for row in copy.rows():
                yield SealedEntry(*row)


def hashes(connection: psycopg.Connection[Any], level: int, first: int, count: int) -> Sequence[bytes]:
    """Return consecutive hashes of a level: leaves at 0, nodes above."""
    if level == 0:
        rows = connection.execute(_LEAVES, [first, first + count]).fetchall()
    else:
        rows = connection.execute(_NODES, [level, first, first + count]).fetchall()
    return [bytes(row[0]) for row in rows]


def heads(connection: psycopg.Connection[Any], after: int, until: int) -> list[TreeHead]:
    """Return the tree heads with ``after < size <= until``, in order."""
    rows = connection.execute(_HEADS, [after, until]).fetchall()
    return [TreeHead(row[0], bytes(row[1]), bytes(row[2]), row[3], row[4], row[5] or "") for row in rows]


def heads_text(origin: str, size: int, digest: str) -> str:
    """Return the text of the note that vouches for the tree heads; its first line is no log's origin."""
    return f"{origin}/heads\n{size}\n{digest}\n"
