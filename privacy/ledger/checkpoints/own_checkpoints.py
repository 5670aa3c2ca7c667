"""What this notary has signed already, as it stands outside its own state: in the mirror, the anchors, the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from privacy.ledger.checkpoints import anchors, kept_checkpoints, key_handovers
from privacy.ledger.checkpoints.notary_state import NotaryState, SigningRefused
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Checkpoint, Key, Problem, open_checkpoint, open_note
from privacy.ledger.verify_handovers import follow

WAY_BACK = "find out why, then run notary --rebuild"
# Which setting says where these checkpoints stand; in the database there may be some of the log before.
SETTINGS = {"state": "NOTARY_STATE_DIR", "mirror": "MIRROR_DIR", "anchors": "ANCHOR_DIR"}


class OwnCheckpoint(NamedTuple):
    """A checkpoint with its digest of tree heads, both signed by this notary, and where it was found.

    The mirror keeps older checkpoints without that digest: it is empty then.
    """

    checkpoint: Checkpoint
    digest: str
    note: str
    heads_note: str
    place: str


def found(
    signer: Signer,
    mirror: Path,
    anchor: Path,
    connection: psycopg.Connection[Any],
    *,
    state: NotaryState | None = None,
    everything: bool = False,
) -> Iterator[OwnCheckpoint]:
    """Yield those that tell whether this notary's memory is as new as what it signed, or ``everything`` that is kept.

    ``state`` is asked as well where it is given: one that another key or another log left is found there.

    Raises ``SigningRefused`` for one in this log's name that neither this key nor one that was handed over to it
    signed, and for folders of a log that has another origin.
    """
    try:
        keys, followed = follow(key_handovers.notes(mirror, connection), signer.keys)
    except Problem as problem:
        raise SigningRefused(f"hand-overs of the key: {problem}") from None
    if any(key.id == signer.keys[0].id for one in followed for key in one.old):
        raise SigningRefused("this key was handed over to a new one: run notary --new-key to finish that")
    remembered = [("state", state.note, state.heads_note)] if state and state.note else []
    for place, note, heads_note in (*remembered, *_stored(mirror, anchor, connection, everything)):
        if not note.startswith(f"{signer.name}\n"):
            if place == "database":
                continue  # of the notary before
            setting, other = SETTINGS[place], note.partition("\n")[0]
            raise SigningRefused(f"{setting} holds a checkpoint of another log ({other}): give this log its own")
        try:
            checkpoint = open_checkpoint(note.encode(), keys)
            digest = _digest_beside(checkpoint, heads_note, keys)
        except Problem as problem:
            if place == "database":
                continue  # anybody who rules the database can write one there
            raise SigningRefused(f"a checkpoint in the {place} is not this notary's: {problem}") from None
        yield OwnCheckpoint(checkpoint, digest, note, heads_note if digest else "", place)


def _digest_beside(checkpoint: Checkpoint, heads_note: str, keys: Sequence[Key]) -> str:
    """Return the digest of tree heads that was signed with a checkpoint; empty where there is none, or another's."""
    if not heads_note:
        return ""
    name, size, digest = [*open_note(heads_note.encode(), keys)[0].split("\n"), "", ""][:3]
    return digest if (name, size) == (f"{checkpoint.origin}/heads", str(checkpoint.size)) else ""


def require_not_older(state: NotaryState, known: Iterable[OwnCheckpoint]) -> None:
    """Raise ``SigningRefused`` where the notary's memory is gone, or is not what it has published."""
    for own in sorted(known, key=lambda own: own.checkpoint.size, reverse=True):
        size, where = own.checkpoint.size, f"a checkpoint of {own.checkpoint.size} entries stands in the {own.place}"
        if size > state.size:
            raise SigningRefused(f"{where}, this notary remembers {state.size}: {WAY_BACK}")
        digest = own.digest or state.heads
        if size == state.size and (own.checkpoint.root.hex(), digest) != (state.root, state.heads):
            raise SigningRefused(
                f"{where} with another root, or other tree heads, than this notary remembers: {WAY_BACK}"
            )


def _stored(
    mirror: Path, anchor: Path, connection: psycopg.Connection[Any], everything: bool
) -> Iterator[tuple[str, str, str]]:
    if (mirror / "checkpoint").exists():
        yield "mirror", (mirror / "checkpoint").read_text("utf-8"), anchors.text_of(mirror / "heads")
    kept = kept_checkpoints.in_mirror(mirror)
    for note in kept if everything else kept[-1:]:
        yield "mirror", note, ""
    for note, heads_note in anchors.read_directory(anchor, everything=everything) if anchor.is_dir() else ():
        yield "anchors", note, heads_note
    query = "SELECT note, heads FROM ledger.checkpoint ORDER BY size DESC LIMIT %s"
    for note, heads_note in connection.execute(query, [None if everything else 1]).fetchall():
        yield "database", note, heads_note
