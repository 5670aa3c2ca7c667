"""Whether what was pruned was pruned rightly: the certificate, its entry on record, and the signed moments of sealing.

The row in ``ledger.pruning`` is the database's word alone, and would excuse every entry that somebody removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import psycopg

from privacy.ledger.entries.payloads import facts_in, parse_payload
from privacy.ledger.verify import Key, Problem, open_checkpoint, sha256

# An entry's time is before the cut; it was sealed a moment later, or, after a failure, some days.
_ROWS: LiteralString = (
    "SELECT p.until, p.entries, p.certificate, p.cut > p.pruned_at - interval '1 year' OR p.pruned_at > now(),"
    " t.sealed_at, t.sealed_at > p.cut + interval '7 days',"
    " EXISTS (SELECT FROM ledger.pruning later WHERE later.until > p.until AND later.cut > p.pruned_at),"
    " (SELECT array_agg(e.payload) FROM ledger.entry e WHERE e.about = 'ledger.pruning:' || p.until"
    "   AND e.word = 'ledger.entries.pruned' AND e.time BETWEEN p.pruned_at - interval '1 hour'"
    "   AND p.pruned_at + interval '1 hour')"
    " FROM ledger.pruning p LEFT JOIN LATERAL (SELECT sealed_at FROM ledger.tree"
    "   WHERE size >= p.until ORDER BY size LIMIT 1) t ON true ORDER BY p.until"
)


class _Pruning(NamedTuple):
    until: int
    entries: int
    certificate: str
    within_the_floor: bool
    sealed_at: datetime | None
    younger_than_the_cut: bool
    entry_pruned_too: bool
    on_record: list[str] | None


class PruningCertificates:
    """Everything that was pruned; asked at each index where a pruning ended, and once at the end."""

    def __init__(self, connection: psycopg.Connection[Any], keys: Sequence[Key]) -> None:
        self._keys = keys
        rows = [_Pruning(*row) for row in connection.execute(_ROWS).fetchall()]
        self._by_end = {row.until: row for row in rows}
        self.until = max(self._by_end, default=0)
        self.entries = sum(row.entries for row in rows)

    def ends(self, first: int, last: int) -> list[int]:
        """Return the indexes in a slice where a pruning ended."""
        return [until for until in self._by_end if first < until <= last]

    def judge(self, until: int, root: bytes) -> Iterator[str]:
        """Say what speaks against the pruning that ended here; ``root`` is that of the tree of this size."""
        row = self._by_end.get(until)
        if row is None:
            return
        if row.within_the_floor or row.younger_than_the_cut or row.sealed_at is None:
            yield f"the entries before index {until} were pruned too early: they were sealed at {row.sealed_at}"
        if not row.entry_pruned_too and not any(self._on_record(row, payload) for payload in row.on_record or ()):
            yield f"the pruning before index {until} is not on record as its certificate says"
        if not self._certified(row, root):
            yield f"the certificate of the pruning before index {until} does not vouch for what was pruned"

    def check_count(self, gone: int) -> Iterator[str]:
        """Say whether as many entries are gone as the certificates speak of."""
        if gone != self.entries:
            yield f"{gone} entries before index {self.until} are gone, the certificates speak of {self.entries}"

    def _on_record(self, row: _Pruning, payload: str) -> bool:
        facts, digest = facts_in(payload), sha256(row.certificate.encode()).hexdigest()
        return (facts.get("entries"), facts.get("certificate")) == (row.entries, digest)

    def _certified(self, row: _Pruning, root: bytes) -> bool:
        try:
            paper = parse_payload(row.certificate)
            signed = not self._keys or open_checkpoint(paper["checkpoint"].encode(), self._keys).size >= row.until
            return bool(signed and paper["root"] == root.hex() and paper["pruned"]["until"] == row.until)
        except (ValueError, KeyError, TypeError, AttributeError, Problem):
            return False
