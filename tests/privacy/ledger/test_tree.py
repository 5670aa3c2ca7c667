"""Roots and proofs agree with an implementation that is not ours (pymerkle), over thousands of random trees."""

import os
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle import verify_inclusion as their_inclusion
from pymerkle.proof import InvalidProof

from privacy.ledger.merkle.tree import Subtrees, append_leaves, decode_frontier, encode_frontier
from privacy.ledger.verify import (
    Growing,
    Problem,
    leaf_hash,
    sha256,
    verify_inclusion,
)
from privacy.ledger.verify_vectors import verify_consistency

SEED = int(os.environ.get("SEED", "6962"))
AT_THE_EDGES = [
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    129,
    255,
    256,
    257,
    511,
    512,
    513,
]
type Log = tuple[list[bytes], Growing, Subtrees]


def make_log(entries: Sequence[bytes], chop: Callable[[], int]) -> Log:
    """Grow a log in pieces, packing and unpacking its frontier between them, as the sealer does."""
    leaves = [leaf_hash(entry) for entry in entries]
    grown, nodes, at = Growing(), {}, 0
    while at < len(leaves):
        piece = leaves[at : at + chop()]
        nodes.update({(node.level, node.place): node.hash for node in append_leaves(grown, piece)})
        grown = decode_frontier(grown.size, encode_frontier(grown))
        at += len(piece)

    def read(level: int, first: int, count: int) -> list[bytes]:
        if level == 0:
            return leaves[first : first + count]
        return [nodes[level, place] for place in range(first, first + count) if (level, place) in nodes]

    return leaves, grown, Subtrees(read)


def theirs(entries: Sequence[bytes]) -> InmemoryTree:
    tree = InmemoryTree("sha256")
    for entry in entries:
        tree.append_entry(entry)
    return tree


@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("size", AT_THE_EDGES)
def test_roots_and_proofs_of_sizes_around_powers_of_two(size: int) -> None:
    random.seed(SEED + size)
    entries = [random.randbytes(random.randrange(40)) for _ in range(size)]
    leaves, grown, subtrees = make_log(entries, lambda: random.randint(1, 300))
    tree = theirs(entries)
    assert grown.root() == (tree.get_root() if size else sha256(b"").digest())
    for index in range(0, size, max(1, size // 40)):
        path = subtrees.inclusion(index, size)
        assert path == tree.prove_inclusion(index + 1, size).path[1:]
        verify_inclusion(index, size, leaves[index], path, grown.root())
    for earlier in range(1, size + 1, max(1, size // 40)):
        path = subtrees.consistency(earlier, size)
        verify_consistency(earlier, size, path, tree.get_root(earlier), grown.root())


@pytest.mark.asvs("11.2.1", "11.4.3")
def test_two_thousand_random_trees() -> None:
    random.seed(SEED)
    for _ in range(2_000):
        size = random.choice([random.randint(1, 40), random.randint(1, 600)])
        entries = [random.randbytes(4) for _ in range(size)]
        leaves, grown, subtrees = make_log(entries, lambda: random.randint(1, 600))
        later = random.randint(1, size)
        index, earlier = random.randrange(later), random.randint(1, later)
        tree = theirs(entries)
        root = tree.get_root(later)
        assert grown.root() == tree.get_root()
        path = subtrees.inclusion(index, later)
        assert path == tree.prove_inclusion(index + 1, later).path[1:]
        verify_inclusion(index, later, leaves[index], path, root)
        verify_consistency(earlier, later, subtrees.consistency(earlier, later), tree.get_root(earlier), root)


def test_their_verifier_accepts_our_proofs_and_refuses_what_ours_refuses() -> None:
    random.seed(SEED)
    for _ in range(500):
        size = random.randint(2, 300)
        entries = [random.randbytes(4) for _ in range(size)]
        leaves, grown, subtrees = make_log(entries, lambda: 256)
        index = random.randrange(size)
        proof = theirs(entries).prove_inclusion(index + 1, size)
        proof.path = [leaves[index], *subtrees.inclusion(index, size)]
        their_inclusion(leaves[index], grown.root(), proof)
        at = random.randrange(len(proof.path))
        proof.path[at] = bytes(reversed(proof.path[at]))
        with pytest.raises(InvalidProof):
            their_inclusion(leaves[index], grown.root(), proof)
        with pytest.raises(Problem):
            verify_inclusion(index, size, proof.path[0], proof.path[1:], grown.root())


def spoiled(path: list[bytes]) -> list[list[bytes]]:
    """Proofs that must not be accepted in place of ``path``."""
    garbage = sha256(b"garbage").digest()
    made = [[*path, garbage], [garbage, *path], [*path, b""], path[:-1], path[1:], path[::-1]]
    for at in range(len(path)):
        flipped = bytearray(path[at])
        flipped[random.randrange(32)] ^= 1 << random.randrange(8)
        made += [[*path[:at], bytes(flipped), *path[at + 1 :]], [*path[:at], *path[at + 1 :]]]
        made += [[*path[:at], path[at], *path[at:]], [*path[:at], path[at][:31], *path[at + 1 :]]]
    return [proof for proof in made if proof != path]


def test_malformed_proofs_are_refused() -> None:
    random.seed(SEED)
    tried = 0
    for _ in range(150):
        size = random.randint(2, 200)
        leaves, grown, subtrees = make_log([random.randbytes(3) for _ in range(size)], lambda: 256)
        index, earlier = random.randrange(size), random.randint(1, size - 1)
        path = subtrees.inclusion(index, size)
        for proof in spoiled(path):
            with pytest.raises(Problem):
                verify_inclusion(index, size, leaves[index], proof, grown.root())
        for other_index, other_size in ((index + 1, size), (index, 2 * size + 1), (size, size), (-1, size), (0, 0)):
            with pytest.raises(Problem):
                verify_inclusion(other_index, other_size, leaves[index], path, grown.root())
        first = subtrees.root(0, earlier)
        path = subtrees.consistency(earlier, size)
        for proof in spoiled(path):
            with pytest.raises(Problem):
                verify_consistency(earlier, size, proof, first, grown.root())
            tried += 1
        for sizes in ((size, earlier), (0, size), (earlier, earlier)):
            with pytest.raises(Problem):
                verify_consistency(*sizes, path, first, grown.root())
    assert tried > 1_000


def test_nothing_can_be_proved_from_an_empty_tree() -> None:
    """That an empty tree is the same empty tree needs no proof; anything more from it is refused."""
    empty = sha256(b"").digest()
    verify_consistency(0, 0, [], empty, empty)
    for size2, proof, root2 in (
        (0, [], leaf_hash(b"")), (0, [empty], empty), (1, [], leaf_hash(b"x")), (1, [empty], leaf_hash(b"x")),
        (1, [leaf_hash(b"x")], leaf_hash(b"x")), (8, [], sha256(b"8").digest()), (8, [empty], empty),
    ):  # fmt: skip
        with pytest.raises(Problem):
            verify_consistency(0, size2, proof, empty, root2)
    with pytest.raises(Problem):
        verify_consistency(0, 0, [], sha256(b"x").digest(), sha256(b"x").digest())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_growing_in_any_pieces_gives_the_same_tree(pieces: list[int]) -> None:
    entries = [str(n).encode() for n in range(sum(pieces))]
    steps = iter(pieces)
    _, grown, subtrees = make_log(entries, lambda: next(steps))
    _, whole, _ = make_log(entries, lambda: len(entries))
    assert (grown.stack, grown.root()) == (whole.stack, whole.root())
    assert subtrees.root(0, grown.size) == grown.root()


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        decode_frontier(3, bytes(32))


def test_a_hundred_thousand_leaves_have_nodes_of_two_levels() -> None:
    _, grown, subtrees = make_log([str(n).encode() for n in range(70_000)], lambda: 9_999)
    path = subtrees.inclusion(65_536, 70_000)
    verify_inclusion(65_536, 70_000, leaf_hash(b"65536"), path, grown.root())
    verify_consistency(65_535, 70_000, subtrees.consistency(65_535, 70_000), subtrees.root(0, 65_535), grown.root())
