"""What the notary remembers between two checkpoints, outside the database, signed with its own key."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from privacy.ledger.checkpoints.signed_notes import Signer
from privacy.ledger.verify import Problem, open_note, sha256
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
    # The last number of each run of a key service.
    attested: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, signer: Signer) -> NotaryState:
        """Read the state. One that is gone, spoiled or not signed by this key is an empty one."""
        state, note = cls.read(path)
        with suppress(Problem):
            text, signed = open_note(note.encode(), signer.keys) if note else ("", {})
            if text == state._text(signer) and len(signed) == len(signer.keys):
                return state
        return cls()

    @classmethod
    def read(cls, path: Path) -> tuple[NotaryState, str]:
        """Return what stands in the file, with its signature: believed by nobody."""
        with suppress(FileNotFoundError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            kept = json.loads(path.read_text())
            note = str(kept.pop("signed_note"))
            return cls(**kept), note
        return cls(), ""

    def says_the_same(self, other: NotaryState) -> bool:
        """Whether both remember the same log; when auditors were last mailed is no part of it."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("size", "root", "frontier", "heads", "sealed")
        )

    def save(self, path: Path, signer: Signer, *following: Signer) -> None:
        """Write the state so that a crash leaves the old or the new one, and it has reached the disk.

        ``following`` is the key that takes over: whichever of the two is in place then can read it.
        """
        text = self._text(signer)
        note = signer.note(text, self.time)
        note += "".join(one.note(text, self.time).removeprefix(f"{text}\n") for one in following)
        replace_text(path, json.dumps({**asdict(self), "signed_note": note}))

    def _text(self, signer: Signer) -> str:
        """What is signed: no checkpoint, because it has two lines."""
        digest = sha256(json.dumps(asdict(self)).encode()).hexdigest()
        return f"{signer.name}/state\n{digest}\n"
