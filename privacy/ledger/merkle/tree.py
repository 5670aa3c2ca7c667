"""Growing the tree and proving from it (RFC 6962). Checking proofs is ``verify.py``'s part, which stands alone.

A tree head keeps only the roots of the complete subtrees at the tree's left edge (the frontier). Roots of subtrees of
256, 65,536 … leaves (*nodes*) are kept as well, so that a proof reads hundreds of hashes, whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from privacy.ledger.verify import TILE, Growing, node_hash, subtree_root

HASH_SIZE = 32
TILE_HEIGHT = 8  # of a tile: 2**8 hashes


class Node(NamedTuple):
    """The root of a complete subtree of ``2**level`` leaves, the ``place``-th of its level."""

    level: int
    place: int
    hash: bytes


def encode_frontier(tree: Growing) -> bytes:
    """Return the frontier as bytes: 32 for each bit set in the size."""
    return b"".join(tree.stack)


def decode_frontier(size: int, frontier: bytes) -> Growing:
    """Return the tree of an encoded frontier. Raises ``ValueError`` if the frontier isn't one of this size."""
    if len(frontier) != HASH_SIZE * size.bit_count():
        raise ValueError(f"The frontier does not fit a tree of {size}.")
    return Growing(size, (frontier[at : at + HASH_SIZE] for at in range(0, len(frontier), HASH_SIZE)))


def append_leaves(tree: Growing, leaves: Sequence[bytes]) -> list[Node]:
    """Append leaves and return the nodes that became complete."""
    nodes: list[Node] = []
    taken = 0
    while taken < len(leaves):
        if tree.size % TILE == 0 and len(leaves) - taken >= TILE:
            _add(tree, subtree_root(leaves[taken : taken + TILE]), TILE_HEIGHT, nodes)
            taken += TILE
        else:
            _add(tree, leaves[taken], 0, nodes)
            taken += 1
    return nodes


def _add(tree: Growing, root: bytes, level: int, nodes: list[Node]) -> None:
    width = 1 << level
    if level:
        nodes.append(Node(level, tree.size // width, root))
    inside = tree.size % (width << TILE_HEIGHT)
    if inside + width < width << TILE_HEIGHT:
        tree.add(root, width)
        return
    # This subtree fills the tile above it: fold the tile's other subtrees into one root before it joins the rest.
    position = inside // width
    within = Growing(position, tree.stack[len(tree.stack) - position.bit_count() :])
    del tree.stack[len(tree.stack) - position.bit_count() :]
    tree.size -= inside
    within.add(root)
    _add(tree, within.stack[0], level + TILE_HEIGHT, nodes)


class Subtrees:
    """Roots of any subtree of a log, from its leaves and nodes.

    ``read(level, first, count)`` returns that many consecutive hashes of a level: leaves at 0, nodes at 8, 16 …
    """

    def __init__(self, read: Callable[[int, int, int], Sequence[bytes]]) -> None:
        self._read = read

    def root(self, start: int, end: int) -> bytes:
        """Return the root over the leaves from ``start`` until before ``end``."""
        width = end - start
        if width & (width - 1) == 0 and start % width == 0:
            return self._complete(width.bit_length() - 1, start // width)
        half = 1 << ((width - 1).bit_length() - 1)
        return node_hash(self.root(start, start + half), self.root(start + half, end))

    def _complete(self, level: int, index: int) -> bytes:
        below = level - level % TILE_HEIGHT
        count = 1 << (level - below)
        hashes = self._read(below, index * count, count)
        if len(hashes) != count:
            raise LookupError(f"Hashes of level {below} are missing from {index * count} on.")
        return subtree_root(hashes)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof that the leaf at ``index`` is in the tree of ``size``, from the leaf's sibling upwards."""
        if not 0 <= index < size:
            raise ValueError(f"No leaf {index} in a tree of {size}.")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            half = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < half:
                path.append(self.root(half, end))
                end = half
            else:
                path.append(self.root(start, half))
                start = half
        return path[::-1]

    def consistency(self, size1: int, size2: int) -> list[bytes]:
        """Return the proof that the tree of ``size1`` is the beginning of the tree of ``size2``."""
        if not 0 < size1 <= size2:
            raise ValueError(f"No consistency from {size1} to {size2}.")
        path: list[bytes] = []
        start, end, whole = 0, size2, True
        while size1 != end:
            half = start + (1 << ((end - start - 1).bit_length() - 1))
            if size1 <= half:
                path.append(self.root(half, end))
                end = half
            else:
                path.append(self.root(start, half))
                start, whole = half, False
        if not whole:
            path.append(self.root(start, end))
        return path[::-1]
