"""The end of the preservation term: archived records go on their own day, the month's key with the month (P6.4).

Slice by slice: holds are asked, the rows counted and the journal written in one transaction; then the rows go. Until
the month's key is gone a row can still be read, so after a crash between the two holds are asked once more.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.retention import journal, locks, obstacles
from privacy.retention.actions import marks
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList, Hold
from privacy.retention.models.archive import ArchivedRecordQuerySet
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import EpochKey

CATEGORY = "archive"
RINGS = "archive-"
SLICE = 1_000
Line = DestructionLine.State


def is_due(on: date) -> bool:
    """Whether archived records, or the keys of a finished month, are past their end and nothing holds them."""
    return _loose(on).exists() or bool(_finished_epochs(on, _kept(on, on)))


def counts(on: date) -> tuple[int, int]:
    """Return how many people and records are past their preservation term on a day."""
    totals = _loose(on).aggregate(people=Count("subject_id", distinct=True), records=Sum("records"))
    return totals["people"] or 0, totals["records"] or 0


def destroy_keys(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> bool:
    """Destroy the epoch keys of finished months; note whose records a hold keeps."""
    on = destruction_list.run.as_of
    with transaction.atomic():
        locks.destroying()
        kept = _kept(on, clock.kst_date(at))
        _pass_over(destruction_list, kept, {}, actor=actor, at=at)
        doomed = _finished_epochs(on, kept, today=clock.kst_date(at))
        number = _journal(destruction_list, epochs=doomed, at=at) if doomed else 0
        for ring, month in doomed:
            vault.shred_epoch(
                category=ring,
                month=month,
                cause=destruction_list.run.cause,
                certificate=destruction_list.certificate_number,
                actor=actor,
                at=at,
            )
        epochs = [[ring, month.isoformat()] for ring, month in doomed]
        DestructionList.objects.filter(pk=destruction_list.pk).update(
            step=DestructionList.Step.KEYS, keys_at=at, keys_destroyed=len(epochs), epochs=epochs
        )
        facts = {
            "certificate": destruction_list.certificate_number,
            "keys": len(epochs),
            "epochs": epochs,
            "kept": len(kept),
            "journal": number,
        }
        ledger.record(Event.KEYS_DESTROYED, actor=actor, at=at, about=destruction_list, facts=facts)
    return True


def remove_rows(destruction_list: DestructionList, *, actor: Actor, at: datetime, in_time: Callable[[], bool]) -> bool:
    """Remove the archived records past their term, and the archive keys of people of whom nothing is left anywhere.

    Returns whether all are gone.
    """
    interrupted = _counted(destruction_list)
    if interrupted:
        _ask_again(destruction_list, interrupted, actor=actor, at=at)
        _remove(destruction_list, _counted(destruction_list), actor=actor, at=at)
    named = DestructionLine.objects.filter(list=destruction_list, state__in=DestructionLine.PASSED_OVER)
    doomed = ArchivedRecord.objects.over(destruction_list.run.as_of)
    doomed = doomed.exclude(subject_id__in=list(named.values_list("subject_id", flat=True)))
    people = sorted(doomed.order_by().values_list("subject_id", flat=True).distinct())
    for part in batched(people, SLICE):
        if not in_time():
            return False
        _count(destruction_list, set(part), actor=actor, at=at)
        _remove(destruction_list, _counted(destruction_list), actor=actor, at=at)
    return True


def repeat(line: journal.Line, *, actor: Actor, at: datetime) -> tuple[int, int]:
    """Destroy again, after a restore, what a line of the journal says; return how many keys and rows had come back."""
    keys = sum(
        vault.shred_epoch(
            category=ring,
            month=month,
            cause=line.cause,
            certificate=line.certificate,
            actor=actor,
            at=at,
            again=True,
        )
        for ring, month in line.epochs
    )
    if line.ends_before is None:
        return keys, 0
    rows, _by_model = ArchivedRecord.objects.over(line.ends_before).filter(subject_id__in=line.people).delete()
    ended = _of_whom_nothing_is_left(line.people)
    return keys + _end_rings(
        ended, [], cause=line.cause, certificate=line.certificate, actor=actor, at=at, again=True
    ), rows


def _counted(destruction_list: DestructionList) -> set[UUID]:
    """Return those whose rows are counted and on the journal, and not known to be gone."""
    lines = DestructionLine.objects.filter(list=destruction_list, state=Line.COUNTED)
    return set(lines.values_list("subject_id", flat=True))


@transaction.atomic
def _count(destruction_list: DestructionList, people: set[UUID], *, actor: Actor, at: datetime) -> None:
    """Decide whose records go: the question, the counts, the journal and the ledger in one transaction."""
    locks.destroying()
    kept = _kept(destruction_list.run.as_of, clock.kst_date(at)) & people
    _pass_over(destruction_list, kept, {}, actor=actor, at=at)
    free = people - kept
    if not free:
        return
    rows = _rows(destruction_list, free)
    DestructionLine.objects.bulk_create(
        [
            DestructionLine(list=destruction_list, category=CATEGORY, subject_id=subject_id, state=Line.COUNTED)
            for subject_id in sorted(free)
        ]
    )
    _add_rows(destruction_list, rows)
    number = _journal(destruction_list, people=free, at=at)
    ledger.record(
        Event.ROWS_REMOVED,
        actor=actor,
        at=at,
        about=destruction_list,
        subjects=sorted(free),
        facts={
            "certificate": destruction_list.certificate_number,
            "rows": rows,
            "people": len(free),
            "journal": number,
        },
    )


@transaction.atomic
def _ask_again(destruction_list: DestructionList, people: set[UUID], *, actor: Actor, at: datetime) -> None:
    """After a crash between the count and the removal: whoever is held by now is spared, and counted no longer."""
    locks.destroying()
    kept = _kept(destruction_list.run.as_of, clock.kst_date(at)) & people
    said = DestructionList.objects.values_list("journal_line", flat=True).get(pk=destruction_list.pk)
    if not kept and said not in journal.voided():
        return
    less = {table: -count for table, count in _rows(destruction_list, kept).items()}
    _pass_over(destruction_list, kept, less, actor=actor, at=at)
    _add_rows(destruction_list, less)
    _journal(destruction_list, people=people - kept, at=at)
    # Last: a line that this transaction takes the place of and does not commit would be void with nothing in its place.
    journal.void(said, at=at)
    marks.follow(journal.last(), using="default", at=at)


def _remove(destruction_list: DestructionList, people: set[UUID], *, actor: Actor, at: datetime) -> None:
    """Let the counted rows go; no hold is placed meanwhile."""
    with transaction.atomic():
        locks.destroying()
        doomed = ArchivedRecord.objects.over(destruction_list.run.as_of).filter(subject_id__in=sorted(people))
        doomed.delete()
        lines = DestructionLine.objects.filter(list=destruction_list, subject_id__in=sorted(people))
        lines.filter(state=Line.COUNTED).update(state=Line.REMOVED)
    ended = _of_whom_nothing_is_left(people)
    _end_rings(
        ended - obstacles.held(sorted(ended), CATEGORY, at),
        [ring for ring, _month in destruction_list.epochs],
        cause=destruction_list.run.cause,
        certificate=destruction_list.certificate_number,
        actor=actor,
        at=at,
    )


def _journal(
    destruction_list: DestructionList,
    *,
    people: Collection[UUID] = (),
    epochs: Collection[tuple[str, date]] = (),
    at: datetime,
) -> int:
    number = journal.append(
        at=at,
        certificate=destruction_list.certificate_number,
        category=CATEGORY,
        cause=destruction_list.run.cause,
        month=None,
        people=sorted(people),
        ends_before=destruction_list.run.as_of,
        epochs=epochs,
    )
    DestructionList.objects.filter(pk=destruction_list.pk).update(journal_line=number)
    marks.follow(number, using="default", at=at)
    return number


def _rows(destruction_list: DestructionList, people: Collection[UUID]) -> dict[str, int]:
    doomed = ArchivedRecord.objects.over(destruction_list.run.as_of).filter(subject_id__in=sorted(people))
    totals = doomed.aggregate(bundles=Count("id"), records=Sum("records"))
    return {"retention.archivedrecord": totals["bundles"] or 0, "records": totals["records"] or 0}


def _add_rows(destruction_list: DestructionList, rows: dict[str, int]) -> None:
    row = DestructionList.objects.select_for_update().get(pk=destruction_list.pk)
    total = Counter(row.rows_removed)
    total.update(rows)
    row.rows_removed = dict(total)
    row.save(update_fields=["rows_removed"])


def _pass_over(
    destruction_list: DestructionList, kept: set[UUID], rows: dict[str, int], *, actor: Actor, at: datetime
) -> None:
    """Note whose records a hold keeps; ``rows`` takes back what was counted of them."""
    lines = DestructionLine.objects.filter(list=destruction_list, subject_id__in=sorted(kept))
    lines.update(state=Line.HELD)
    fresh = sorted(kept - set(lines.values_list("subject_id", flat=True)))
    DestructionLine.objects.bulk_create(
        [
            DestructionLine(list=destruction_list, category=CATEGORY, subject_id=subject_id, state=Line.HELD)
            for subject_id in fresh
        ]
    )
    if kept:
        facts = {"because": Line.HELD, "people": len(kept), "rows": rows}
        people = sorted(kept)
        ledger.record(Event.PASSED_OVER, actor=actor, at=at, about=destruction_list, subjects=people, facts=facts)


def _of_whom_nothing_is_left(people: Collection[UUID]) -> set[UUID]:
    gone = Subject.objects.filter(id__in=sorted(people), state=Subject.State.DESTROYED)
    ended = set(gone.values_list("id", flat=True))
    return ended - set(ArchivedRecord.objects.filter(subject_id__in=sorted(ended)).values_list("subject_id", flat=True))


def _end_rings(
    ended: set[UUID],
    rings: Collection[str],
    *,
    cause: str,
    certificate: str,
    actor: Actor,
    at: datetime,
    again: bool = False,
) -> int:
    living = EpochKey.objects.filter(category__startswith=RINGS).values_list("category", flat=True)
    named = sorted({*living, *rings})
    if not ended or not named:
        return 0
    return vault.shred_subjects(
        subject_ids=sorted(ended),
        categories=named,
        cause=cause,
        certificate=certificate,
        actor=actor,
        at=at,
        again=again,
    )


def _loose(on: date) -> ArchivedRecordQuerySet:
    return ArchivedRecord.objects.over(on).exclude(subject_id__in=sorted(_kept(on, on)))


def _kept(on: date, today: date) -> set[UUID]:
    """Return the people whose records past their term on a day are kept by a hold that stands today."""
    held = Q(pk__in=[])
    for hold in Hold.objects.active(today):
        reached = Q() if hold.category in ("", CATEGORY) else Q(category=hold.category)
        held |= reached if hold.subject_id is None else reached & Q(subject_id=hold.subject_id)
    return set(ArchivedRecord.objects.over(on).filter(held).values_list("subject_id", flat=True).distinct())


def _finished_epochs(on: date, kept: set[UUID], *, today: date | None = None) -> list[tuple[str, date]]:
    """Return the keyrings' months that are over and in which a hold keeps nothing; none while it reaches everybody."""
    if Hold.objects.active(today or on).on_category(CATEGORY).on_everybody().exists():
        return []
    first = on.replace(day=1)
    over = EpochKey.objects.filter(category__startswith=RINGS, month__lt=first).values_list("category", "month")
    still = {
        (ring, ends_on.replace(day=1))
        for ring, ends_on in ArchivedRecord.objects.filter(subject_id__in=sorted(kept))
        .values_list("keyring", "ends_on")
        .distinct()
    }
    return sorted(pair for pair in over if pair not in still)
