"""When the notary got a new key: what the old key and the new one signed together, for ``verify.py`` beside this file.

A hand-over is a note of the log's name followed by ``/handover``, the size and the root up to which the old key signs,
the digest of the tree heads, and four verifier keys: the old pair and the new pair. All four sign it. So whoever pinned
one of the keys knows the other, and up to which size, or from which on, each signs; a key that was stolen after it was
handed over signs nothing more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

FOLDER = "handovers"
MAX_HAND_OVERS = 100


class HandOver(NamedTuple):
    """What both keys signed: the checkpoint at which one follows the other, and the digest of tree heads up to it."""

    checkpoint: verify.Checkpoint
    digest: str
    old: list[verify.Key]
    new: list[verify.Key]


def text(origin: str, size: int, root: str, digest: str, old: Sequence[str], new: Sequence[str]) -> str:
    """Return what the two keys sign; ``root`` is base64, the keys are verifier keys."""
    return "\n".join((f"{origin}/handover", str(size), root, digest, *old, *new, ""))


def open_hand_over(raw: bytes) -> HandOver:
    """Read a hand-over that all the keys in it signed. Whether one of them is pinned is not asked here."""
    lines = raw.decode("utf-8", "replace").partition("\n\n")[0].split("\n")
    if len(lines) != 8 or not lines[0].endswith("/handover"):
        raise verify.Problem(verify.MALFORMED, "not a hand-over of the notary's key")
    keys, origin, size = [verify.parse_key(line) for line in lines[4:]], lines[0][:-9], verify.decode_number(lines[1])
    signed = verify.open_note(raw, keys)[1]
    if len(signed) != 4 or {key.name for key in keys} != {origin} or [key.kind for key in keys] != [1, 4, 1, 4]:
        raise verify.Problem(verify.ALTERED, f"the hand-over at size {size} is not signed by both keys")
    root, moment = verify.decode_base64(lines[2], 32), max(filter(None, signed.values()), default=None)
    old, new = [key._replace(last=size) for key in keys[:2]], [key._replace(first=size) for key in keys[2:]]
    return HandOver(verify.Checkpoint(origin, size, root, moment), lines[3], old, new)


def follow(notes: Iterable[bytes], pinned: Sequence[verify.Key]) -> tuple[list[verify.Key], list[HandOver]]:
    """Return the pinned keys with those that followed them or that they follow, and the hand-overs between them.

    A hand-over that no pinned key leads to says nothing and is passed over: so does what a thief of an old key signs,
    to whoever pinned the one that follows it. Raises Problem for a pinned key that was handed over twice.
    """
    # One that was signed again after a crash says the same but for the time.
    signed = {(one.checkpoint[:3], *(key.id for key in (*one.old, *one.new))): one for one in _opened(notes)}
    onwards = _lead(list(signed.values()), pinned, lambda one: (one.old, one.new))
    back = _lead(list(signed.values()), pinned, lambda one: (one.new, one.old))
    followed = [*onwards, *(one for one in back if one not in onwards)]
    known = {key[:2]: key for key in pinned}
    for one in followed:
        for key in (*one.old, *one.new):
            before = known.get(key[:2], key)
            known[key[:2]] = key._replace(first=max(before.first, key.first), last=min(before.last, key.last))
    return list(known.values()), followed


def _lead(
    waiting: list[HandOver],
    pinned: Sequence[verify.Key],
    ends: Callable[[HandOver], tuple[list[verify.Key], list[verify.Key]]],
) -> list[HandOver]:
    """Return the hand-overs that lead from the pinned keys in one direction."""
    reached, left, found = {key[:2] for key in pinned}, set[bytes](), list[HandOver]()
    while following := [one for one in waiting if any(key[:2] in reached for key in ends(one)[0])]:
        for one in following:
            waiting.remove(one)
            found.append(one)
            if ends(one)[0][0].id in left:
                raise verify.Problem(verify.ALTERED, "a key of the notary was handed over twice")
            left.add(ends(one)[0][0].id)
            reached |= {key[:2] for key in ends(one)[1]}
    return found


def _opened(notes: Iterable[bytes]) -> list[HandOver]:
    different = sorted({*notes})
    if len(different) > MAX_HAND_OVERS:
        raise verify.Problem(verify.MALFORMED, "far too many hand-overs of the notary's key")
    return sorted(map(open_hand_over, different), key=lambda one: one.checkpoint.size)
