"""Checkpoints and proofs are what sigstore's own code takes for sound, and what it refuses is refused here too."""

import base64
import os
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore.errors import VerificationError

from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.merkle.tree import Subtrees, append_leaves
from privacy.ledger.verify import Growing, Problem, leaf_hash, open_checkpoint, verify_inclusion

SEED = int(os.environ.get("SEED", "9162"))
NAME = "privacy.extrus.example/ledger"


class Keyring:
    """One pinned key, asked as sigstore asks its keyring."""

    def __init__(self, signer: Signer) -> None:
        self.key: Ed25519PublicKey = signer.private.public_key()

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        try:
            self.key.verify(signature, data)
        except InvalidSignature:
            raise VerificationError("false signature") from None


def theirs(entry: bytes, index: int, size: int, path: list[bytes], root: bytes, note: str, key_id: bytes) -> Any:
    """An entry of a transparency log, with what sigstore's checks read of it."""
    proof = SimpleNamespace(
        log_index=index, tree_size=size, hashes=path, root_hash=root, checkpoint=SimpleNamespace(envelope=note)
    )
    inner = SimpleNamespace(
        inclusion_proof=proof, canonicalized_body=entry, log_id=SimpleNamespace(key_id=key_id)
    )  # fmt: skip
    return cast(Any, SimpleNamespace(_inner=inner))


def they_accept(given: Any, keyring: Keyring) -> bool:
    try:
        verify_merkle_inclusion(given)
        verify_checkpoint(cast(Any, keyring), given)
    except VerificationError:
        return False
    return True


def we_accept(entry: bytes, index: int, size: int, path: list[bytes], note: str, signer: Signer) -> bool:
    try:
        head = open_checkpoint(note.encode(), signer.keys)
        if head.size != size:
            return False
        verify_inclusion(index, head.size, leaf_hash(entry), path, head.root)
    except Problem:
        return False
    return True


@pytest.mark.clause("P8.3")
def test_two_thousand_entries_are_proved_to_sigstore_too() -> None:
    dice = random.Random(SEED)
    signer = Signer.make(NAME)
    keyring, key_id = Keyring(signer), signer.keys[0][1]
    refused = 0
    for turn in range(2_000):
        size = dice.choice([1, 2, 3, 255, 256, 257, dice.randint(1, 40), dice.randint(1, 300)])
        entries = [b"%d:%d" % (turn, n) for n in range(size)]
        leaves = [leaf_hash(entry) for entry in entries]
        grown, nodes = Growing(), {}
        nodes.update({(node.level, node.place): node.hash for node in append_leaves(grown, leaves)})
        subtrees = Subtrees(
            lambda level, first, count, leaves=leaves, nodes=nodes: (  # type: ignore[misc]
                leaves[first : first + count]
                if level == 0
                else [nodes[level, place] for place in range(first, first + count) if (level, place) in nodes]
            )
        )
        index = dice.randrange(size)
        path, root = subtrees.inclusion(index, size), grown.root()
        note = signer.note(checkpoint_text(NAME, size, root), 1_700_000_000 + turn)
        sound = theirs(entries[index], index, size, path, root, note, key_id)
        assert they_accept(sound, keyring)
        assert we_accept(entries[index], index, size, path, note, signer)

        spoiled_path = [bytes(reversed(path[0])), *path[1:]] if path else [leaves[0]]
        spoiled_note = note.replace(base64.b64encode(root).decode(), base64.b64encode(leaf_hash(root)).decode())
        for entry, at, hashes, said in (
            (entries[index] + b"!", index, path, note),
            (entries[index], index, spoiled_path, note),
            (entries[index], index, [*path, root], note),
            (entries[index], index, path, spoiled_note),
            (entries[index], index + 1 if index + 1 < size else index - 1, path, note) if size > 1 else
            (entries[index], index, path, spoiled_note),
        ):  # fmt: skip
            they = they_accept(theirs(entry, at, size, hashes, root, said, key_id), keyring)
            we = we_accept(entry, at, size, hashes, said, signer)
            assert (they, we) == (False, False), (turn, size, at)
            refused += 1
    assert refused == 10_000


def test_sigstore_reads_the_same_out_of_our_checkpoints() -> None:
    signer = Signer.make(NAME)
    root = leaf_hash(b"root")
    theirs_read = SignedCheckpoint.from_text(signer.note(checkpoint_text(NAME, 12_345, root), 1))
    head = theirs_read.checkpoint
    assert (head.origin, head.log_size, head.log_hash, head.other_content) == (NAME, 12_345, root.hex(), [])
    assert [signature.sig_hash for signature in theirs_read.signed_note.signatures] == [key[1] for key in signer.keys]
