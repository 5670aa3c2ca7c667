"""What stands outside the database and can speak against it: pinned keys, anchored checkpoints, the notary's mirror."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from privacy.ledger.checkpoints import anchors, kept_checkpoints
from privacy.ledger.verify import COSIGNATURE, ED25519, Key, Problem, parse_key

# How often, and after how many seconds, the mirror's two newest files are read again.
ATTEMPTS, PAUSE = 40, 0.05


@dataclass(frozen=True)
class ExternalCheckpoints:
    """Checkpoints come with their signed digest of tree heads; ``mirror`` is None where there is none to read."""

    keys: Sequence[Key]
    anchored: Sequence[tuple[str, str]] = ()
    mirror: Path | None = None
    # What NOTARY_VKEYS holds beside keys.
    unreadable: Sequence[str] = ()
    # The mirror's folder of older checkpoints.
    kept: Sequence[str] = ()


def load() -> ExternalCheckpoints:
    """Return the witnesses that the settings name and that can be read from here."""
    notes = anchors.read_directory(settings.ANCHOR_DIR) if settings.ANCHOR_DIR.is_dir() else []
    mirror: Path = settings.MIRROR_DIR
    if (mirror / "checkpoint").exists() and (mirror / "heads").exists():
        notes.append(_newest(mirror))
    keys, unreadable = readable_keys()
    tiles = mirror if (mirror / "tile").is_dir() else None
    return ExternalCheckpoints(keys, notes, tiles, tuple(unreadable), kept_checkpoints.in_mirror(mirror))


def readable_keys() -> tuple[list[Key], list[str]]:
    """Return the pinned keys, and what is pinned and is no key."""
    keys, unreadable = [], []
    for vkey in pinned_keys():
        try:
            keys.append(parse_key(vkey))
        except Problem:
            unreadable.append(vkey)
    return keys, unreadable


def _newest(mirror: Path) -> tuple[str, str]:
    """Return the mirror's checkpoint with its digest of tree heads.

    The notary replaces one file and then the other: two that don't belong together are read again, for as long as
    that takes it. If they never do, they are returned as they are, for the examination to say so.
    """
    for _attempt in range(ATTEMPTS):
        checkpoint, heads = ((mirror / name).read_text("utf-8") for name in ("checkpoint", "heads"))
        if checkpoint.split("\n")[1:2] == heads.split("\n")[1:2]:
            break
        time.sleep(PAUSE)
    return checkpoint, heads


def incomplete_keys() -> str:
    """Say what is wrong with the keys that the settings pin: each comes as two lines, one for the log, one for time."""
    kinds: dict[tuple[str, bytes], set[int]] = {}
    for vkey in settings.NOTARY_VKEYS:
        try:
            key = parse_key(vkey)
        except Problem:
            return f"{vkey[:100]!r} is no verifier key."
        kinds.setdefault(signer_of(key), set()).add(key.kind)
    alone = [name for (name, _public), found in kinds.items() if found != {ED25519, COSIGNATURE}]
    return f"a line of {alone[0]} is missing." if alone else ""


def signer_of(key: Key) -> tuple[str, bytes]:
    """Return whose a verifier key is, by log and public key: a notary has several lines."""
    return key.name, key.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pinned_keys() -> list[str]:
    """Return the notary's verifier keys: from the settings, else from the file the notary left beside its state.

    Production pins them in the settings (NOTARY_VKEYS), taken from the notary's host by hand.
    """
    configured: list[str] = list(settings.NOTARY_VKEYS)
    beside: Path = settings.NOTARY_STATE_DIR / "vkeys"
    if configured or not beside.exists():
        return configured
    return beside.read_text("utf-8").split()
