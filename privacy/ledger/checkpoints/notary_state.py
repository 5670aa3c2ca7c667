"""What the notary remembers between two checkpoints, outside the database."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from privacy.lib.durable_files import replace_text


class SigningRefused(Exception):
    """The notary does not sign; the message says what it saw."""


@dataclass(frozen=True)
class NotaryState:
    """What the notary signed last. ``heads`` digests every tree head so far, ``sealed`` is the latest moment of one."""

    size: int = 0
    root: str = ""
    frontier: str = ""
    heads: str = ""
    sealed: str = ""
    time: int = 0
    note: str = ""
    heads_note: str = ""
    mailed: int = 0
    pruned: int = 0

    @classmethod
    def load(cls, path: Path) -> NotaryState:
        """Read the state; one that is gone or spoiled is an empty one, which signs nothing that was signed before."""
        with suppress(FileNotFoundError, ValueError, TypeError, RecursionError):
            return cls(**json.loads(path.read_text()))
        return cls()

    def says_the_same(self, other: NotaryState) -> bool:
        """Whether both remember the same log; when auditors were last mailed is no part of it."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("size", "root", "frontier", "heads", "sealed")
        )

    def save(self, path: Path) -> None:
        """Write the state so that a crash leaves the old or the new one, and it has reached the disk."""
        replace_text(path, json.dumps(asdict(self)))
