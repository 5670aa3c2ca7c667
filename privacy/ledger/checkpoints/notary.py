"""The notary: re-hashes every entry, extends a tree of its own, and signs only what continues what it signed before.

Meant for another host, with its own key and its own state file. It refuses on any difference or regress: a rewritten
entry or tree head, a rollback, the same size with another root, a clock that went back, a time that isn't that of its
own clock.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import accepted_times, anchors, attested_reads, kept_checkpoints, own_checkpoints
from privacy.ledger.checkpoints.accepted_times import TimesRefused
from privacy.ledger.checkpoints.notary_clock import NotaryClock
from privacy.ledger.checkpoints.notary_state import NotaryState, SigningRefused
from privacy.ledger.checkpoints.refusal_notices import MAIL_RETRY_SECONDS
from privacy.ledger.checkpoints.signed_notes import Signer, checkpoint_text
from privacy.ledger.checkpoints.timestamps import Stamping
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.integrity.timestamp_checks import parse_moment
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.merkle.tiles import Tiles
from privacy.ledger.verify import TILE, Growing, Key, leaf_hash, name_of
from privacy.ledger.witness.asking import Witnesses

log = logging.getLogger("portal.ledger")
SLICE = 8_192
# So many entries' tree heads are read at once.
HEADS_SLICE = 262_144
YEAR = 365 * 24 * 60 * 60


class Notary:
    """One log's notary. ``step`` is called again and again; each call signs at most one checkpoint."""

    def __init__(
        self,
        signer: Signer,
        *,
        state: Path,
        mirror: Path,
        anchor: Path,
        auditors: list[str],
        mail_every: int,
        clock: Callable[[], float],
        witnesses: Witnesses | None = None,
        attesting: Sequence[Key] = (),
        stamping: Stamping | None = None,
    ) -> None:
        self.signer = signer
        self.path = state / "state.json"
        self.state = NotaryState.load(self.path, signer)
        self.mirror = Tiles(mirror, packed=True)
        self.mirror.clear_unfinished()
        self.mirror.publish(self.state.size)
        self.anchor = anchor
        self.auditors = auditors
        self.mail_every = mail_every
        self.clock = clock
        self.witnesses = witnesses
        self.attesting = attesting
        self.stamping = stamping
        self._attestations: list[bytes] = []
        self._contradicted: list[dict[str, Any]] = []
        # Whether this process has compared its state with what stands outside.
        self._compared = False
        # When this process last saw that nothing lay beyond what is signed.
        self._level_at = 0
        # When each auditor was mailed since this process began, and until when the mail server is left alone.
        self._mailed: dict[str, int] = {}
        self._mail_from = 0

    def step(self, connection: psycopg.Connection[Any]) -> int | None:
        """Sign the newest tree head within reach and return its size; None if there is nothing new.

        Raises ``SigningRefused``; nothing is signed then, and the state stays as it was.
        """
        moment = int(self.clock())
        if moment < self.state.time:
            raise SigningRefused(f"the clock went back: signed at {self.state.time}, now {moment}")
        try:
            return self._step(connection, moment)
        except (ValueError, LookupError, TypeError, AttributeError) as strange:
            # What the database or the mirror gave can't be what was written there: an end of this process helps nobody.
            raise SigningRefused(
                f"what was read can't be understood: {type(strange).__name__}: {strange}"[:300]
            ) from strange

    def _step(self, connection: psycopg.Connection[Any], moment: int) -> int | None:
        if not self._compared:
            said, _note = NotaryState.read(self.path)
            known = own_checkpoints.found(self.signer, self.mirror.root, self.anchor, connection, state=said)
            own_checkpoints.require_not_older(self.state, known)
            self.signer.publish(self.path.with_name("vkeys"))
            self._compared = True
        self._require_own_memory()
        self._follow_pruning(connection)
        target = self._target(connection)
        if target == self.state.size:
            self._level_at = moment
            self._publish_again(connection)
            return None
        if anchors.conflicting(self.anchor, target):
            raise SigningRefused(f"an anchor holds another checkpoint of the same size, {target}")
        try:
            state, waited = self._extend(connection, target, moment)
        except TimesRefused as refusal:
            row = connection.execute("SELECT root FROM ledger.tree WHERE size = %s", [target]).fetchone()
            refusal.until, refusal.root = target, bytes(row[0]) if row else b""
            raise
        if waited:
            self._record_wait(connection, waited)
        state = self._compare_attested(connection, state)
        self._remember(self._witnessed(self._signed(state, moment), connection))
        self._publish(connection)
        return target

    def _require_own_memory(self) -> None:
        """Raise where the state on disk isn't what this process remembers: the next one would believe it."""
        found = NotaryState.load(self.path, self.signer)
        if found != self.state or (found == NotaryState() and self.path.exists()):
            raise SigningRefused(f"{self.path.name} is not what this notary wrote: {own_checkpoints.WAY_BACK}")

    def _remember(self, state: NotaryState) -> None:
        """Keep a state: on disk first, so that the two never differ."""
        state.save(self.path, self.signer)
        self.state = state

    def _target(self, connection: psycopg.Connection[Any]) -> int:
        """Return the size of the newest tree head.

        What is signed is all that was sealed at that moment, so nothing that follows was sealed before it.
        """
        row = connection.execute("SELECT coalesce(max(size), 0) FROM ledger.tree").fetchone()
        newest = int(row[0]) if row else 0
        if newest < self.state.size:
            raise SigningRefused(f"rolled back: signed for {self.state.size} entries, the database has {newest}")
        if self.state.size:
            held = connection.execute("SELECT root FROM ledger.tree WHERE size = %s", [self.state.size]).fetchone()
            if held is None:
                raise SigningRefused(f"rewritten: the tree head of size {self.state.size} is gone")
            if bytes(held[0]).hex() != self.state.root:
                raise SigningRefused(f"rewritten: the tree of size {self.state.size} has another root than was signed")
        return newest

    def _extend(
        self, connection: psycopg.Connection[Any], target: int, moment: int
    ) -> tuple[NotaryState, tuple[int, int, int] | None]:
        """Re-hash the new entries, compare every tree head on the way, and grow the mirror.

        Returns the state and what of it was sealed late.
        """
        grown = tree.decode_frontier(self.state.size, base64.b64decode(self.state.frontier))
        digest, sealed = self.state.heads, self.state.sealed
        self._attestations.clear()
        accepted = accepted_times.in_force(connection, accepted_times.in_mirror(self.mirror.root), self.signer.keys)
        roots = {one.until: one.root for one in accepted if one.until > self.state.size}
        clock = NotaryClock(parse_moment(sealed), max(self.state.time, self._level_at), moment, accepted)
        for head in self._heads(connection, target):
            clock.begin(head, grown.size)
            self._grow(connection, grown, head.size, clock)
            clock.end()
            if grown.root() != head.root or tree.encode_frontier(grown) != head.frontier:
                raise SigningRefused(f"the entries do not lead to the tree head of size {head.size}")
            if grown.root() != roots.pop(grown.size, grown.root()):
                raise SigningRefused(f"not what was accepted: the first {grown.size} entries have another root")
            digest, sealed = head.digest(digest), max(sealed, "" if clock.is_accepted else head.sealed_at)
        if roots:
            raise SigningRefused(f"not what was accepted: no tree head is of {min(roots)} entries")
        self.mirror.settle()
        frontier = base64.b64encode(tree.encode_frontier(grown)).decode()
        state = replace(
            self.state, size=target, root=grown.root().hex(), frontier=frontier, heads=digest, sealed=sealed
        )
        return state, clock.waited

    def _heads(self, connection: psycopg.Connection[Any], target: int) -> Iterator[log_reader.TreeHead]:
        for after in range(self.state.size, target, HEADS_SLICE):
            yield from log_reader.heads(connection, after, min(after + HEADS_SLICE, target))

    def _record_wait(self, connection: psycopg.Connection[Any], waited: tuple[int, int, int]) -> None:
        """Have the next batch say which entries were sealed late, and by how many seconds: ``verify.py`` lists it."""
        first, until, longest = waited
        facts = {"from": first, "until": until, "seconds": longest}
        append_entry(connection, Event.SEALED_LATE, actor=SystemActor("notary"), facts=facts)

    def _compare_attested(self, connection: psycopg.Connection[Any], state: NotaryState) -> NotaryState:
        """Put on record which access records were not sealed as the key services read them."""

        def sealed(entry: int) -> bytes | None:
            query = "SELECT index FROM ledger.leaf WHERE entry_id = %s AND index < %s"
            row = connection.execute(query, [entry, state.size]).fetchone()
            kept = self.mirror.entries(row[0] // TILE, row[0] % TILE + 1)[-1:] if row else []
            return next((one.partition(b"\n")[2] for one in kept if one.startswith(b"%d\t" % entry)), None)

        attested, findings = attested_reads.compare(self._attestations, self.attesting, state.attested, sealed)
        for facts in findings:
            if facts not in self._contradicted:  # where signing was refused since, the same batch is compared again
                append_entry(connection, Event.READS_CONTRADICTED, actor=SystemActor("notary"), facts=facts)
                self._contradicted.append(facts)
        return replace(state, attested=attested)

    def _grow(self, connection: psycopg.Connection[Any], grown: Growing, until: int, clock: NotaryClock) -> None:
        leaves: list[bytes] = []
        entries: list[bytes] = []
        first = grown.size

        def flush() -> None:
            try:
                self.mirror.append(grown.size, leaves, entries)
                self.mirror.append_nodes(tree.append_leaves(grown, leaves))
            except LookupError as missing:
                raise SigningRefused(f"the mirror is damaged: {missing}") from None
            leaves.clear()
            entries.clear()

        for place, entry_id, leaf, entry in log_reader.entries(connection, first, until):
            if place != grown.size + len(leaves):
                raise SigningRefused(f"leaf {grown.size + len(leaves)} is missing or doubled")
            if entry is None:
                raise SigningRefused(f"entry {entry_id} (index {place}) is gone")
            if leaf_hash(entry) != leaf:
                raise SigningRefused(f"{name_of(entry, place)} is not what was sealed")
            clock.judge(place, entry)
            if self.attesting and attested_reads.MARK in entry:
                self._attestations.append(entry)
            leaves.append(leaf)
            entries.append(entry)
            if len(leaves) == SLICE:
                flush()
        flush()
        if grown.size != until:
            raise SigningRefused(f"leaf {grown.size} is missing")

    def _follow_pruning(self, connection: psycopg.Connection[Any]) -> None:
        """Drop from the mirror what was pruned when its term was over. The database's word alone isn't enough."""
        row = connection.execute("SELECT coalesce(max(until), 0) FROM ledger.pruning").fetchone()
        until = min(int(row[0]) if row else 0, self.state.size - self.state.size % TILE)
        if until > self.state.pruned:
            newest = self.mirror.entries(until // TILE - 1, TILE)[-1].split(b"\t", 4)[3].decode()
            if datetime.fromisoformat(newest).timestamp() > self.state.time - YEAR:
                raise SigningRefused(f"pruned too early: the entry at index {until - 1} is of {newest}")
            # Remembered before anything goes: a crash on the way leaves no mirror that can't be looked at again.
            self._remember(replace(self.state, pruned=until))
        if self.state.pruned > self._told_start():
            self.mirror.drop_entries(self.state.pruned // TILE)
            self._tell_start()

    def _told_start(self) -> int:
        """Return the index from which on the mirror says that entries are there."""
        try:
            return int(json.loads((self.mirror.root / "bundle.json").read_text("utf-8"))["start"])
        except FileNotFoundError:
            return 0

    def _tell_start(self) -> None:
        """Say in the mirror, as a bundle does, from which index on entries are there."""
        self.mirror.put("bundle.json", json.dumps({"start": self.state.pruned}) + "\n")

    def _signed(self, state: NotaryState, moment: int) -> NotaryState:
        name = self.signer.name
        note = self.signer.note(checkpoint_text(name, state.size, bytes.fromhex(state.root)), moment)
        heads_note = self.signer.note(log_reader.heads_text(name, state.size, state.heads), moment)
        return replace(state, note=note, heads_note=heads_note, time=moment)

    def _witnessed(self, state: NotaryState, connection: psycopg.Connection[Any]) -> NotaryState:
        """Have the witnesses cosign; what too few of them cosign is not published."""
        if self.witnesses is None:
            return state
        subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))

        def prove(old: int) -> list[bytes]:
            return subtrees.consistency(old, state.size) if old else []

        found = self.witnesses.ask(state.note, state.size, prove)
        if not found.enough:
            raise SigningRefused(f"too few witnesses cosign: {found.refusals}")
        return replace(state, note=state.note + found.lines)

    # -- publishing: everything here may be repeated after a crash --------------------------------------------

    def _publish_again(self, connection: psycopg.Connection[Any]) -> None:
        """Finish what a crash left between signing and publishing."""
        if self.state.size == 0:
            return
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM ledger.anchor WHERE size = %s)", [self.state.size]
        ).fetchone()
        if row is None or not row[0]:
            self._publish(connection)

    def _publish(self, connection: psycopg.Connection[Any]) -> None:
        state = self.state
        # The database first: a verification that meets a checkpoint outside looks for it there, and must find it.
        connection.execute(
            "INSERT INTO ledger.checkpoint (size, note, heads, signed_at) VALUES (%s, %s, %s, to_timestamp(%s))"
            " ON CONFLICT (size) DO NOTHING",
            [state.size, state.note, state.heads_note, state.time],
        )
        self.mirror.put("keys", "".join(f"{vkey}\n" for vkey in self.signer.vkeys))
        self.mirror.put("heads", state.heads_note)
        self.mirror.put("checkpoint", state.note)
        self.mirror.publish(state.size)
        self.mirror.put(kept_checkpoints.file_name(state.size, state.time), state.note)
        kept_checkpoints.thin(self.mirror.root / kept_checkpoints.FOLDER, state.time)
        if not (self.mirror.root / "bundle.json").exists():
            self._tell_start()
        try:
            receipt = anchors.write_to_directory(self.anchor, state.size, state.note, state.heads_note, state.time)
        except anchors.ConflictingAnchor as contradiction:
            raise SigningRefused(str(contradiction)) from None
        self._anchored(connection, "directory", receipt)
        if self.stamping is not None:
            self.stamping.begin(self.anchor / receipt, state.time)
        if state.time >= self._mail_from and (due := [a for a in self.auditors if self._is_due(a)]):
            self._mail(connection, due)

    def _is_due(self, auditor: str) -> bool:
        return self.state.time >= self._mailed.get(auditor, self.state.mailed) + self.mail_every

    def _mail(self, connection: psycopg.Connection[Any], due: list[str]) -> None:
        """Mail the checkpoint to each auditor; whom it doesn't reach gets a later checkpoint, after a wait."""
        state, receipt, failures = self.state, "", dict[str, str]()
        for auditor in due:
            try:
                receipt = anchors.mail_checkpoint([auditor], state.size, state.note, self.signer.vkeys, state.time)
                self._mailed[auditor] = state.time
            except SMTPException as error:
                failures[auditor] = type(error).__name__
            except OSError as error:  # no server: each further address would take as long again
                failures |= dict.fromkeys(due[due.index(auditor) :], type(error).__name__)
                break
        if failures:
            self._mail_from = int(self.clock()) + MAIL_RETRY_SECONDS
            why, missed = ", ".join(sorted({*failures.values()})), len(failures)
            log.warning("notary: the checkpoint of size %s did not reach %s auditors: %s", state.size, missed, why)
        oldest = min(self._mailed.get(auditor, state.mailed) for auditor in self.auditors)
        if oldest > state.mailed:
            self._remember(replace(state, mailed=oldest))
        if receipt:
            self._anchored(connection, f"mail to {len(due) - len(failures)} auditors", receipt)

    def _anchored(self, connection: psycopg.Connection[Any], place: str, receipt: str) -> None:
        connection.execute(
            "INSERT INTO ledger.anchor (size, place, receipt) VALUES (%s, %s, %s)", [self.state.size, place, receipt]
        )
