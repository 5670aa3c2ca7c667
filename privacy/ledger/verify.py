"""Check an audit trail offline, without trusting whoever kept it. Needs Python 3.10+ and ``cryptography`` only.

    python verify.py BUNDLE --key VKEY [--older CHECKPOINT ...] [--max-age SECONDS]
    python verify.py proof FILE.tlog-proof --entry FILE --key VKEY
    python verify.py note FILE --key VKEY
    python verify.py inclusion|consistency VECTOR.json

BUNDLE is a folder as ``export_ledger`` or the notary's mirror writes it (C2SP tlog-tiles). VKEY is the notary's public
key: take it from elsewhere. Entries are compared with their leaves, leaves hashed to the root (RFC 6962), the root with
the signed checkpoint and every older one. Exit: 0 sound, 2 altered, 3 policy (no pinned key, too old), 4 malformed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import functools
import hashlib
import json
import os
import sys
import time
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

SOUND, ALTERED, POLICY, MALFORMED = 0, 2, 3, 4
ED25519, ECDSA, COSIGNATURE, ML_DSA = 1, 2, 4, 6  # signature types of C2SP signed-note
DER = {ECDSA: "", ML_DSA: "30820532300b06096086480165030403110382052100"}  # before a key
DER[ED25519] = DER[COSIGNATURE] = "302a300506032b6570032100"
TILE, MAX_ENTRY, MAX_NOTE, MAX_JSON, MAX_SIZE = 256, 65_535, 262_144, 1_048_576, 2**64 - 1
Key = tuple[str, bytes, int, Any]  # a pinned key: name, id, signature type, public key
sha256, realpath = hashlib.sha256, functools.cache(os.path.realpath)


class Problem(Exception):
    """What is wrong, with the exit code that says of which sort."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Root of a complete subtree, whose width is a power of two."""
    while len(hashes) > 1:
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


class Growing:
    """A growing tree (RFC 6962 section 2.1): its size and the roots of its complete subtrees, widest first."""

    def __init__(self, size: int = 0, stack: Iterable[bytes] = ()) -> None:
        self.size, self.stack = size, list(stack)

    def add(self, root: bytes, width: int = 1) -> None:
        """Append a complete subtree of ``width`` leaves; the size must be a multiple of it."""
        position = self.size // width
        while position & 1:
            root = node_hash(self.stack.pop(), root)
            position >>= 1
        self.stack.append(root)
        self.size += width

    def root(self, more: Iterable[bytes] = ()) -> bytes:
        """The root of the tree, or of the tree with some more leaves."""
        grown = Growing(self.size, self.stack)
        for leaf in more:
            grown.add(leaf)
        root = grown.stack.pop() if grown.stack else sha256(b"").digest()
        while grown.stack:
            root = node_hash(grown.stack.pop(), root)
        return root


def _climb(node: int, last: int, first: bytes, second: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Hash along a path: ``first`` takes only what stands left of it, ``second`` everything."""
    for sibling in path:
        if last == 0:
            raise Problem(ALTERED, "the proof is too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Problem(ALTERED, "the proof is too short")
    return first, second


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise unless the proof leads from the leaf at ``index`` to the root of the tree of ``size`` (RFC 9162, 2.1.3)."""
    if any(len(value) != 32 for value in (leaf, root, *proof)) or not 0 <= index < size <= MAX_SIZE:
        raise Problem(ALTERED, f"no such leaf {index} in a tree of {size}, or a hash of the wrong length")
    if _climb(index, size - 1, leaf, leaf, proof)[1] != root:
        raise Problem(ALTERED, "the proof leads to another root")


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Raise unless the first tree is the beginning of the second. From an empty first tree nothing can be proved."""
    if size1 == size2:  # one tree, even an empty one, continues itself: nothing is left to prove
        if proof or root1 != root2:
            raise Problem(ALTERED, "the same size has another root, or a proof where none belongs")
        return
    if not all(len(value) == 32 for value in (root1, root2, *proof)) or not proof or not 0 < size1 < size2 <= MAX_SIZE:
        raise Problem(ALTERED, f"no consistency from size {size1} to {size2}, or a hash of the wrong length")
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if _climb(node, last, path[0], path[0], path[1:]) != (root1, root2):
        raise Problem(ALTERED, "the proof leads to another root")


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    time: int | None  # of its cosignature, in seconds since 1970


def parse_key(vkey: str) -> Key:
    """Read a verifier key ``name+id+base64(type || key)`` and check that its parts belong together."""
    with contextlib.suppress(ValueError, LookupError, UnsupportedAlgorithm):
        name, identity, encoded = vkey.strip().split("+", 2)
        kind, public = (material := base64.b64decode(encoded, validate=True))[0], material[1:]
        known = sha256(public if kind == ECDSA else name.encode() + b"\n" + material).digest()[:4]
        key = load_der_public_key(bytes.fromhex(DER[kind]) + public)
        fits = isinstance(key, ec.EllipticCurvePublicKey) == (kind == ECDSA) and len(name.encode()) < 256
        if fits and known.hex() == identity and name and not any(c.isspace() for c in name):
            return name, known, kind, key
    raise Problem(MALFORMED, "the key is not an Ed25519, ECDSA or ML-DSA-44 verifier key name+id+base64")


def _signed_at(key: Key, text: bytes, signature: bytes) -> int | None:
    """Check one signature and return when it says that it was made, if it says that (C2SP tlog-cosignature)."""
    moment, said = None, text
    if key[2] in (COSIGNATURE, ML_DSA):
        moment, signature, stamp = int.from_bytes(signature[:8], "big"), signature[8:], signature[:8]
        said = b"cosignature/v1\ntime %d\n" % moment + text
    if key[2] == ML_DSA:  # the subtree of all leaves: who, when, of which log, from 0 to its size, its root
        origin, size, root = (*text.decode().split("\n"), "", "")[:3]
        names = [bytes([len(name)]) + name for name in (key[0].encode(), origin.encode()[:255])]
        said = b"subtree/v1\n\0" + stamp.join(names) + _number(size).to_bytes(16, "big") + _base64(root, 32)
    try:
        key[3].verify(signature, said, *[ec.ECDSA(SHA256())] * (key[2] == ECDSA))
        return moment
    except InvalidSignature:
        raise Problem(ALTERED, f"the signature of {key[0]} is false") from None


def open_note(raw: bytes, keys: Sequence[Key]) -> tuple[str, dict[tuple[str, bytes], int | None]]:
    """Return a note's text and which pinned keys signed it when; refuse it without one, or with a false one."""
    try:
        if len(raw) > MAX_NOTE or any(byte < 32 and byte != 10 for byte in raw):
            raise ValueError
        text, blank, block = raw.decode("utf-8").rpartition("\n\n")
    except ValueError:
        raise Problem(MALFORMED, "the note is too long, is not UTF-8, or has control characters") from None
    lines = block.split("\n")
    if not blank or lines.pop() or not lines or len(lines) > 100:
        raise Problem(MALFORMED, "the note has no signatures, or far too many")
    known = {key[:2]: key for key in keys}
    signed: dict[tuple[str, bytes], int | None] = {}
    for line in lines:
        dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
        signature = _base64(encoded)
        if dash != "\u2014" or not name or "+" in name or any(c.isspace() for c in name) or len(signature) < 5:
            raise Problem(MALFORMED, "a signature line is malformed")
        key = known.get((name, signature[:4]))
        if key is not None and key[:2] not in signed:
            signed[key[:2]] = _signed_at(key, (text + "\n").encode(), signature[4:])
    if not signed:
        raise Problem(POLICY, "no signature by a pinned key")
    return text + "\n", signed


def open_checkpoint(raw: bytes, keys: Sequence[Key]) -> Checkpoint:
    """Return the tree head of a note that its own log signed with a pinned key."""
    text, signed = open_note(raw, keys)
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise Problem(MALFORMED, "the checkpoint lacks its three lines")
    if lines[0] not in {key[0] for key in signed}:
        raise Problem(POLICY, "the checkpoint is not signed by its own log")
    moment = max(filter(None, signed.values()), default=None)
    return Checkpoint(lines[0], _number(lines[1]), _base64(lines[2], 32), moment)


def _base64(text: Any, length: int | None = None) -> bytes:
    with contextlib.suppress(ValueError, TypeError):
        value = base64.b64decode(text or "", validate=True)
        if base64.b64encode(value).decode() == (text or "") and length in (None, len(value)):
            return value
    raise Problem(MALFORMED, "not base64, or of the wrong length")


def _number(value: Any) -> int:
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) < 21 and str(int(text)) == text:
        return int(text)
    raise Problem(MALFORMED, "not a decimal number, or out of range")


def load_json(raw: bytes) -> dict[str, Any]:
    """Parse one JSON object; refuse NaN, a name that stands twice, and what is nested too deeply."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        value = json.loads(raw, object_pairs_hook=tuple, parse_constant=int)
        if isinstance(value, tuple) and len(dict(value)) == len(value):
            return dict(value)
    raise Problem(MALFORMED, "not one JSON object")


def read_file(path: str, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes; no link, no pipe, no device."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError, ValueError), open(os.open(path, flags), "rb") as file:
        if os.path.isfile(file.fileno()) and os.path.getsize(file.fileno()) <= limit:
            return file.read(limit)
    raise Problem(MALFORMED, f"{path} is not a readable file of at most {limit} bytes")


def tile_path(level: str, number: int, width: int = TILE) -> str:
    """The path of a tile: ``tile/0/x001/x234/067``, with ``.p/WIDTH`` where it isn't full yet."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(("tile", level, *groups)) + ("" if width == TILE else f".p/{width}")


def split_entries(raw: bytes, width: int) -> list[bytes]:
    """Cut an entry bundle (16-bit big-endian lengths) into exactly ``width`` entries."""
    entries, position, total = [], 0, len(raw)
    for _ in range(width):
        start = position + 2
        position = start + int.from_bytes(raw[position:start], "big")
        entries.append(raw[start:position])
    if position != total:
        raise Problem(MALFORMED, "an entry bundle has the wrong length")
    return entries


def name_of(entry: bytes, index: int) -> str:
    """How people find an entry: its number in the portal and its place in the tree."""
    number = entry.split(b"\t", 1)[0][:20]
    return f"entry {number.decode()} (index {index})" if number.isdigit() else f"the entry at index {index}"


def compare(entries: Sequence[bytes], leaves: Sequence[bytes], first: int) -> None:
    """Name the first entry whose hash is not its leaf."""
    hashes = [sha256(b"\0" + entry).digest() for entry in entries]
    if hashes != leaves:
        at = next(i for i, value in enumerate(hashes) if value != leaves[i])
        raise Problem(ALTERED, f"{name_of(entries[at], first + at)} is not what was sealed")


class Bundle:
    """A folder of tiles, entries and a checkpoint; nothing outside of it is ever read."""

    def __init__(self, path: str) -> None:
        self.root = os.path.realpath(path)

    def read(self, name: str, limit: int) -> bytes:
        path = os.path.join(self.root, name)
        packed = not os.path.lexists(path) and os.path.lexists(path + ".gz")
        if realpath(os.path.dirname(path)) != os.path.dirname(path):
            raise Problem(MALFORMED, f"{name} leads out of the bundle")
        raw = read_file(path + ".gz" * packed, limit)
        try:
            return zlib.decompressobj(31).decompress(raw, limit) if packed else raw
        except zlib.error:
            raise Problem(MALFORMED, f"{name} is not gzip") from None

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        raw = self.read(tile_path(str(level), number, width), TILE * 32)
        if len(raw) != width * 32:
            raise Problem(MALFORMED, f"tile {level}/{number} has the wrong length")
        return [raw[i : i + 32] for i in range(0, len(raw), 32)]

    def verify(self, keys: Sequence[Key], older: Iterable[bytes] = (), max_age: float | None = None) -> str:
        """Check everything and say what was found sound; raise the first problem."""
        manifest = load_json(self.read("bundle.json", MAX_JSON))
        pinned = keys or [parse_key(line) for line in self.read("keys", MAX_NOTE).decode("latin-1").splitlines()[:9]]
        head = open_checkpoint(self.read("checkpoint", MAX_NOTE), pinned)
        start, end = _number(manifest.get("start", 0)), _number(manifest.get("end", head.size))
        path = os.path.join(self.root, "checkpoints")
        names = [at.name for at, _ in zip(os.scandir(path) if os.path.isdir(path) else (), range(10_001), strict=False)]
        if not start <= end <= head.size or start % TILE or len(names) > 10_000:
            raise Problem(MALFORMED, "the range is no row of tiles inside the tree, or far too many older checkpoints")
        notes = (*older, *(self.read(f"checkpoints/{name}", MAX_NOTE) for name in names))
        known = sorted((open_checkpoint(note, pinned) for note in notes), key=lambda old: old.size)
        if any(old.origin != head.origin for old in known):
            raise Problem(POLICY, "an older checkpoint is of another log")
        if known and known[-1].size > head.size:
            raise Problem(ALTERED, f"rolled back: {known[-1].size} entries were signed for, {head.size} are left")
        waiting, grown, hashes, level = list(known), Growing(), [], 1
        for first in range(0, head.size, TILE):
            width = min(TILE, head.size - first)
            leaves = self.tile(0, first // TILE, width)
            if start <= first < end:
                raw = self.read(tile_path("entries", first // TILE, width), TILE * (MAX_ENTRY + 2))
                compare(split_entries(raw, width), leaves, first)
            while waiting and waiting[0].size <= first + width:
                old = waiting.pop(0)
                if grown.root(leaves[: old.size - first]) != old.root:
                    raise Problem(ALTERED, f"the first {old.size} entries differ from what was signed for them")
            for root in [subtree_root(leaves)] if width == TILE else leaves:
                grown.add(root, TILE if width == TILE else 1)
                hashes += [root] * (width == TILE)
        if grown.root() != head.root or any(old.root != head.root for old in waiting):
            raise Problem(ALTERED, "the leaves do not lead to the signed root")
        while hashes:
            tiles = [hashes[i : i + TILE] for i in range(0, len(hashes), TILE)]
            for number, tile in enumerate(tiles):
                if self.tile(level, number, len(tile)) != tile:
                    raise Problem(ALTERED, f"tile {level}/{number} is not what its leaves say")
            hashes, level = [subtree_root(tile) for tile in tiles if len(tile) == TILE], level + 1
        if max_age is not None and (head.time is None or time.time() - head.time > max_age):
            raise Problem(POLICY, "the checkpoint is too old, or its time is not signed")
        if not keys:
            raise Problem(POLICY, "the bundle agrees with itself, but no key was pinned: give --key")
        return f"{end - start} entries of {head.size}, {len(known)} older checkpoints, log {head.origin}"


def verify_proof(raw: bytes, entry: bytes, keys: Sequence[Key]) -> str:
    """Check by a C2SP tlog-proof file alone that an entry is in the log."""
    proof, _, note = raw.partition(b"\n\n")
    lines = [line for n, line in enumerate(proof.decode("latin-1").split("\n")) if n != 1 or line[:6] != "extra "]
    if lines[0] != "c2sp.org/tlog-proof@v1" or not 1 < len(lines) < 70 or not lines[1].startswith("index "):
        raise Problem(MALFORMED, "not a tlog-proof")
    index, path = _number(lines[1][6:]), [_base64(line, 32) for line in lines[2:]]
    head = open_checkpoint(note, keys)
    verify_inclusion(index, head.size, leaf_hash(entry), path, head.root)
    return f"{name_of(entry, index)} is in log {head.origin} of size {head.size}"


def verify_vector(kind: str, raw: bytes) -> str:
    """Check the proof of a test vector of transparency-dev/merkle. Its wantErr is not believed, not even read."""
    vector = load_json(raw)
    vector.setdefault("leafIdx", vector.get("leafIndex"))  # as older vectors call it
    proof = vector.get("proof") or []
    if not isinstance(proof, list) or len(proof) > 1_000:
        raise Problem(MALFORMED, "proof is not a list of hashes")
    path = [_base64(value) for value in proof]
    names = ("leafIdx", "treeSize", "leafHash", "root") if kind == "inclusion" else ("size1", "size2", "root1", "root2")
    sizes, hashes = [_number(vector.get(name)) for name in names[:2]], [_base64(vector.get(name)) for name in names[2:]]
    if kind == "inclusion":
        verify_inclusion(sizes[0], sizes[1], hashes[0], path, hashes[1])
    else:
        verify_consistency(sizes[0], sizes[1], path, hashes[0], hashes[1])
    return f"the {kind} proof"


def run(given: argparse.Namespace, keys: Sequence[Key]) -> str:
    if given.file and given.what in ("inclusion", "consistency"):
        return verify_vector(given.what, read_file(given.file, MAX_JSON))
    if given.file and given.what == "note":
        return "signed by " + ", ".join(key[0] for key in open_note(read_file(given.file, MAX_NOTE), keys)[1])
    if given.file and given.what == "proof" and given.entry:
        return verify_proof(read_file(given.file, MAX_NOTE), read_file(given.entry, MAX_ENTRY), keys)
    return Bundle(given.what).verify(keys, [read_file(path, MAX_NOTE) for path in given.older], given.max_age)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an audit trail offline: 0 sound, 2 altered, 3 policy, 4 bad.")
    parser.add_argument("what", help="a bundle's folder, or one of proof, note, inclusion, consistency")
    parser.add_argument("file", nargs="?", help="the file that proof, note, inclusion or consistency checks")
    parser.add_argument("--key", action="append", default=[], help="a pinned verifier key, name+id+base64")
    parser.add_argument("--older", action="append", default=[], help="a checkpoint from an earlier day")
    parser.add_argument("--entry", help="the entry of a proof")
    parser.add_argument("--max-age", type=float, help="refuse a checkpoint that was signed longer ago, in seconds")
    parser.error = lambda message: parser.exit(MALFORMED, f"MALFORMED: {message}\n")  # type: ignore[method-assign]
    given = parser.parse_args(arguments)
    try:
        print(f"SOUND: {run(given, [parse_key(key) for key in given.key])}")
    except Problem as problem:
        print({ALTERED: "ALTERED", POLICY: "POLICY", MALFORMED: "MALFORMED"}[problem.code] + f": {problem}")
        return problem.code
    return SOUND


if __name__ == "__main__":
    sys.exit(main())
