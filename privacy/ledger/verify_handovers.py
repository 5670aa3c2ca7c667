"""When the notary got a new key: what the old key and the new one signed together, for ``verify.py`` beside this file.

A hand-over is a note of the log's name followed by ``/handover``, the size and the root up to which the old key signs,
the digest of the tree heads, the digest of the hand-over before it (``none`` for the first), and four verifier keys:
the old pair and the new pair. All four sign it. So whoever pinned one of the keys knows the other, and up to which
size, or from which on, each signs; a key that was stolen after it was handed over signs nothing more, and names none
before it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

FOLDER = "handovers"
MAX_HAND_OVERS = 100
FIRST = "none"


class HandOver(NamedTuple):
    """What both keys signed: the checkpoint at which one follows the other, the digest of tree heads up to it, and
    the digest of the hand-over before it.
    """

    text: str
    checkpoint: verify.Checkpoint
    digest: str
    before: str
    old: list[verify.Key]
    new: list[verify.Key]

    @property
    def vkeys(self) -> list[str]:
        """The old pair and the new pair, as they are pinned."""
        return self.text.split("\n")[5:9]


def text(origin: str, size: int, root: str, digest: str, before: str, old: Sequence[str], new: Sequence[str]) -> str:
    """Return what the two keys sign; ``root`` is base64, the keys are verifier keys."""
    return "\n".join((f"{origin}/handover", str(size), root, digest, before, *old, *new, ""))


def digest_of(hand_over: HandOver) -> str:
    """Return by what the next one names a hand-over."""
    return verify.sha256(hand_over.text.encode()).hexdigest()


def open_hand_over(raw: bytes) -> HandOver:
    """Read a hand-over that all the keys in it signed. Whether one of them is pinned is not asked here."""
    lines = raw.decode("utf-8", "replace").partition("\n\n")[0].split("\n")
    if len(lines) != 9 or not lines[0].endswith("/handover"):
        raise verify.Problem(verify.MALFORMED, "not a hand-over of the notary's key")
    keys, origin, size = [verify.parse_key(line) for line in lines[5:]], lines[0][:-9], verify.decode_number(lines[1])
    said, signed = verify.open_note(raw, keys)
    if len(signed) != 4 or {key.name for key in keys} != {origin} or [key.kind for key in keys] != [1, 4, 1, 4]:
        raise verify.Problem(verify.ALTERED, f"the hand-over at size {size} is not signed by both keys")
    root, moment = verify.decode_base64(lines[2], 32), max(filter(None, signed.values()), default=None)
    old, new = [key._replace(last=size) for key in keys[:2]], [key._replace(first=size) for key in keys[2:]]
    return HandOver(said, verify.Checkpoint(origin, size, root, moment), lines[3], lines[4], old, new)


def follow(notes: Iterable[bytes], pinned: Sequence[verify.Key]) -> tuple[list[verify.Key], list[HandOver]]:
    """Return the pinned keys with those that followed them or that they follow, and the hand-overs between them.

    Backwards each hand-over names the one before it: what the thief of an old key signs later is named by none, and
    one that no pinned key leads to is passed over. Raises Problem for a pinned key that was handed over twice.
    """
    different = {*notes}
    if len(different) > MAX_HAND_OVERS:
        raise verify.Problem(verify.MALFORMED, "far too many hand-overs of the notary's key")
    # One that was signed again after a crash says the same but for the time.
    known = {digest_of(one): one for one in map(open_hand_over, sorted(different))}
    followed = _onwards(known.values(), pinned)
    replaced = [key for one in followed for key in one.old]
    for key in pinned:
        if not _is_among(key, replaced):
            followed += _only(one for one in known.values() if one not in followed and _is_among(key, one.new))
    for one in followed:
        before = known.get(one.before)
        if before is not None and before not in followed:
            followed.append(before)
    keys = {key[:2]: key for key in pinned}
    for key in (key for one in followed for key in (*one.old, *one.new)):
        bound = keys.get(key[:2], key)
        keys[key[:2]] = key._replace(first=max(bound.first, key.first), last=min(bound.last, key.last))
    return list(keys.values()), followed


def _onwards(known: Collection[HandOver], pinned: Sequence[verify.Key]) -> list[HandOver]:
    """Return the hand-overs from the pinned keys to those that follow them, and so on."""
    found, keys = list[HandOver](), list(pinned)
    for key in keys:
        for one in _only(one for one in known if one not in found and _is_among(key, one.old)):
            found.append(one)
            keys += one.new
    return found


def _only(found: Iterable[HandOver]) -> list[HandOver]:
    """Return the one hand-over of a key, if there is one; a second is a thief's, or the notary's own lie."""
    hand_overs = list(found)
    if len(hand_overs) > 1:
        raise verify.Problem(verify.ALTERED, "a key of the notary was handed over twice")
    return hand_overs


def _is_among(key: verify.Key, keys: Iterable[verify.Key]) -> bool:
    """Whether a key is one of these; its id alone, 32 bits, is no proof of that."""
    return any(key[:2] == other[:2] and key.public == other.public for other in keys)
