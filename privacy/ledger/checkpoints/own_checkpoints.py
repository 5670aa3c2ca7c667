"""What this notary has signed already, as it stands outside its own state: in the mirror, the anchors, the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from privacy.ledger.checkpoints import anchors, key_handovers
from privacy.ledger.checkpoints.notary_state import NotaryState, SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Checkpoint, Problem, open_checkpoint, open_note
from privacy.ledger.verify_handovers import follow

WAY_BACK = "find out why, then run notary --rebuild"


class OwnCheckpoint(NamedTuple):
    """A checkpoint with its digest of tree heads, both signed by this notary, and where it was found."""

    checkpoint: Checkpoint
    digest: str
    note: str
    heads_note: str
    place: str


def found(signer: Signer, mirror: Path, anchor: Path, connection: psycopg.Connection[Any]) -> Iterator[OwnCheckpoint]:
    """Yield each that can be read.

    Raises ``SigningRefused`` for one in this log's name that neither this key nor one that was handed over to it
    signed, and for folders of a log that has another origin.
    """
    keys, followed = follow(key_handovers.notes(mirror, connection), signer.keys)
    if any(key.id == signer.keys[0].id for one in followed for key in one.old):
        raise SigningRefused("this key was handed over to a new one: run notary --new-key to finish that")
    for place, note, heads_note in _stored(mirror, anchor, connection):
        if not note.startswith(f"{signer.name}\n"):
            if place == "database":
                continue  # of the notary before
            raise SigningRefused(f"the {place} are of another log ({note.partition('\n')[0]}): give this one its own")
        try:
            checkpoint = open_checkpoint(note.encode(), keys)
            digest = open_note(heads_note.encode(), keys)[0].split("\n")[2]
        except Problem as problem:
            if place == "database":
                continue  # anybody who rules the database can write one there
            raise SigningRefused(f"a checkpoint in the {place} is not this notary's: {problem}") from None
        yield OwnCheckpoint(checkpoint, digest, note, heads_note, place)


def require_not_older(state: NotaryState, known: Iterable[OwnCheckpoint]) -> None:
    """Raise ``SigningRefused`` where the notary's memory is gone, or is not what it has published."""
    for own in sorted(known, key=lambda own: own.checkpoint.size, reverse=True):
        size, where = own.checkpoint.size, f"a checkpoint of {own.checkpoint.size} entries stands in the {own.place}"
        if size > state.size:
            raise SigningRefused(f"{where}, this notary remembers {state.size}: {WAY_BACK}")
        if size == state.size and (own.checkpoint.root.hex(), own.digest) != (state.root, state.heads):
            raise SigningRefused(
                f"{where} with another root, or other tree heads, than this notary remembers: {WAY_BACK}"
            )


def _stored(mirror: Path, anchor: Path, connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str, str]]:
    if (mirror / "checkpoint").exists() and (mirror / "heads").exists():
        yield "mirror", (mirror / "checkpoint").read_text("utf-8"), (mirror / "heads").read_text("utf-8")
    for note, heads_note in anchors.read_directory(anchor) if anchor.is_dir() else ():
        yield "anchors", note, heads_note
    row = connection.execute("SELECT note, heads FROM ledger.checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is not None:
        yield "database", row[0], row[1]
