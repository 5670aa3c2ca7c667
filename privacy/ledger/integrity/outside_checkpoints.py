"""The checkpoints that stand outside the database, opened: any of them may expose a rollback or a rewriting.

Those of the mirror's folder of older ones are many and come without a digest of tree heads: each is opened when the
examination comes to its size.
"""

from __future__ import annotations

from collections.abc import Sequence

from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.integrity.checkpoint_signatures import open_signed
from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.verify import ALTERED, Checkpoint, Key, Problem, open_checkpoint

# A checkpoint, and the digest of tree heads that was signed with it, where it stands beside it.
type Signed = tuple[Checkpoint, str | None]


class OutsideCheckpoints:
    """Reports what can't be opened and what is larger than the log; the others are asked for by their sizes."""

    def __init__(self, by: ExternalCheckpoints, keys: Sequence[Key], report: VerificationReport) -> None:
        self._keys, self._report = keys, report
        self.anchored: dict[int, list[Signed]] = {}
        for note, heads_note in by.anchored:
            try:
                self._place(open_signed(note, heads_note, keys))
            except Problem as problem:
                report.add(problem.code, f"an anchored checkpoint: {problem}")
        self._kept: dict[int, list[str]] = {}
        for note in by.kept:
            said = note.split("\n", 2)[1:2]
            size = int(said[0]) if said and said[0].isdecimal() and len(said[0]) < 21 else 0
            self._kept.setdefault(size, []).append(note)
        for size in [size for size in self._kept if not 0 < size <= report.size]:
            self._open_kept(size)
        report.anchored, report.mirrored = sum(map(len, self.anchored.values())), len(by.kept)

    def kept_within(self, first: int, last: int) -> dict[int, list[Signed]]:
        """Return the mirror's of more than ``first`` entries and at most ``last``, by size."""
        opened = {size: self._open_kept(size) for size in self._kept if first < size <= last}
        return {size: found for size, found in opened.items() if found}

    def _open_kept(self, size: int) -> list[Signed]:
        found: list[Signed] = []
        for note in self._kept[size]:
            try:
                found.append((open_checkpoint(note.encode(), self._keys), None))
            except Problem as problem:
                self._report.add(problem.code, f"a checkpoint that the mirror holds: {problem}")
        for checkpoint, _digest in found:
            self._refuse_larger(checkpoint)
        return found

    def _place(self, signed: Signed) -> None:
        self.anchored.setdefault(signed[0].size, []).append(signed)
        self._refuse_larger(signed[0])

    def _refuse_larger(self, checkpoint: Checkpoint) -> None:
        if checkpoint.size > self._report.size:
            self._report.add(
                ALTERED, f"rolled back: {checkpoint.size} entries were signed for, {self._report.size} are left"
            )
