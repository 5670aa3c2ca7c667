"""Verifying the live database: everything is hashed again and compared with the signed checkpoints.

``verify.py`` does the same offline from files. This one also looks at what only the database has: tree heads, nodes,
search columns, entries that were kept from being sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from privacy.ledger.checkpoints import accepted_times, attested_reads, key_handovers
from privacy.ledger.checkpoints.external_checkpoints import ExternalCheckpoints
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
from privacy.ledger.integrity import verification_queries as queries
from privacy.ledger.integrity.checkpoint_signatures import is_pinned, open_signed
from privacy.ledger.integrity.outside_checkpoints import OutsideCheckpoints, Signed
from privacy.ledger.integrity.pruning_certificates import PruningCertificates
from privacy.ledger.integrity.timestamp_checks import TimeWindows, latest_before, parse_moment, unfitting
from privacy.ledger.integrity.verification_report import MAX_FINDINGS, VerificationFinding, VerificationReport
from privacy.ledger.integrity.whole_reading import whole_trail
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import (
    AHEAD,
    ALTERED,
    MALFORMED,
    POLICY,
    TILE,
    Checkpoint,
    Growing,
    Problem,
    leaf_hash,
    name_of,
)
from privacy.ledger.verify_handovers import HandOver, follow

SLICE = 65_536
MAX_MISDATED = 10
# So many rows of one kind are named; the queries ask for one more, so that it is said when there are more.
MAX_NAMED = 20


def verify_log(connection: psycopg.Connection[Any], by: ExternalCheckpoints, *, start: int = 0) -> VerificationReport:
    """Hash the log again from index ``start`` on and compare it with every witness.

    What lies before ``start`` is taken from the stored nodes, which the signed root binds all the same.
    """
    report = VerificationReport()
    with whole_trail(connection, report):
        examination = Verification(connection, by, report)
        examination.begin(start - start % TILE)
        while examination.slice():
            pass
        examination.end()
    return report


def verify_log_slice(
    connection: psycopg.Connection[Any],
    by: ExternalCheckpoints,
    progress: dict[str, Any],
    *,
    enough: Callable[[], bool],
) -> tuple[VerificationReport, dict[str, Any]]:
    """Go on with an examination that ``progress`` describes (empty: from the beginning) until it is ``enough``.

    Returns the report and the progress; an empty progress means that the examination has come to its end.
    """
    report = VerificationReport()
    with whole_trail(connection, report):
        examination = Verification(connection, by, report)
        examination.resume(progress)
        while examination.slice():
            if enough():
                return report, examination.progress()
        examination.end()
    return report, {}


class Verification:
    """One examination inside one transaction: ``begin`` or ``resume``, ``slice`` until it returns False, ``end``."""

    def __init__(
        self, connection: psycopg.Connection[Any], by: ExternalCheckpoints, report: VerificationReport | None = None
    ) -> None:
        self.connection = connection
        self.by = by
        self.report = report or VerificationReport()
        self.keys, followed = list(by.keys), list[HandOver]()
        try:
            self.keys, followed = follow(key_handovers.notes(by.mirror, connection), by.keys)
        except Problem as problem:
            self.report.add(problem.code, str(problem))
        self.report.to_be_pinned = key_handovers.to_be_pinned(followed, by.keys)
        told = accepted_times.notes(by.mirror, connection)
        self.accepted = accepted_times.in_force(connection, told, self.keys)
        self.report.excepted = [str(one) for one in self.accepted]
        self.handed = [(one.checkpoint, one.digest) for one in followed]
        self.mirror = Tiles(by.mirror, packed=True) if by.mirror else None
        self.grown = Growing()
        self.digest, self.seen = "", 0
        self.broken = self.unlike_signed = False
        self.unlike_mirror: list[int] = []
        self.gone = self.misdated = 0
        self.counting = True

    def begin(self, start: int) -> None:
        """Look at the newest tree head and start at an index that begins a tile."""
        report = self.report
        for vkey in self.by.unreadable:
            report.add(MALFORMED, f"NOTARY_VKEYS: {vkey[:100]!r} is no verifier key")
        row = self.connection.execute("SELECT coalesce(max(size), 0) FROM ledger.tree").fetchone()
        report.size = row[0] if row else 0
        self.prunings = PruningCertificates(self.connection, self.keys)
        report.start = min(start, report.size - report.size % TILE)
        self._begin_at(report.start)
        self.latest = latest_before(self.connection, report.start, self.accepted)
        self.outside = OutsideCheckpoints(self.by, self.keys, report)

    def resume(self, progress: dict[str, Any]) -> None:
        """Start at the beginning, or where an earlier examination stopped; the log may have grown since."""
        self.begin(0)
        if progress:
            self.grown = tree.decode_frontier(progress["size"], bytes.fromhex(progress["frontier"]))
            self.digest, self.seen, self.latest = progress["digest"], progress["seen"], progress.get("latest")
            self.broken, self.unlike_signed = progress["broken"], progress["unlike_signed"]
            self.unlike_mirror = progress["unlike_mirror"]
            self.gone = progress["gone"]
            self.counting = progress["counting"] == self.prunings.until  # not where something was pruned meanwhile
            self.report.checkpoints = progress["checkpoints"]
            self.report.findings = [VerificationFinding(code, message) for code, message in progress["findings"]]

    def progress(self) -> dict[str, Any]:
        """Return what ``resume`` needs."""
        return {
            "size": self.grown.size,
            "frontier": tree.encode_frontier(self.grown).hex(),
            "digest": self.digest,
            "seen": self.seen,
            "latest": self.latest,
            "broken": self.broken,
            "unlike_signed": self.unlike_signed,
            "unlike_mirror": self.unlike_mirror[: MAX_FINDINGS + 1],
            "gone": self.gone,
            "counting": self.prunings.until if self.counting else -1,
            "checkpoints": self.report.checkpoints,
            "findings": [(finding.code, finding.message) for finding in self.report.findings],
        }

    def slice(self) -> bool:
        """Hash the next slice; return whether there was one."""
        if self.grown.size >= self.report.size:
            return False
        self._slice(self.grown.size, min(self.report.size, self.grown.size + SLICE))
        return True

    def end(self) -> VerificationReport:
        """Judge what can only be judged as a whole."""
        self._judge_mirror()
        if self.report.start == 0 and self.counting:
            for said in self.prunings.check_count(self.gone):
                self.report.add(ALTERED, said)
        self._extra_leaves()
        self._judge_signatures()
        self._beside_the_tree()
        return self.report

    def _begin_at(self, start: int) -> None:
        subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(self.connection, level, first, count))
        bit = 1 << start.bit_length()
        while bit:
            if start & bit:
                try:
                    self.grown.add(subtrees.root(self.grown.size, self.grown.size + bit), bit)
                except LookupError as missing:
                    self.report.add(ALTERED, str(missing))
                    self.grown.add(bytes(32), bit)
            bit >>= 1

    # -- the tree -------------------------------------------------------------------------------------------

    def _slice(self, first: int, last: int) -> None:
        leaves = self._leaves(first, last)
        self._compare_with_mirror(first, leaves)
        own = self._own_checkpoints(first, last)
        stored = {head.size: head for head in log_reader.heads(self.connection, first, last)}
        ends = self.prunings.ends(first, last)
        signed = {**self.outside.anchored}
        kept = self.outside.kept_within(first, last)
        self._refuse_unstored(kept, "the mirror holds")
        for size, ones in kept.items():
            signed[size] = [*signed.get(size, []), *ones]
        for one in self.handed:
            signed[one[0].size] = [*signed.get(one[0].size, []), one]
        stops = sorted({*stored, *own, *ends, *(size for size in signed if first < size <= last), last})
        nodes: list[tree.Node] = []
        for stop in stops:
            nodes += tree.append_leaves(self.grown, leaves[self.grown.size - first : stop - first])
            root = self.grown.root()
            if stop in stored:
                self._judge_head(stored[stop], root)
            for checkpoint, digest in [*own.get(stop, []), *signed.get(stop, [])]:
                self._judge_checkpoint(checkpoint, digest, root, stored.get(stop))
            for said in self.prunings.judge(stop, root):
                self.report.add(ALTERED, said)
        self._judge_nodes(nodes, first, last)

    def _leaves(self, first: int, last: int) -> list[bytes]:
        """Return the leaves of a slice; name every entry that is gone, doubled, misdated, or differs from its leaf."""
        leaves: dict[int, bytes] = {}
        windows = TimeWindows(self.connection, first, last, self.latest, self.accepted)
        self.latest = windows.latest
        for place, entry_id, leaf, entry in log_reader.entries(self.connection, first, last, slice_size=SLICE):
            if place in leaves:
                self.report.add(ALTERED, f"entry {entry_id} (index {place}) stands twice")
            elif entry is None:
                self.gone += place < self.prunings.until
                if place >= self.prunings.until:
                    self.report.add(ALTERED, f"entry {entry_id} (index {place}) is gone")
            elif leaf_hash(entry) != leaf:
                self.report.add(ALTERED, f"{name_of(entry, place)} is not what was sealed")
            elif self.misdated <= MAX_MISDATED and windows.misdated(place, entry):
                self.misdated += 1
                if self.misdated > MAX_MISDATED:
                    self.report.add(ALTERED, "further entries with another time are not named here")
                else:
                    self.report.add(ALTERED, f"{name_of(entry, place)} has another time than that of its writing")
            leaves[place] = leaf
        for place in range(first, last):
            if place not in leaves:
                self.report.add(ALTERED, f"the leaf at index {place} is gone")
        return [leaves.get(place, bytes(32)) for place in range(first, last)]

    def _compare_with_mirror(self, first: int, leaves: list[bytes]) -> None:
        """The mirror's own leaves tell which entry was altered where entry and leaf were altered together."""
        if self.mirror is None:
            return
        for number in range(first // TILE, (first + len(leaves) + TILE - 1) // TILE):
            inside = leaves[number * TILE - first : (number + 1) * TILE - first]
            kept = self.mirror.known_hashes(number)
            if kept[: len(inside)] == inside[: len(kept)]:
                continue
            for at, (there, here) in enumerate(zip(kept, inside, strict=False)):
                if there != here:
                    self.unlike_mirror.append(number * TILE + at)

    def _judge_mirror(self) -> None:
        """Where the leaves lead to what was signed, it is the mirror that is damaged; otherwise it names the entry."""
        for place in self.unlike_mirror[: MAX_FINDINGS + 1]:
            row = self.connection.execute("SELECT entry_id FROM ledger.leaf WHERE index = %s", [place]).fetchone()
            named = f"entry {row[0]} (index {place})" if row else f"the leaf at index {place}"
            if self.unlike_signed:
                self.report.add(ALTERED, f"{named} is not the one that the notary saw")
            else:
                self.report.add(ALTERED, f"the notary's mirror is damaged at index {place}; the database is as signed")

    def _judge_head(self, head: log_reader.TreeHead, root: bytes) -> None:
        self.digest = head.digest(self.digest)
        if not self._is_accepted(head) and (said := unfitting(head.sealed_at, self.seen)):
            self.report.add(ALTERED, f"the tree head of size {head.size} {said}")
        if not self.broken and (head.root != root or head.frontier != tree.encode_frontier(self.grown)):
            self.broken = True
            self.report.add(ALTERED, f"the entries do not lead to the tree head of size {head.size}")

    def _judge_checkpoint(
        self, checkpoint: Checkpoint, digest: str | None, root: bytes, head: log_reader.TreeHead | None
    ) -> None:
        if checkpoint.root != root:
            self.unlike_signed = True
            self.report.add(ALTERED, f"the first {checkpoint.size} entries differ from what was signed for them")
        elif head is None:
            self.report.add(ALTERED, f"the tree head of size {checkpoint.size}, which was signed, is gone")
        elif digest not in (None, self.digest) and self.report.start == 0:
            self.report.add(ALTERED, f"a tree head of size {checkpoint.size} or less differs from what was signed")
        elif (
            checkpoint.time
            and not self._is_accepted(head)
            and ((parse_moment(head.sealed_at) or 0) > checkpoint.time + AHEAD)
        ):
            self.report.add(
                ALTERED, f"the tree head of size {head.size} is dated after it was signed: {head.sealed_at}"
            )
        self.seen = max(self.seen, checkpoint.time or 0)

    def _is_accepted(self, head: log_reader.TreeHead) -> bool:
        return accepted_times.are_accepted(self.accepted, head.size - 1, head.size)

    def _judge_nodes(self, nodes: list[tree.Node], first: int, last: int) -> None:
        kept = {}
        for level in {node.level for node in nodes}:
            places = [node.place for node in nodes if node.level == level]
            hashes = log_reader.hashes(self.connection, level, places[0], len(places))
            kept.update({(level, places[0] + at): value for at, value in enumerate(hashes)})
        for node in nodes:
            if kept.get((node.level, node.place)) != node.hash and not self.broken:
                self.report.add(ALTERED, f"node {node.level}/{node.place} is not what its leaves say")

    def _extra_leaves(self) -> None:
        row = self.connection.execute(
            "SELECT min(index) FROM ledger.leaf WHERE index >= %s", [self.report.size]
        ).fetchone()
        if row and row[0] is not None:
            self.report.add(ALTERED, f"the leaf at index {row[0]} belongs to no tree head")

    # -- signatures -----------------------------------------------------------------------------------------

    def _own_checkpoints(self, first: int, last: int) -> dict[int, list[Signed]]:
        rows = self.connection.execute(
            "SELECT size, note, heads, extract(epoch FROM signed_at)::numeric FROM ledger.checkpoint"
            " WHERE size > %s AND size <= %s ORDER BY size",
            [first, last],
        ).fetchall()
        found: dict[int, list[Signed]] = {}
        for size, note, heads_note, signed_at in rows:
            try:
                checkpoint, digest = open_signed(note, heads_note, self.keys)
            except Problem as problem:
                code = POLICY if problem.code == POLICY and not is_pinned(note, self.keys) else ALTERED
                self.report.add(code, f"the stored checkpoint of size {size}: {problem}")
                continue
            if checkpoint.size != size or checkpoint.time != signed_at:
                self.report.add(
                    ALTERED, f"the stored checkpoint of size {size} says size {checkpoint.size}, another time"
                )
                continue
            found[size] = [(checkpoint, digest)]
        self.report.checkpoints += len(rows)
        return found

    def _judge_signatures(self) -> None:
        report, outside = self.report, self.outside.anchored
        self._refuse_unstored(outside, "was anchored")
        impossible = [row[0] for row in self.connection.execute(queries.IMPOSSIBLE, [report.size]).fetchall()]
        self._add_named(impossible, f"a checkpoint of size %s is stored, the log has {report.size} entries")
        newest = self.connection.execute(queries.NEWEST_CHECKPOINT, [report.size]).fetchone()
        report.signed_size = max([size for size in outside if size <= report.size] + [newest[0] if newest else 0])
        times = [checkpoint.time for checkpoint, _ in outside.get(report.signed_size, ()) if checkpoint.time]
        report.signed_at = max(times, default=None)
        if not self.keys:
            report.add(POLICY, "no key of the notary is pinned")
        if report.size and not report.signed_size:
            report.add(POLICY, "nothing is signed yet: is the notary running?")
        elif (row := self.connection.execute(queries.UNSIGNED, [report.signed_size]).fetchone()) and row[0] is not None:
            report.add(POLICY, f"the tree of {row[0]} entries waits for its signature: is the notary running?")

    def _refuse_unstored(self, sizes: Iterable[int], where: str) -> None:
        rows = self.connection.execute(queries.UNSTORED, [sorted(sizes), self.report.size]).fetchall()
        for row in rows:
            self.report.add(ALTERED, f"the checkpoint of size {row[0]}, which {where}, is gone")

    # -- what only the database has -------------------------------------------------------------------------

    def _beside_the_tree(self) -> None:
        slipped_in = [row[0] for row in self.connection.execute(queries.KEPT_FROM_SEALING).fetchall()]
        self._add_named(slipped_in, "entry %s was slipped in beside the sealing")
        try:
            with self.connection.transaction():
                differing = [row[0] for row in self.connection.execute(queries.SEARCH_DIFFERS).fetchall()]
            self._add_named(differing, "the search columns of entry %s differ from what it says")
        except (psycopg.DataError, psycopg.errors.StatementTooComplex) as error:
            self.report.add(ALTERED, f"an entry's payload is no JSON that can be read: {str(error).splitlines()[0]}")
        for number, payload in self.connection.execute(queries.CONTRADICTED, [Event.READS_CONTRADICTED]).fetchall():
            self.report.add(ALTERED, f"entry {number}: {attested_reads.sentence(facts_in(payload))}")
        row = self.connection.execute(queries.WAITING).fetchone()
        if row and row[0]:
            self.report.add(POLICY, f"{row[0]} entries have waited for more than 10 minutes: is the sealer running?")

    def _add_named(self, numbers: list[int], message: str) -> None:
        """Add a finding for each number that a query found, and say where it found more than are named."""
        for number in numbers[:MAX_NAMED]:
            self.report.add(ALTERED, message % number)
        if len(numbers) > MAX_NAMED:
            self.report.add(ALTERED, f"{message % numbers[MAX_NAMED]}, and there may be more that are not named here")
