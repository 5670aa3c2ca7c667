"""After a restore: destroying again what the journal says was destroyed, then opening the gate (FLT-20, FLT-21)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.captured_tables import MOST_NAMED
from privacy.retention import locks
from privacy.retention.actions import journal_cursors
from privacy.retention.actions.destruction import strategy_choice
from privacy.retention.destruction import journal
from privacy.retention.destruction.journal import JournalLine
from privacy.retention.events import Event
from privacy.retention.refusals import AlreadyRunning
from privacy.retention.restore_gate import gate


@dataclass
class ReplayResult:
    """What a replay did: lines carried out, keys and rows that had come back."""

    lines: int = 0
    keys: int = 0
    rows: int = 0


def replay(*, actor: Actor, at: datetime) -> ReplayResult:
    """Carry out the journal from where the oldest database stopped. Safe to repeat and to interrupt.

    Holds are not asked: what the journal names was destroyed lawfully, and a restored copy of it is nobody's. Raises
    AlreadyRunning while another process replays or destroys.
    """
    total = ReplayResult()
    position = gate.journal_positions(of_all=True)
    oldest = min(position.general, position.personal, position.archive)
    with locks.single_runner() as alone:
        if not alone:
            raise AlreadyRunning(
                _("Another process is currently destroying data. Run this again when it has finished.")
            )
        voided = journal.voided_numbers()
        for line in journal.lines(oldest):
            if line.number not in voided and not line.voids:
                _replay_line(line, total, actor=actor, at=at)
            for using in journal_cursors.CURSORS:
                journal_cursors.advance_cursor(line.number, using=using, at=at)
        with transaction.atomic():
            facts = {
                "from": oldest,
                "to": journal.last_number(),
                "lines": total.lines,
                "keys": total.keys,
                "rows": total.rows,
            }
            ledger.record(Event.GATE_OPENED, actor=actor, at=at, facts=facts)
    return total


def _replay_line(line: JournalLine, total: ReplayResult, *, actor: Actor, at: datetime) -> None:
    total.lines += 1
    keys, rows = strategy_choice.for_line(line).replay(line, actor=actor, at=at)
    total.keys += keys
    total.rows += rows
    if keys or rows:
        with transaction.atomic():
            facts = {"journal": line.number, "certificate": line.certificate, "keys": keys, "rows": rows}
            for part in batched(line.people, MOST_NAMED) if line.people else ((),):
                ledger.record(Event.REPLAYED, actor=actor, at=at, subjects=part, facts=facts)
                facts = facts | {"keys": 0, "rows": 0}


def void_uncommitted_lines(*, at: datetime) -> int:
    """Void lines whose transaction never committed: the step is repeated and writes a line of its own.

    A crash between the journal and the commit leaves such a line; a replay must not carry it out, for in between a hold
    may have been set. Called by the one runner, before it goes on.
    """
    followed = journal_cursors.cursor_position("default")
    orphans = [line.number for line in journal.lines(followed) if not line.voids]
    for number in orphans:
        journal.void(number, at=at)
    if journal.last_number() > followed:
        journal_cursors.advance_cursor(journal.last_number(), using="default", at=at)
    return len(orphans)
