"""The newest checkpoint of the database that the notary signed: whoever rules the database can put others there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString, NamedTuple

from privacy.ledger.checkpoints import external_checkpoints, key_handovers
from privacy.ledger.verify import Checkpoint, Key, Problem, open_checkpoint
from privacy.ledger.verify_handovers import follow

type Query = Callable[[LiteralString, Sequence[Any]], list[tuple[Any, ...]]]
# With the root of the tree of that size. Behind so many invented ones none is looked for.
_NEWEST: LiteralString = (
    "SELECT c.size, c.note, t.root FROM ledger.checkpoint c JOIN ledger.tree t ON t.size = c.size"
    " ORDER BY c.size DESC LIMIT 20"
)


class SignedCheckpoint(NamedTuple):
    """What the notary signed, and the note as it is stored."""

    checkpoint: Checkpoint
    note: str


def notary_keys(query: Query) -> list[Key]:
    """Return the notary's pinned keys, and those that hand-overs on record lead to. Raises Problem for two of one."""
    notes = key_handovers.signed_notes(query(key_handovers.ON_RECORD, key_handovers.RECORDED))
    return follow(notes, external_checkpoints.readable_keys()[0])[0]


def newest(query: Query) -> SignedCheckpoint | None:
    """Return the newest that a pinned key, or one that follows it, signed for the tree as it stands; None without."""
    try:
        keys = notary_keys(query)
    except Problem:
        return None
    for size, note, root in query(_NEWEST, []):
        try:
            checkpoint = open_checkpoint(note.encode(), keys)
        except Problem:
            continue
        if (checkpoint.size, checkpoint.root) == (size, bytes(root)):
            return SignedCheckpoint(checkpoint, note)
    return None
