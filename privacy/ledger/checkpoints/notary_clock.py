"""What the notary's own clock says against what the database says of its moments."""

from __future__ import annotations

from collections.abc import Sequence

from privacy.ledger.checkpoints.accepted_times import TimesRefused, are_accepted
from privacy.ledger.integrity.timestamp_checks import parse_moment, said_by, unfitting, window
from privacy.ledger.merkle.log_reader import TreeHead
from privacy.ledger.verify import AHEAD, LATE, TRANSACTION, moment_text, name_of
from privacy.ledger.verify_exceptions import Excepted


class NotaryClock:
    """Judges the heads and entries of one step, in their order.

    ``seen`` is when the notary last saw that nothing lay beyond what it signed, ``now`` is when it looked this time;
    ``latest`` is the latest moment of a head that it signed. All in seconds since 1970, None where there is none.
    ``accepted`` are times that can't be right and were accepted: they are not judged, and others not by them.
    """

    def __init__(self, latest: float | None, seen: int, now: int, accepted: Sequence[Excepted] = ()) -> None:
        self._accepted, self.is_accepted = accepted, False
        self._latest_head, self._seen, self._now = latest, seen, now
        self._earliest = self._latest = self._late = b""
        self._batch = (0, 0, 0.0)
        self._oldest = b"~"
        self.waited: tuple[int, int, int] | None = None

    def begin(self, head: TreeHead, start: int) -> None:
        """Judge a tree head, before its entries from index ``start`` on. Raises ``TimesRefused``."""
        self.is_accepted = are_accepted(self._accepted, start, head.size)
        if self.is_accepted:
            self._earliest, self._latest, self._late, self._oldest = b"", b"~", b"", b"~"
            return
        if said := unfitting(head.sealed_at, self._seen):
            raise TimesRefused(f"the tree head of size {head.size} {said}")
        sealed = parse_moment(head.sealed_at) or 0.0
        if sealed > self._now + AHEAD:
            raise TimesRefused(
                f"the tree head of size {head.size}, of {head.sealed_at}, is ahead of the notary's clock"
            )
        self._earliest, self._latest = window(self._latest_head, sealed)
        # Before the first batch nothing was sealed, so nothing of it waited.
        expected = max(sealed - LATE, self._seen - TRANSACTION)
        self._late = b"" if self._latest_head is None else moment_text(expected)
        self._batch, self._oldest = (start, head.size, max(sealed, self._seen)), b"~"
        self._latest_head = max(sealed, self._latest_head or 0.0)

    def judge(self, place: int, entry: bytes) -> None:
        """Judge one entry of that head. Raises ``TimesRefused``."""
        said = said_by(entry)
        if not self._earliest <= said <= self._latest or not said:
            raise TimesRefused(f"{name_of(entry, place)} has another time than that of its writing")
        if said < self._oldest:
            self._oldest = said

    def end(self) -> None:
        """Remember how long the oldest entry of the batch waited, if that was long: first index, end, seconds."""
        if self._oldest < self._late and (oldest := parse_moment(self._oldest.decode())) is not None:
            first, until, sealed = self._batch
            begun, _until, longest = self.waited or (first, until, 0)
            self.waited = (begun, until, max(longest, int(sealed - oldest) + 1))
