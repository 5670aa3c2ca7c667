"""Giving a notary its memory back: from what it signed and published, never from the database's word alone.

The hashes of the database are taken because they lead to the signed roots, each of them; where they don't, nothing is
rebuilt. A mirror that is there is compared and completed, one that is lost is written anew.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import psycopg

from privacy.ledger.checkpoints import accepted_times, key_handovers, own_checkpoints
from privacy.ledger.checkpoints.notary_state import NotaryState, SigningRefused
from privacy.ledger.checkpoints.own_checkpoints import OwnCheckpoint
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import TILE, Growing, leaf_hash, name_of
from privacy.ledger.verify_exceptions import Excepted
from privacy.ledger.verify_handovers import follow

SLICE = 32 * TILE


def rebuild(signer: Signer, mirror: Path, anchor: Path, connection: psycopg.Connection[Any]) -> NotaryState:
    """Return the state after the newest checkpoint that this notary signed. Raises ``SigningRefused``."""
    by_size, moment = _all_signed(signer, mirror, anchor, connection)
    size = max(by_size)
    row = connection.execute("SELECT coalesce(max(until), 0) FROM ledger.pruning").fetchone()
    told = mirror / "bundle.json"
    pruned = int(json.loads(told.read_text("utf-8"))["start"]) if told.exists() else int(row[0] if row else 0)
    grown = _grow(connection, Tiles(mirror, packed=True), by_size, max(pruned, int(row[0] if row else 0)))
    # Also what a key accepted that was handed over since.
    keys = follow(key_handovers.notes(mirror, connection), signer.keys)[0]
    accepted = accepted_times.in_force(connection, accepted_times.notes(mirror, connection), keys)
    digest, sealed = _heads(connection, by_size, accepted)
    newest = by_size[size]
    return NotaryState(
        size=size, root=grown.root().hex(), frontier=base64.b64encode(tree.encode_frontier(grown)).decode(),
        heads=digest, sealed=sealed, time=moment, note=newest.note, heads_note=newest.heads_note, pruned=pruned,
    )  # fmt: skip


def _all_signed(
    signer: Signer, mirror: Path, anchor: Path, connection: psycopg.Connection[Any]
) -> tuple[dict[int, OwnCheckpoint], int]:
    """Return one checkpoint for each size that was signed, wherever a copy is, and when the last was."""
    by_size: dict[int, OwnCheckpoint] = {}
    moment = 0
    for own in own_checkpoints.found(signer, mirror, anchor, connection, everything=True):
        before = by_size.setdefault(own.checkpoint.size, own)
        if before.checkpoint.root != own.checkpoint.root or "" != before.digest != own.digest != "":
            raise SigningRefused(
                f"{before.place} and {own.place} hold different checkpoints of size {own.checkpoint.size}"
            )
        if own.digest:
            by_size[own.checkpoint.size] = own
        moment = max(moment, own.checkpoint.time or 0)
    if not by_size:
        raise SigningRefused(
            "there is nothing to rebuild from: neither mirror nor anchors nor database hold a checkpoint of this key"
        )
    if not by_size[max(by_size)].digest:
        raise SigningRefused(
            f"the checkpoint of {max(by_size)} entries is left without the digest of its tree heads: bring back the"
            " mirror's file heads, or the anchors"
        )
    return by_size, moment


def _grow(connection: psycopg.Connection[Any], tiles: Tiles, by_size: dict[int, OwnCheckpoint], pruned: int) -> Growing:
    """Hash all leaves, compare every signed root on the way, and complete the mirror."""
    grown, size = Growing(), max(by_size)
    waiting = sorted(by_size)
    for first in range(0, size, SLICE):
        rows = list(log_reader.entries(connection, first, min(size, first + SLICE)))
        if [row.place for row in rows] != list(range(first, min(size, first + SLICE))):
            raise SigningRefused(f"leaves from index {first} on are missing or doubled")
        for row in rows:
            if row.entry is None and row.place >= pruned:
                raise SigningRefused(f"entry {row.entry_id} (index {row.place}) is gone")
            if row.entry is not None and leaf_hash(row.entry) != row.leaf:
                raise SigningRefused(f"{name_of(row.entry, row.place)} is not what was sealed")
        nodes: list[tree.Node] = []
        for stop in [*(at for at in waiting if first < at <= first + SLICE), first + len(rows)]:
            nodes += tree.append_leaves(grown, [row.leaf for row in rows[grown.size - first : stop - first]])
            if stop in by_size and grown.root() != by_size[stop].checkpoint.root:
                raise SigningRefused(f"the first {stop} entries differ from what stands in the {by_size[stop].place}")
        for at in range(0, len(rows), TILE):
            _complete(tiles, rows[at : at + TILE])
        tiles.append_nodes(nodes)
    tiles.settle()
    return grown


def _complete(tiles: Tiles, rows: list[log_reader.SealedEntry]) -> None:
    """Compare one tile of the mirror, and write it where it isn't there."""
    number, leaves = rows[0].place // TILE, [row.leaf for row in rows]
    kept = tiles.known_hashes(number)
    if kept[: len(leaves)] != leaves[: len(kept)]:
        raise SigningRefused(f"the mirror has other hashes than the database from index {rows[0].place} on")
    entries = [row.entry for row in rows if row.entry is not None]
    try:
        there = len(kept) >= len(leaves) and (len(entries) < len(rows) or tiles.entries(number, len(rows)) == entries)
    except LookupError:
        there = False
    if not there:
        tiles.append(rows[0].place, leaves, entries if len(entries) == len(rows) else None)


def _heads(
    connection: psycopg.Connection[Any], by_size: dict[int, OwnCheckpoint], accepted: list[Excepted]
) -> tuple[str, str]:
    """Return the digest of all tree heads, compared with each that was signed, and the latest moment of one."""
    digest = sealed = ""
    for head in log_reader.heads(connection, 0, max(by_size)):
        is_accepted = accepted_times.are_accepted(accepted, head.size - 1, head.size)
        digest, sealed = head.digest(digest), max(sealed, "" if is_accepted else head.sealed_at)
        if head.size in by_size and by_size[head.size].digest not in ("", digest):
            raise SigningRefused(f"a tree head of size {head.size} or less differs from what was signed")
    if digest != by_size[max(by_size)].digest:
        raise SigningRefused(f"the tree head of size {max(by_size)}, which was signed, is gone")
    return digest, sealed
