"""Giving the notary a new key: the old one and the new one sign, together, at which checkpoint one follows the other.

The hand-over stands in the mirror and on the ledger. It may be read anywhere: what the keys did not sign says nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints.notary_state import NotaryState
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries.appending import append_entry
from privacy.ledger.events import Event
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import Problem
from privacy.ledger.verify_handovers import FOLDER, open_hand_over, text

NOTARY = SystemActor("notary")
# By the index of who acted: the notary has few entries, and no index names what was done.
_ON_RECORD: LiteralString = (
    "SELECT payload FROM ledger.entry WHERE actor = %s AND kind = 'act' AND word = %s ORDER BY id LIMIT 1000"
)


def notes(mirror: Path | None, connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return every hand-over that can be found; which of them a pinned key leads to, ``follow`` says."""
    return [note for note in {*_in_mirror(mirror), *_on_record(connection)} if _is_signed(note)]


def is_begun(key_file: Path) -> bool:
    """Whether a hand-over was begun and has not come to its end: the old key may have signed it, and nothing after."""
    return _following(key_file).exists()


def hand_over(
    key_file: Path, state: NotaryState, mirror: Tiles, connection: psycopg.Connection[Any], at: int
) -> Signer:
    """Make a new key that follows the notary's at its newest checkpoint; return it, in its place.

    The old key stays beside it, named by the size up to which it signs. After a crash, what was signed is finished.
    """
    old, following = Signer.load(key_file), _following(key_file)
    if not following.exists():
        Signer.make(old.name).save(following)
    new = Signer.load(following)
    size, note = _signed(old, new, mirror, connection) or (state.size, _sign(old, new, state, at))
    mirror.put(f"{FOLDER}/{size:012d}-{new.vkeys[0].split('+')[1]}", note)
    append_entry(connection, Event.KEY_HANDED_OVER, actor=NOTARY, facts={"size": size, "signed_note": note})
    mirror.put("keys", "".join(f"{vkey}\n" for vkey in new.vkeys))
    # At no moment is there no key: a second name for the old one, then the new one in its place.
    with suppress(FileExistsError):
        key_file.with_name(f"{key_file.name}.until-{size}").hardlink_to(key_file)
    following.replace(key_file)
    return new


def _following(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.next")


def _signed(old: Signer, new: Signer, mirror: Tiles, connection: psycopg.Connection[Any]) -> tuple[int, str] | None:
    """Return the hand-over between two keys that was published before, if there is one."""
    for note in notes(mirror.root, connection):
        found = open_hand_over(note)
        if [key.id for key in (*found.old, *found.new)] == [key.id for key in (*old.keys, *new.keys)]:
            return found.checkpoint.size, note.decode()
    return None


def _sign(old: Signer, new: Signer, state: NotaryState, at: int) -> str:
    root = base64.b64encode(bytes.fromhex(state.root)).decode()
    said = text(old.name, state.size, root, state.heads, old.vkeys, new.vkeys)
    return old.note(said, at) + new.note(said, at).removeprefix(f"{said}\n")


def _in_mirror(mirror: Path | None) -> Iterator[bytes]:
    for path in sorted((mirror / FOLDER).glob("[0-9]*")) if mirror else ():
        yield path.read_bytes()


def _on_record(connection: psycopg.Connection[Any]) -> Iterator[bytes]:
    for (payload,) in connection.execute(_ON_RECORD, [NOTARY.ref, Event.KEY_HANDED_OVER]).fetchall():
        try:
            yield str(json.loads(payload)["facts"]["signed_note"]).encode()
        except (ValueError, LookupError, TypeError, RecursionError):
            continue  # nobody's keys signed that


def _is_signed(note: bytes) -> bool:
    try:
        open_hand_over(note)
    except Problem:
        return False
    return True
