"""Writing a log as files in the layout of C2SP tlog-tiles: the notary's mirror, and bundles for download.

Of partial tiles the newest is kept, because a longer one holds every shorter one's beginning, and that of the published
checkpoint: whoever reads the folder while a newer one is not signed yet must find it. Full entry bundles may be kept
packed (gzip), as the specification lets a server send them.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from privacy.ledger.merkle.tree import HASH_SIZE, TILE_HEIGHT, Node
from privacy.ledger.verify import MAX_ENTRY, TILE, split_entries, tile_path
from privacy.lib.durable_files import replace_text

# Above this many new files it is cheaper to have the system write everything out at once.
_FEW = 64


class Tiles:
    """A folder of tiles that grows at its right edge. Appending the same again changes nothing."""

    def __init__(self, root: Path, *, packed: bool) -> None:
        self.root = root
        self.packed = packed
        # The size of the checkpoint beside the tiles.
        self._published = 0
        self._written: list[Path] = []

    def append(self, first: int, leaves: Sequence[bytes], entries: Sequence[bytes] | None) -> None:
        """Write leaves from index ``first`` on, with their entries unless these are left out."""
        taken = 0
        while taken < len(leaves):
            number, inside = divmod(first + taken, TILE)
            count = min(TILE - inside, len(leaves) - taken)
            hashes = [*self.hashes(0, number, inside), *leaves[taken : taken + count]]
            self._write("0", number, len(hashes), b"".join(hashes))
            if entries is not None:
                whole = [*self.entries(number, inside), *entries[taken : taken + count]]
                self._write("entries", number, len(whole), b"".join(map(_prefixed, whole)))
            taken += count

    def append_nodes(self, nodes: Iterable[Node]) -> None:
        """Write the hashes of complete tiles into the tiles of the level above them."""
        rows: dict[tuple[int, int], list[Node]] = {}
        for node in nodes:
            rows.setdefault((node.level // TILE_HEIGHT, node.place // TILE), []).append(node)
        for (level, number), row in rows.items():
            hashes = [*self.hashes(level, number, row[0].place % TILE), *(node.hash for node in row)]
            self._write(str(level), number, len(hashes), b"".join(hashes))

    def hashes(self, level: int, number: int, width: int) -> list[bytes]:
        """Return the first ``width`` hashes of a tile that is there."""
        raw = self._read(str(level), number, width) if width else b""
        return [raw[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]

    def known_hashes(self, number: int) -> list[bytes]:
        """Return the leaf hashes of a tile as far as they are there."""
        try:
            raw = self._read("0", number, 1)
        except (LookupError, OSError):  # the notary may be replacing a partial tile at this moment
            return []
        return [raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)]

    def entries(self, number: int, width: int) -> list[bytes]:
        """Return the first ``width`` entries of a bundle that is there."""
        if not width:
            return []
        raw = self._read("entries", number, width)
        return [entry for _, entry in zip(range(width), _entries(raw), strict=False)]

    def publish(self, size: int) -> None:
        """The checkpoint beside the tiles is of this size now: partial tiles of the one before may go."""
        before, self._published = self._published, size
        for level in ("0", "entries", "1", "2", "3"):
            number, _width = self._right_edge(level, before)
            self._drop_partial(level, number)

    def _right_edge(self, level: str, size: int) -> tuple[int, int]:
        """Return the number and width of the last tile of a level in a log of that size."""
        height = int(level) if level.isdigit() else 0
        return divmod(size >> (TILE_HEIGHT * height), TILE)

    def _drop_partial(self, level: str, number: int, newest: Path | None = None) -> None:
        """Remove partial tiles, but the newest and the published one."""
        whole = self.root / tile_path(level, number)
        partial = whole.with_name(whole.name + ".p")
        if not partial.is_dir():
            return
        edge, width = self._right_edge(level, self._published)
        kept = {str(width)} if edge == number else set()
        names = {path.name for path in partial.iterdir() if path.name.isdigit()}
        if newest is not None:
            kept.add(newest.name)
        elif not (whole.exists() or whole.with_name(whole.name + ".gz").exists()):
            kept.add(max(names, key=int, default=""))
        for name in names - kept:
            (partial / name).unlink()
        if not names & kept:
            partial.rmdir()

    def put(self, name: str, text: str) -> None:
        """Replace one of the small files beside the tiles, at once and as a whole."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)

    def clear_unfinished(self) -> None:
        """Remove what a process that was killed left half written; nobody else may be writing here."""
        for path in self.root.rglob(".*.new"):
            path.unlink(missing_ok=True)

    def settle(self) -> None:
        """Have everything written reach the disk."""
        if len(self._written) > _FEW:
            os.sync()
        else:
            for path in self._written:
                if path.exists():
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
        self._written.clear()

    def drop_entries(self, until: int) -> int:
        """Remove the entry bundles below tile ``until`` (pruning); the hashes stay. Return how many were removed."""
        removed = 0
        for number in range(until):
            for suffix in (".gz", ""):
                path = self.root / (tile_path("entries", number) + suffix)
                if path.exists():
                    path.unlink()
                    removed += 1
        return removed

    def _write(self, level: str, number: int, width: int, raw: bytes) -> None:
        path = self.root / tile_path(level, number, width)
        if width == TILE and level == "entries" and self.packed:
            path, raw = path.with_name(path.name + ".gz"), gzip.compress(raw, 6, mtime=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_bytes(raw)
        temporary.replace(path)
        self._written.append(path)
        self._drop_partial(level, number, None if width == TILE else path)

    def _read(self, level: str, number: int, width: int) -> bytes:
        """Read a tile that is at least ``width`` wide."""
        whole = self.root / tile_path(level, number)
        packed = whole.with_name(whole.name + ".gz")
        if packed.exists():
            return zlib.decompress(packed.read_bytes(), 31)
        if whole.exists():
            return whole.read_bytes()
        partial = whole.with_name(whole.name + ".p")
        widths = [int(path.name) for path in partial.iterdir() if path.name.isdigit()] if partial.is_dir() else []
        wide_enough = [found for found in widths if found >= width]
        if not wide_enough:
            raise LookupError(f"{whole} holds fewer than {width}.")
        return (partial / str(max(wide_enough))).read_bytes()


def _prefixed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise ValueError("An entry is too long for a tile.")
    return len(entry).to_bytes(2, "big") + entry


def _entries(raw: bytes) -> list[bytes]:
    width, position = 0, 0
    while position < len(raw):
        position += 2 + int.from_bytes(raw[position : position + 2], "big")
        width += 1
    return split_entries(raw, width)
