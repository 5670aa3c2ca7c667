"""Check an audit trail offline, without trusting whoever kept it. Needs Python 3.10+ and ``cryptography`` only.

    python verify.py BUNDLE --key VKEY [--older CHECKPOINT ...] [--from INDEX] [--until INDEX] [--max-age SECONDS]
    python verify.py proof FILE.tlog-proof --entry FILE --key VKEY [--handover FILE ...] (FILE.json needs no --entry)
    python verify.py paper FILE.pdf --key VKEY [--handover FILE ...]

BUNDLE is a folder as ``export_ledger`` or the notary's mirror writes it (C2SP tlog-tiles). VKEY is the notary's public
key: take it from elsewhere, because a key that came with the bundle proves nothing. This is what is checked, in the
order in which this file tells it:

1. Every entry is hashed, and must have the hash (*leaf*) that stands at its place in the log.
2. All leaves together are hashed to one number, the *root* (RFC 6962). It must be the root in the *checkpoint*, a short
   text that the notary signed; and it must continue every older checkpoint: those in the bundle, and yours (--older).
3. Each entry says when it was written. The checkpoints around its place say when the notary saw the log without it and
   with it; the entry's own time must lie between the two. What was sealed late, or accepted as it is, is told.
4. What the bundle does not hold is told. Unless you asked for a part (--from, --until), all entries must be there.

Exit: 0 sound, 2 altered, 3 policy (no pinned key, entries not covered, too old), 4 malformed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import functools
import hashlib
import importlib
import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

SOUND, ALTERED, POLICY, MALFORMED = 0, 2, 3, 4
# Entries in a tile, and the most that is read of anything: a hostile bundle must not fill the memory.
TILE, MAX_ENTRY, MAX_NOTE, MAX_JSON, MAX_NOTES, MAX_SIZE = 256, 65_535, 262_144, 1_048_576, 100_000, 2**64 - 1
TRANSACTION, AHEAD, LATE = 3_600, 300, 600  # seconds: a long transaction or a clock behind, a clock ahead, what is late
MAX_LINES, MAX_WAITS, sha256 = 20, 10_000, hashlib.sha256  # lines of one sort that are written, delays that are read


class Problem(Exception):
    """What is wrong, with the exit code that says of which sort."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


# -- 1. Hashes ---------------------------------------------------------------------------------------------------
# A leaf is the hash of a zero byte and an entry. Two hashes side by side are hashed again, with a one before them, and
# so on until one is left: the root. Whoever changes a byte of any entry changes the root.


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

    def root(self) -> bytes:
        """The root of the tree; of an empty one the hash of nothing."""
        left = list(self.stack)
        root = left.pop() if left else sha256(b"").digest()
        while left:
            root = node_hash(left.pop(), root)
        return root


def climb(node: int, last: int, first: bytes, second: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Hash along a proof, the few hashes from a part of the tree to its root: ``first`` takes what is left of it."""
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
    if climb(index, size - 1, leaf, leaf, proof)[1] != root:
        raise Problem(ALTERED, "the proof leads to another root")


# -- 2. Signatures -----------------------------------------------------------------------------------------------
# A note is a text, an empty line, and lines of signatures (C2SP signed-note). A checkpoint's text is the log's name,
# how many entries it has, and the root. The notary signs it twice: once plainly, and once with the time.


class Key(NamedTuple):
    """A pinned key: its name, its id, the type of its signatures, the public key, and the sizes that it signs for."""

    name: str
    id: bytes
    kind: int
    public: Any
    first: int = 0
    last: int = MAX_SIZE


class SignatureKind(NamedTuple):
    """How one type of signature is checked. ``verify_vectors.py`` adds the types that are rarely used."""

    load: Callable[[bytes], Any]  # a public key from its bytes
    fingerprint: Callable[[bytes, bytes, bytes], bytes]  # name, type, public: whose first four bytes are the key's id
    check: Callable[[Key, bytes, bytes], int | None]  # key, text, signature: when it says that it was made


def load_ed25519(public: bytes) -> Any:
    return load_der_public_key(bytes.fromhex("302a300506032b6570032100") + public)


def fingerprint(name: bytes, kind: bytes, public: bytes) -> bytes:
    return sha256(name + b"\n" + kind + public).digest()


def _check_timed(key: Key, text: bytes, signature: bytes) -> int:
    """A cosignature (C2SP tlog-cosignature): eight bytes of time, then a signature over that time and the text."""
    moment = int.from_bytes(signature[:8], "big")
    key.public.verify(signature[8:], b"cosignature/v1\ntime %d\n" % moment + text)
    return moment


ED25519, COSIGNATURE = 1, 4
KINDS = {
    ED25519: SignatureKind(load_ed25519, fingerprint, lambda key, text, signature: key.public.verify(signature, text)),
    COSIGNATURE: SignatureKind(load_ed25519, fingerprint, _check_timed),
}


def parse_key(vkey: str) -> Key:
    """Read a verifier key ``name+id+base64(type || key)`` and check that its parts belong together."""
    with contextlib.suppress(ValueError, LookupError, UnsupportedAlgorithm):
        name, identity, encoded = vkey.strip().split("+", 2)
        material = base64.b64decode(encoded, validate=True)
        kind = KINDS[material[0]]
        known = kind.fingerprint(name.encode(), material[:1], material[1:])[:4]
        key = Key(name, known, material[0], kind.load(material[1:]))
        if known.hex() == identity and 0 < len(name.encode()) < 256 and not any(c.isspace() for c in name):
            return key
    raise Problem(MALFORMED, "not an Ed25519 verifier key; with other types call verify_vectors.py instead")


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
    known, signed = {key[:2]: key for key in keys}, dict[tuple[str, bytes], int | None]()
    for line in lines:
        dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
        signature = decode_base64(encoded)
        if dash != "\u2014" or not name or "+" in name or any(c.isspace() for c in name) or len(signature) < 5:
            raise Problem(MALFORMED, "a signature line is malformed")
        key = known.get((name, signature[:4]))
        if key is not None and key[:2] not in signed:
            try:
                signed[key[:2]] = KINDS[key.kind].check(key, (text + "\n").encode(), signature[4:])
            except InvalidSignature:
                raise Problem(ALTERED, f"the signature of {key.name} is false") from None
    if not signed:
        raise Problem(POLICY, "no signature by a pinned key")
    return text + "\n", signed


class Checkpoint(NamedTuple):
    """What the notary signed: the log's name, its number of entries, its root, and when (seconds since 1970)."""

    origin: str
    size: int
    root: bytes
    time: int | None


def of_logs(keys: Sequence[Key]) -> list[Key]:
    return [key for key in keys if not key.name.endswith("/papers")]  # a key of papers signs for no log


def open_checkpoint(raw: bytes, keys: Sequence[Key]) -> Checkpoint:
    """Return the checkpoint of a note that its own log signed with a pinned key."""
    text, signed = open_note(raw, of_logs(keys))
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise Problem(MALFORMED, "the checkpoint lacks its three lines")
    if lines[0] not in {name for name, _id in signed}:
        raise Problem(POLICY, "the checkpoint is not signed by its own log")
    size, moment = decode_number(lines[1]), max(filter(None, signed.values()), default=None)
    if not all(key.first <= size <= key.last for key in keys if key[:2] in signed):
        raise Problem(ALTERED, f"{size} entries were signed for by a key that was handed over before, or not yet")
    return Checkpoint(lines[0], size, decode_base64(lines[2], 32), moment)


# -- 3. Times ----------------------------------------------------------------------------------------------------
# A checkpoint covers everything that was sealed when the notary signed it. So an entry whose place is at or behind its
# size was sealed later, and one before it was sealed earlier. Between being written and being sealed lies a second; an
# hour where a transaction was open for so long; more, where the sealer was away, which the notary puts on record.


def moment_text(seconds: float) -> bytes:
    """A moment as entries say it, so that the two can be compared as they are."""
    whole = time.gmtime(max(0, min(seconds, 253_402_300_799)))  # until the end of the year 9999
    return time.strftime("%Y-%m-%dT%H:%M:%S", whole).encode() + b".%06dZ" % (seconds % 1 * 1_000_000)


class Span(NamedTuple):
    """Entries in a row that say a time too early or too late: first and last index, the furthest off, and its name."""

    first: int
    last: int
    moment: bytes
    name: str
    seen: int  # when the notary saw the log without them, or with them
    is_ahead: bool


class Wait(NamedTuple):
    """What the notary put on record: entries from ``first`` until before ``until`` were sealed so late."""

    first: int
    until: int
    seconds: int
    place: int  # the index of the entry that says so


class Times:
    """Compares what entries say with the checkpoints around them; asked tile by tile, from the first index on."""

    def __init__(self, checkpoints: Sequence[Checkpoint]) -> None:
        self._timed = sorted({(one.size, one.time) for one in checkpoints if one.time is not None})
        for (size, earlier), (larger, later) in zip(self._timed, self._timed[1:], strict=False):
            if larger > size and later < earlier:
                raise Problem(ALTERED, f"the checkpoint of {larger} entries was signed before that of {size}")
        self._next, self._waits, self._spans = 0, list[Wait](), list[Span]()
        self.excepted = list[bytes]()  # entries that accept times: verify_exceptions.py reads them
        self.unbounded = self._timed[0][0] if self._timed else MAX_SIZE

    def compare(self, entries: Sequence[bytes], first: int) -> None:
        """Look at the entries of one tile, the first of which is at index ``first``."""
        done, end = 0, first + len(entries)
        while done < len(entries):
            while self._next < len(self._timed) and self._timed[self._next][0] <= first + done:
                self._next += 1
            until = min(end, self._timed[self._next][0]) if self._next < len(self._timed) else end
            self._compare(entries[done : until - first], first + done)
            done = until - first
        for place, entry in enumerate(entries, first):
            if b"ledger.batch.waited" in entry:
                self._note_wait(place, entry)
            if b"ledger.notary.excepted" in entry and len(self.excepted) < MAX_WAITS:
                self.excepted.append(entry)

    def _compare(self, entries: Sequence[bytes], first: int) -> None:
        """All of these lie between the same two checkpoints."""
        try:
            said = [entry.split(b"\t", 4)[3] for entry in entries]
        except IndexError:
            raise Problem(ALTERED, f"an entry from index {first} on says no time") from None
        signed = self._timed[self._next][1] if self._next < len(self._timed) else 0
        if signed and max(said) > (bound := moment_text(signed + AHEAD)):
            at, ahead = said.index(max(said)), [place for place, moment in enumerate(said, first) if moment > bound]
            self._spans.append(Span(ahead[0], ahead[-1], said[at], name_of(entries[at], first + at), signed, True))
        if self._next and min(said) < moment_text((seen := self._timed[self._next - 1][1]) - LATE):
            at = said.index(min(said))
            bound = moment_text(seen - (LATE if said[at] >= moment_text(seen - TRANSACTION) else TRANSACTION))
            early = [place for place, moment in enumerate(said, first) if moment < bound]
            self._spans.append(Span(early[0], early[-1], said[at], name_of(entries[at], first + at), seen, False))

    def _note_wait(self, place: int, entry: bytes) -> None:
        """Remember what the notary put on record: which entries were sealed late, and by how many seconds."""
        with contextlib.suppress(Problem, LookupError, TypeError, ValueError):
            facts = dict((said := load_json(entry.partition(b"\n")[2]))["facts"])
            first, until, seconds = (decode_number(facts[name]) for name in ("from", "until", "seconds"))
            if said["word"] == "ledger.batch.waited" and len(self._waits) < MAX_WAITS:
                self._waits.append(Wait(first, until, seconds, place))

    def late(self, excepted: Sequence[Any] = ()) -> Iterator[str]:
        """Say what was sealed late. Raises the first entry that says a time which nothing on record explains."""
        for span in [one for one in self._spans if not any(by.covers(*one[:2]) for by in excepted)]:
            if span.is_ahead:
                raise Problem(
                    ALTERED, f"{span.name} is younger than its signature: {span.moment[:27].decode('latin-1')!r}"
                )
            waits = [w.seconds for w in self._waits if w.first <= span.first and span.last < w.until <= w.place]
            allowed = max([TRANSACTION, *waits])
            said = f"says {span.moment[:27].decode('latin-1')!r}, still unsealed at {moment_text(span.seen).decode()}"
            if span.moment < moment_text(span.seen - allowed - AHEAD * (allowed > TRANSACTION)):
                raise Problem(ALTERED, f"{span.name} {said}")
            yield f"index {span.first} to {span.last}: the oldest {said}"
        for first, until, seconds, place in self._waits:
            yield f"index {first} to {until - 1}: the oldest waited {seconds} s for its seal (said at index {place})"


# -- 4. Reading what somebody else has written -------------------------------------------------------------------
def decode_base64(text: Any, length: int | None = None) -> bytes:
    with contextlib.suppress(ValueError, TypeError):
        value = base64.b64decode(text or "", validate=True)
        if base64.b64encode(value).decode() == (text or "") and length in (None, len(value)):
            return value
    raise Problem(MALFORMED, "not base64, or of the wrong length")


def decode_number(value: Any) -> int:
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
    raise Problem(MALFORMED, f"{path!r} is not a readable file of at most {limit} bytes")


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


# -- 5. The bundle -----------------------------------------------------------------------------------------------
class Answer(NamedTuple):
    """What is sound, which times were accepted, what was sealed late or is not covered, and whether all is there."""

    said: str
    excepted: list[str]
    late: list[str]
    missing: list[str]
    complete: bool


class Bundle:
    """A folder of tiles, entries and checkpoints; nothing outside of it is ever read."""

    def __init__(self, path: str) -> None:
        self.root = os.path.realpath(path)
        self._real = functools.cache(os.path.realpath)

    def read(self, name: str, limit: int) -> bytes:
        path = os.path.join(self.root, name)
        packed = not os.path.lexists(path) and os.path.lexists(path + ".gz")
        if self._real(os.path.dirname(path)) != os.path.dirname(path):
            raise Problem(MALFORMED, f"{name!r} leads out of the bundle")
        raw = read_file(path + ".gz" * packed, limit)
        try:
            return zlib.decompressobj(31).decompress(raw, limit) if packed else raw
        except zlib.error:
            raise Problem(MALFORMED, f"{name!r} is not gzip") from None

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        raw = self.read(tile_path(str(level), number, width), TILE * 32)
        if len(raw) != width * 32:
            raise Problem(MALFORMED, f"tile {level}/{number} has the wrong length")
        return [raw[i : i + 32] for i in range(0, len(raw), 32)]

    def verify(
        self, keys: Sequence[Key], older: Iterable[bytes] = (), max_age: float | None = None,
        asked: tuple[int, int | None] = (0, None), policy: Any = None,
    ) -> Answer:  # fmt: skip
        """Say what was found, or raise the first problem. ``asked``: from and until which index all must be there."""
        manifest = load_json(self.read("bundle.json", MAX_JSON))
        pinned = keys or [parse_key(line) for line in self.read("keys", MAX_NOTE).decode("latin-1").splitlines()[:9]]
        notes = [note for note, _ in zip(self._kept("handovers"), range(101), strict=False)]
        pinned, handed = beside("verify_handovers").follow(notes, pinned) if notes else (pinned, [])
        # The notary replaces "checkpoint" before it adds one to the folder: read in this order, none there is newer.
        known = [open_checkpoint(note, pinned) for notes in (older, self._kept("checkpoints")) for note in notes]
        known = sorted([*known, *(one.checkpoint for one in handed)], key=lambda one: one.size)
        head = open_checkpoint(note := self.read("checkpoint", MAX_NOTE), pinned)
        start, end = decode_number(manifest.get("start", 0)), decode_number(manifest.get("end", head.size))
        if not start <= end <= head.size or start % TILE:
            raise Problem(MALFORMED, "the range is no row of tiles inside the tree")
        if known and known[-1].size > head.size:
            raise Problem(ALTERED, f"rolled back: {known[-1].size} entries were signed for, {head.size} are left")
        self._compare_tree(head, known, range(start, end), times := Times([*known, head]))
        told = [*times.excepted, *(note for note, _ in zip(self._kept("exceptions"), range(MAX_WAITS), strict=False))]
        excepted = beside("verify_exceptions").read(told, pinned) if told else []
        late = list(times.late(excepted))
        if max_age is not None and (head.time is None or time.time() - head.time > max_age):
            raise Problem(POLICY, "the checkpoint is too old, or its time is not signed")
        if policy:
            policy.require(note)
        if not keys:
            raise Problem(POLICY, "the bundle agrees with itself, but no key was pinned: give --key")
        said = f"{end - start} entries of {head.size}, {len(known)} older checkpoints, log {head.origin}"
        complete = start <= asked[0] and end >= (head.size if asked[1] is None else asked[1])
        return Answer(
            said, list(map(str, excepted)), late, _not_covered(start, end, head.size, times.unbounded), complete
        )

    def _kept(self, folder: str) -> Iterator[bytes]:
        """Read the notes of a folder, without what is half written or was taken out meanwhile."""
        path = os.path.join(self.root, folder)
        try:
            with os.scandir(path) if os.path.lexists(path) else contextlib.nullcontext(()) as found:
                shown = (file.name for file in found if (file.name[0], file.name[-4:]) != (".", ".new"))
                names = [name for name, _ in zip(shown, range(MAX_NOTES + 1), strict=False)]
        except OSError:
            raise Problem(MALFORMED, f"the folder {folder} can't be read") from None
        if len(names) > MAX_NOTES:
            raise Problem(MALFORMED, f"far too many files in the folder {folder}")
        for name in names:
            try:
                yield self.read(f"{folder}/{name}", MAX_NOTE)
            except Problem:
                if os.path.lexists(os.path.join(path, name)):
                    raise

    def _compare_tree(self, head: Checkpoint, known: list[Checkpoint], range_: range, times: Times) -> None:
        """Hash all leaves to the root, tile by tile, and on the way compare entries, older checkpoints and times."""
        waiting, grown, hashes = list(reversed(known)), Growing(), list[bytes]()
        for first in range(0, head.size, TILE):
            width = min(TILE, head.size - first)
            leaves = self.tile(0, first // TILE, width)
            if range_.start <= first < range_.stop:
                raw = self.read(tile_path("entries", first // TILE, width), TILE * (MAX_ENTRY + 2))
                entries = split_entries(raw, width)
                compare(entries, leaves, first)
                times.compare(entries, first)
            inside = Growing(grown.size, grown.stack)
            while waiting and waiting[-1].size <= first + width:
                old = waiting.pop()
                for leaf in leaves[inside.size - first : old.size - first]:
                    inside.add(leaf)
                if inside.root() != old.root:
                    raise Problem(ALTERED, f"the first {old.size} entries differ from what was signed for them")
            for root in [subtree_root(leaves)] if width == TILE else leaves:
                grown.add(root, TILE if width == TILE else 1)
                hashes += [root] * (width == TILE)
        if grown.root() != head.root or any(old.root != head.root for old in waiting):
            raise Problem(ALTERED, "the leaves do not lead to the signed root")
        self._compare_upper_tiles(hashes)

    def _compare_upper_tiles(self, hashes: list[bytes]) -> None:
        """The tiles above the leaves hold nothing new; other people's tools read them, so they must be right."""
        level = 1
        while hashes:
            tiles = [hashes[i : i + TILE] for i in range(0, len(hashes), TILE)]
            for number, tile in enumerate(tiles):
                if self.tile(level, number, len(tile)) != tile:
                    raise Problem(ALTERED, f"tile {level}/{number} is not what its leaves say")
            hashes, level = [subtree_root(tile) for tile in tiles if len(tile) == TILE], level + 1


def _not_covered(start: int, end: int, size: int, unbounded: int) -> list[str]:
    """Say what this bundle can't show: entries that it doesn't hold, and times that no checkpoint bounds from below."""
    missing = [f"entries {a} to {b - 1} are not in it" for a, b in ((0, start), (end, size)) if a < b]
    if start < (bound := min(end, unbounded)):
        missing.append(f"since when entries {start} to {bound - 1} exist: no checkpoint here is older than they are")
    return missing


# -- 6. What is answered -----------------------------------------------------------------------------------------
# What is checked by a file beside this one: other people's vectors, one entry, a paper.
OTHERS = dict.fromkeys(("note", "inclusion", "consistency"), "verify_vectors")
OTHERS |= {"proof": "verify_papers", "paper": "verify_papers"}


def beside(name: str) -> Any:
    """Load what is rarely needed from a file beside this one: vectors, and a new key of the notary."""
    sys.modules.setdefault("verify", sys.modules[__name__])
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    return importlib.import_module(name)


def pin(given: argparse.Namespace) -> tuple[Sequence[Key], Any]:
    """Return the keys that are pinned, those that they were handed over to, and the policy."""
    policy = beside("verify_witnesses").read_policy(read_file(given.policy, MAX_NOTE)) if given.policy else None
    keys = [*map(parse_key, given.key), *(policy.logs if policy else ())]
    notes = [read_file(path, MAX_NOTE) for path in given.handover]
    return beside("verify_handovers").follow(notes, keys)[0] if notes else keys, policy


def run(given: argparse.Namespace) -> int:
    """Do what was asked and print the answer; return the exit code."""
    if given.file or given.entry:
        raise Problem(MALFORMED, "give one bundle, or proof FILE")
    keys, policy = pin(given)
    older = (read_file(path, MAX_NOTE) for path in given.older)
    answer = Bundle(given.what).verify(keys, older, given.max_age, (given.start, given.end), policy)
    print(f"{'SOUND' if answer.complete else 'POLICY: not all that was asked for is here. Sound'}: {answer.said}")
    for word, lines in zip(("EXCEPTED", "LATE", "NOT COVERED"), answer[1:4], strict=True):
        for line in lines[:MAX_LINES] + [f"{len(lines) - MAX_LINES} more of these"] * (len(lines) > MAX_LINES):
            print(f"{word}: {line}")
    return SOUND if answer.complete else POLICY


def main(arguments: Sequence[str] | None = None) -> int:
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names of files may be anything
    parser = argparse.ArgumentParser(description="Check an audit trail offline: 0 sound, 2 altered, 3 policy, 4 bad.")
    parser.add_argument("what", help="a bundle's folder, or proof, or paper")
    parser.add_argument("file", nargs="?", help="the file that is checked")
    parser.add_argument("--key", action="append", default=[], help="a pinned verifier key, name+id+base64")
    parser.add_argument("--policy", help="a C2SP policy: the log's keys, and the witnesses that must have cosigned")
    parser.add_argument("--older", action="append", default=[], help="a checkpoint from an earlier day")
    parser.add_argument("--handover", action="append", default=[], help="a hand-over of the notary's key")
    parser.add_argument("--entry", help="the entry of a proof")
    parser.add_argument("--from", dest="start", type=decode_number, default=0, help="the first index to be there (0)")
    parser.add_argument("--until", dest="end", type=decode_number, help="the index before which all are to be there")
    parser.add_argument("--max-age", type=float, help="refuse a checkpoint that was signed longer ago, in seconds")
    parser.error = lambda message: parser.exit(MALFORMED, f"MALFORMED: {message}\n")  # type: ignore[method-assign]
    try:
        given = parser.parse_args(arguments)
        if given.what in OTHERS:
            return int(beside(OTHERS[given.what]).run(given))
        return run(given)
    except ModuleNotFoundError as absent:
        parser.error(f"this is checked by {absent.name}.py, which is not beside this file")
    except Problem as problem:
        print({ALTERED: "ALTERED", POLICY: "POLICY", MALFORMED: "MALFORMED"}[problem.code] + f": {problem}")
        return problem.code


if __name__ == "__main__":
    sys.exit(main())
