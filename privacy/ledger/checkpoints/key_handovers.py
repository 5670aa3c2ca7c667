"""Giving the notary a new key: the old one and the new one sign, together, at which checkpoint one follows the other.

The hand-over stands in the mirror and on the ledger. It may be read anywhere: what the keys did not sign says nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints.notary_state import NotaryState
from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import Key, Problem
from privacy.ledger.verify_handovers import FIRST, FOLDER, HandOver, digest_of, follow, open_hand_over, text

NOTARY = SystemActor("notary")
# By the index of who acted: the notary has few entries, and no index names what was done.
ON_RECORD: LiteralString = (
    "SELECT payload FROM ledger.entry WHERE actor = %s AND kind = 'act' AND word = %s ORDER BY id LIMIT 1000"
)


RECORDED = [NOTARY.ref, Event.KEY_HANDED_OVER.value]


def notes(mirror: Path | None, connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return every hand-over that can be found; which of them a pinned key leads to, ``follow`` says."""
    on_record = signed_notes(connection.execute(ON_RECORD, RECORDED).fetchall())
    return [*{*filter(_is_signed, _in_mirror(mirror)), *on_record}]


def signed_notes(rows: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """Return the hand-overs that entries hold (``ON_RECORD``)."""
    said = {str(facts_in(payload).get("signed_note", "")).encode() for (payload,) in rows}
    return [note for note in said if _is_signed(note)]


def to_be_pinned(followed: Iterable[HandOver], pinned: Sequence[Key]) -> list[HandOver]:
    """Return the hand-overs to keys that sign now and that nobody here has pinned."""
    known = {key[:2] for key in (*pinned, *(old for one in followed for old in one.old))}
    return [one for one in followed if not any(key[:2] in known for key in one.new)]


def is_begun(key_file: Path) -> bool:
    """Whether a hand-over was begun and has not come to its end: the old key may have signed it, and nothing after."""
    return _following(key_file).exists()


def hand_over(key_file: Path, state_file: Path, mirror: Tiles, connection: psycopg.Connection[Any], at: int) -> Signer:
    """Make a new key that follows the notary's at its newest checkpoint; return it, in its place.

    The old key stays beside it, named by the size up to which it signs and by its id. After a crash, what was signed is
    finished.
    """
    old, following = Signer.load(key_file), _following(key_file)
    if not following.exists():
        Signer.make(old.name).save(following)
    new, state = Signer.load(following), NotaryState.load(state_file, old)
    found = notes(mirror.root, connection)
    size, note = _signed(old, new, found) or (state.size, _sign(old, new, state, _before(old, found), at))
    mirror.put(f"{FOLDER}/{size:012d}-{new.keys[0].id.hex()}", note)
    append_entry(connection, Event.KEY_HANDED_OVER, actor=NOTARY, facts={"size": size, "signed_note": note})
    mirror.put("keys", "".join(f"{vkey}\n" for vkey in new.vkeys))
    state.save(state_file, old, new)
    # At no moment is there no key: a second name for the old one, then the new one in its place.
    with suppress(FileExistsError):
        former_key(key_file, old, size).hardlink_to(key_file)
    following.replace(key_file)
    return new


def left_over(key_file: Path) -> list[Path]:
    """Return the keys beside a notary's that a hand-over left there: once there was one, no key is the first."""
    return [*key_file.parent.glob(f"{key_file.name}.until-*"), *key_file.parent.glob(f"{key_file.name}.next")]


def former_key(key_file: Path, signer: Signer, size: int) -> Path:
    """Return where a key is kept that signed up to a size."""
    return key_file.with_name(f"{key_file.name}.until-{size}-{signer.keys[0].id.hex()}")


def _following(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.next")


def _signed(old: Signer, new: Signer, found: Iterable[bytes]) -> tuple[int, str] | None:
    """Return the hand-over between two keys that was published before, if there is one."""
    for note in found:
        hand_over = open_hand_over(note)
        if hand_over.vkeys == [*old.vkeys, *new.vkeys]:
            return hand_over.checkpoint.size, note.decode()
    return None


def _before(signer: Signer, found: Iterable[bytes]) -> str:
    """Return the digest of the hand-over that led to a key."""
    return next((digest_of(one) for one in follow(found, signer.keys)[1] if one.vkeys[2:] == signer.vkeys), FIRST)


def _sign(old: Signer, new: Signer, state: NotaryState, before: str, at: int) -> str:
    root = base64.b64encode(bytes.fromhex(state.root)).decode()
    said = text(old.name, state.size, root, state.heads, before, old.vkeys, new.vkeys)
    return old.note(said, at) + new.note(said, at).removeprefix(f"{said}\n")


def _in_mirror(mirror: Path | None) -> Iterator[bytes]:
    for path in sorted((mirror / FOLDER).glob("[0-9]*")) if mirror else ():
        yield path.read_bytes()


def _is_signed(note: bytes) -> bool:
    try:
        open_hand_over(note)
    except Problem:
        return False
    return True
