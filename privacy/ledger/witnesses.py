"""What stands outside the database and can speak against it: pinned keys, anchored checkpoints, the notary's mirror."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from privacy.ledger import anchors
from privacy.ledger.verify import Key, parse_key


@dataclass(frozen=True)
class Witnesses:
    """Checkpoints come with their signed digest of tree heads; ``mirror`` is None where there is none to read."""

    keys: Sequence[Key]
    anchored: Sequence[tuple[str, str]] = ()
    mirror: Path | None = None


def gather() -> Witnesses:
    """Return the witnesses that the settings name and that can be read from here."""
    notes = anchors.read_directory(settings.ANCHOR_DIR) if settings.ANCHOR_DIR.is_dir() else []
    mirror: Path = settings.MIRROR_DIR
    if (mirror / "checkpoint").exists() and (mirror / "heads").exists():
        notes.append(((mirror / "checkpoint").read_text("utf-8"), (mirror / "heads").read_text("utf-8")))
    return Witnesses([parse_key(vkey) for vkey in pinned()], notes, mirror if (mirror / "tile").is_dir() else None)


def pinned() -> list[str]:
    """Return the notary's verifier keys: from the settings, else from the file the notary left beside its state.

    Production pins them in the settings (NOTARY_VKEYS), taken from the notary's host by hand.
    """
    configured: list[str] = list(getattr(settings, "NOTARY_VKEYS", []))
    beside: Path = settings.NOTARY_STATE_DIR / "vkeys"
    if configured or not beside.exists():
        return configured
    return beside.read_text("utf-8").split()
