"""Bundles: a part of the trail as files that anyone can check with ``verify.py``, without us."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from privacy.ledger import verify
from privacy.ledger.checkpoints import accepted_times, kept_checkpoints, key_handovers
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import TILE, Growing
from privacy.ledger.verify_handovers import FOLDER
from privacy.lib.errors.refusals import Refusal

SLICE = 65_536
# As many may be downloaded from a page; more are written by a command.
MAX_DOWNLOADED = 100_000
# What checks a bundle goes with it; whoever distrusts the copy takes another one.
PROGRAMS = (
    "verify.py",
    "verify_vectors.py",
    "verify_handovers.py",
    "verify_witnesses.py",
    "verify_papers.py",
    "verify_exceptions.py",
    "verify_timestamps.py",
)
_ENTRIES_MISSING = _(
    "Entries between index %(first)s and %(last)s are missing, so no bundle can be made. Verify the audit trail to "
    "see what is missing."
)


class NoCheckpoint(Refusal):
    """There is no checkpoint, so nothing could be checked."""

    code = "nothing-signed"


@dataclass(frozen=True)
class Bundle:
    """What was written: the tree's size, and the entries from ``start`` until before ``end``."""

    size: int
    start: int
    end: int
    folder: Path

    @property
    def part(self) -> str:
        """What ``verify.py`` is told where the bundle is a part on purpose."""
        return "" if (self.start, self.end) == (0, self.size) else f" --from {self.start} --until {self.end}"


def write(
    connection: psycopg.Connection[Any],
    folder: Path,
    *,
    since: datetime | None,
    until: datetime | None,
    vkeys: Sequence[str],
    most: int | None = None,
) -> Bundle:
    """Write the entries stamped from ``since`` until before ``until``, in whole tiles, under the newest checkpoint.

    The leaves' hashes of the whole log come along: only with them can every older checkpoint be compared. Raises
    ``NoCheckpoint``, ``TooManyEntries`` where more than ``most`` entries would be written, and ``EntriesMissing``.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = connection.execute("SELECT size, note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        if row is None:
            raise NoCheckpoint(_("Nothing has been signed yet, so there is nothing to check."))
        size, note = row
        start, end = _range(connection, size, since, until)
        if most is not None and end - start > most:
            raise TooManyEntries(
                _("There are too many entries to download. Choose a shorter period, or use export_ledger.")
            )
        tiles = Tiles(folder, packed=False)
        _write_tiles(connection, tiles, size, start, end)
        for name, text in kept_checkpoints.stored(connection, size, note):
            tiles.put(name, text)
        for number, handed in enumerate(key_handovers.notes(settings.MIRROR_DIR, connection)):
            tiles.put(f"{FOLDER}/{number:06d}", handed.decode())
        for number, accepted in enumerate(accepted_times.notes(settings.MIRROR_DIR, connection)):
            tiles.put(f"{accepted_times.FOLDER}/{number:06d}", accepted.decode())
    bundle = Bundle(size, start, end, folder)
    told = {"vkeys": vkeys, "start": start, "end": end, "part": bundle.part}
    for name, text in (
        ("bundle.json", json.dumps({"start": start, "end": end}) + "\n"),
        ("checkpoint", note),
        ("keys", "".join(f"{vkey}\n" for vkey in vkeys)),
        (
            "README.txt",
            render_to_string("ledger/bundle_readme.txt", told),
        ),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    for program in PROGRAMS:
        shutil.copyfile(Path(verify.__file__).with_name(program), folder / program)
    return bundle


class TooManyEntries(Refusal):
    """The part asked for is too large for this way of asking."""

    code = "too-many"


class EntriesMissing(Refusal):
    """Entries or hashes that were sealed are no longer there; nothing is handed out for them."""

    code = "incomplete"


def pack(folder: Path, archive: Path, *, name: str = "ledger-bundle") -> str:
    """Pack a folder into one zip file, in which it is called ``name``; return the file's SHA-256."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, Path(name) / path.relative_to(folder))
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(folder: Path) -> tuple[int, str]:
    """Return the bytes in a bundle's folder and one SHA-256 over all its files, by name."""
    total, whole = 0, hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        total += len(content)
        whole.update(f"{path.relative_to(folder)}\t{hashlib.sha256(content).hexdigest()}\n".encode())
    return total, whole.hexdigest()


def _range(
    connection: psycopg.Connection[Any], size: int, since: datetime | None, until: datetime | None
) -> tuple[int, int]:
    """Return the tiles that hold the entries of a time, as indexes; what was pruned can't be given."""
    if since is None and until is None:
        row = connection.execute("SELECT coalesce(max(until), 0) FROM ledger.pruning").fetchone()
        return (row[0] if row else 0), size
    row = connection.execute(
        "SELECT min(l.index), max(l.index) + 1, coalesce((SELECT max(until) FROM ledger.pruning), 0)"
        " FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id"
        " WHERE l.index < %(size)s AND (%(since)s::timestamptz IS NULL OR e.time >= %(since)s)"
        " AND (%(until)s::timestamptz IS NULL OR e.time < %(until)s)",
        {"size": size, "since": since, "until": until},
    ).fetchone()
    if row is None or row[0] is None:
        return 0, 0
    start = max(row[0] - row[0] % TILE, row[2])
    return start, max(start, min(size, -(-row[1] // TILE) * TILE))


def _write_tiles(connection: psycopg.Connection[Any], tiles: Tiles, size: int, start: int, end: int) -> None:
    grown = Growing()

    def grow(leaves: list[bytes], entries: list[bytes] | None) -> None:
        tiles.append(grown.size, leaves, entries)
        tiles.append_nodes(tree.append_leaves(grown, leaves))

    while grown.size < size:
        first = grown.size
        edge = min(edge for edge in (start, end, size) if edge > first)
        last = min(edge, first + SLICE)
        if start <= first < end:
            rows = list(log_reader.entries(connection, first, last))
            entries = [row.entry for row in rows if row.entry is not None]
            if len(entries) != len(rows) or len(rows) != last - first:
                raise EntriesMissing(_ENTRIES_MISSING % {"first": first, "last": last - 1})
            grow([row.leaf for row in rows], entries)
        else:
            leaves = list(log_reader.hashes(connection, 0, first, last - first))
            if len(leaves) != last - first:
                raise EntriesMissing(_ENTRIES_MISSING % {"first": first, "last": last - 1})
            grow(leaves, None)
