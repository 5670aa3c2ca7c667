"""Whether a checkpoint, with its digest of tree heads, carries what the notary of its log always signs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from privacy.ledger.checkpoints.external_checkpoints import signer_of
from privacy.ledger.verify import ALTERED, POLICY, Checkpoint, Key, Problem, open_checkpoint, open_note


def is_pinned(note: str, keys: Sequence[Key]) -> bool:
    """Whether a key is pinned of the log in whose name a checkpoint stands."""
    return any(key.name == _origin(note) for key in keys)


def open_signed(note: str, heads_note: str, keys: Sequence[Key]) -> tuple[Checkpoint, str]:
    """Return a checkpoint and its digest of tree heads, both signed by the same pinned key. Raises Problem."""
    try:
        checkpoint = open_checkpoint(note.encode(), keys)
    except Problem as problem:
        # One that a pinned key did sign, and whose name was altered since, is of no other log.
        if problem.code == POLICY and not is_pinned(note, keys):
            raise Problem(POLICY, f"no key is pinned of the log {_origin(note)[:100]!r}") from None
        raise
    text, signed = open_note(heads_note.encode(), keys)
    if not _signers(keys, signed) & _signers(keys, open_note(note.encode(), keys)[1]):
        raise Problem(ALTERED, "a signature that the notary always makes is missing")
    lines = text.split("\n")
    if lines[:2] != [f"{checkpoint.origin}/heads", str(checkpoint.size)]:
        raise Problem(ALTERED, f"the digest of tree heads beside checkpoint {checkpoint.size} belongs to another")
    return checkpoint, lines[2]


def _origin(note: str) -> str:
    return note.partition("\n")[0]


def _signers(keys: Sequence[Key], signed: Collection[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
    """Return the notary's keys, by log and public key, that made every signature that is pinned of them."""
    missing = {signer_of(key) for key in keys if key[:2] not in signed}
    return {signer_of(key) for key in keys if key[:2] in signed} - missing
