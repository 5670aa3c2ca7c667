"""After a restore: destroying again what the journal says was destroyed, then opening the gate (FLT-20, FLT-21)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention import gate, journal, locks
from privacy.retention.actions import expiring, marks
from privacy.retention.events import Event
from privacy.retention.journal import Line
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects import actions as subjects
from privacy.subjects import holdings
from privacy.vault import actions as vault
from privacy.vault.models import EpochKey, SubjectKey


@dataclass
class Replayed:
    """What a replay did: lines carried out, keys and rows that had come back."""

    lines: int = 0
    keys: int = 0
    rows: int = 0


def replay(*, actor: Actor, at: datetime) -> Replayed:
    """Carry out the journal from where the oldest database stopped. Safe to repeat and to interrupt.

    Holds are not asked: what the journal names was destroyed lawfully, and a restored copy of it is nobody's.
    """
    total = Replayed()
    position = gate.position()
    oldest = min(position.general, position.personal, position.archive)
    with locks.one_runner():
        voided = journal.voided()
        for line in journal.lines(oldest):
            if line.number not in voided and not line.voids:
                _repeat(line, total, actor=actor, at=at)
            for using in marks.MARKS:
                marks.follow(line.number, using=using, at=at)
        with transaction.atomic():
            facts = {"from": oldest, "to": journal.last(), "lines": total.lines, "keys": total.keys, "rows": total.rows}
            ledger.record(Event.GATE_OPENED, actor=actor, at=at, facts=facts)
    return total


def _repeat(line: Line, total: Replayed, *, actor: Actor, at: datetime) -> None:
    total.lines += 1
    if line.category == expiring.CATEGORY:
        keys, rows = expiring.repeat(line, actor=actor, at=at)
    else:
        keys, rows = _destroy(line, actor=actor, at=at)
    total.keys += keys
    total.rows += rows
    if keys or rows:
        with transaction.atomic():
            facts = {"journal": line.number, "certificate": line.certificate, "keys": keys, "rows": rows}
            ledger.record(Event.REPLAYED, actor=actor, at=at, subjects=line.people, facts=facts)


def _destroy(line: Line, *, actor: Actor, at: datetime) -> tuple[int, int]:
    keys = _destroy_keys(line, actor=actor, at=at)
    rows = 0
    for holding in holdings.for_category(line.category):
        if line.month is not None:
            if holding.destroy_month is not None:
                rows += holding.destroy_month(line.month, certificate=line.certificate, actor=actor, at=at)
        elif holding.destroy is not None:
            rows += holding.destroy(list(line.people), certificate=line.certificate, actor=actor, at=at)
    _close_lines(line)
    gone = _of_whom_nothing_is_left(line)
    if gone:
        subjects.mark_destroyed(gone, certificate=line.certificate, actor=actor, at=at)
    return keys, rows


def _destroy_keys(line: Line, *, actor: Actor, at: datetime) -> int:
    if line.month is not None:
        return int(
            vault.shred_epoch(
                category=line.category,
                month=line.month,
                cause=line.cause,
                certificate=line.certificate,
                actor=actor,
                at=at,
                again=True,
            )
        )
    return vault.shred_subjects(
        subject_ids=list(line.people),
        categories=[line.category],
        cause=line.cause,
        certificate=line.certificate,
        actor=actor,
        at=at,
        again=True,
    )


def _close_lines(line: Line) -> None:
    """Take these people off the lists that the restored database still holds open."""
    open_lines = DestructionLine.objects.filter(
        subject_id__in=line.people, category=line.category, is_open=True, state=DestructionLine.State.PLANNED
    ).exclude(list__state=DestructionList.State.EXECUTING)
    open_lines.update(state=DestructionLine.State.DROPPED)


def _of_whom_nothing_is_left(line: Line) -> list:  # type: ignore[type-arg]
    alive = set(SubjectKey.objects.filter(subject_id__in=line.people).values_list("subject_id", flat=True))
    return [subject_id for subject_id in line.people if subject_id not in alive]


def void_orphans(*, at: datetime) -> int:
    """Void lines whose transaction never committed: the step is repeated and writes a line of its own.

    A crash between the journal and the commit leaves such a line; a replay must not carry it out, for in between a hold
    may have been set. Called by the one runner, before it goes on.
    """
    followed = marks.followed("default")
    orphans = [line.number for line in journal.lines(followed) if not line.voids]
    for number in orphans:
        journal.void(number, at=at)
    if journal.last() > followed:
        marks.follow(journal.last(), using="default", at=at)
    return len(orphans)


def keys_returned(line: Line) -> bool:
    """Whether a key that the journal says is destroyed exists (again): the drill asks."""
    if line.month is not None:
        return EpochKey.objects.filter(category=line.category, month=line.month).exists()
    return SubjectKey.objects.filter(subject_id__in=line.people, category=line.category).exists()
