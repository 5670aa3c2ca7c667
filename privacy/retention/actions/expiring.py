"""The end of the preservation term: archived records go on their own day, the month's key with the month (P6.4)."""

from datetime import date, datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.retention import locks, obstacles
from privacy.retention.events import Event
from privacy.retention.models import ArchivedRecord, DestructionLine, DestructionList, Hold
from privacy.retention.models.archive import ArchivedRecordQuerySet
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import EpochKey

CATEGORY = "archive"
RINGS = "archive-"
Line = DestructionLine.State


def is_due(on: date) -> bool:
    """Whether archived records, or the keys of a finished month, are past their end and nothing holds them."""
    return _loose(on).exists() or bool(_finished_epochs(on))


def counts(on: date) -> tuple[int, int]:
    """Return how many people and records are past their preservation term on a day."""
    totals = _loose(on).aggregate(people=Count("subject_id", distinct=True), records=Sum("records"))
    return totals["people"] or 0, totals["records"] or 0


def destroy_keys(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> bool:
    """Destroy the epoch keys of finished months; note whose records a hold keeps."""
    on = destruction_list.run.as_of
    with transaction.atomic():
        locks.destroying()
        kept = _kept(on)
        known = DestructionLine.objects.filter(list=destruction_list).values_list("subject_id", flat=True)
        fresh = sorted(kept - set(known))
        DestructionLine.objects.bulk_create(
            [
                DestructionLine(list=destruction_list, category=CATEGORY, subject_id=subject_id, state=Line.HELD)
                for subject_id in fresh
            ]
        )
        destroyed = []
        for ring, month in _finished_epochs(on):
            vault.shred_epoch(
                category=ring,
                month=month,
                cause=destruction_list.run.cause,
                certificate=destruction_list.certificate_number,
                actor=actor,
                at=at,
            )
            destroyed.append([ring, month.isoformat()])
        DestructionList.objects.filter(pk=destruction_list.pk).update(
            step=DestructionList.Step.KEYS, keys_at=at, keys_destroyed=len(destroyed), epochs=destroyed
        )
        facts = {"certificate": destruction_list.certificate_number, "epochs": destroyed, "kept": len(kept)}
        ledger.record(Event.KEYS_DESTROYED, actor=actor, at=at, about=destruction_list, facts=facts)
    return True


def remove_rows(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    """Remove the archived records past their term, and the archive keys of people of whom nothing is left anywhere."""
    on = destruction_list.run.as_of
    kept = list(DestructionLine.objects.filter(list=destruction_list).values_list("subject_id", flat=True))
    doomed = ArchivedRecord.objects.over(on).exclude(subject_id__in=kept)
    if not destruction_list.rows_removed:
        totals = doomed.aggregate(bundles=Count("id"), records=Sum("records"))
        rows = {"retention.archivedrecord": totals["bundles"] or 0, "records": totals["records"] or 0}
        with transaction.atomic():
            DestructionList.objects.filter(pk=destruction_list.pk).update(rows_removed=rows)
            facts = {"certificate": destruction_list.certificate_number, "rows": rows}
            ledger.record(Event.ROWS_REMOVED, actor=actor, at=at, about=destruction_list, facts=facts)
    people = list(doomed.values_list("subject_id", flat=True).distinct())
    doomed.delete()
    for part in batched(people, 1_000):
        _end_rings(list(part), destruction_list, actor=actor, at=at)


def _end_rings(subject_ids: list[UUID], destruction_list: DestructionList, *, actor: Actor, at: datetime) -> None:
    gone = Subject.objects.filter(id__in=subject_ids, state=Subject.State.DESTROYED)
    ended = set(gone.values_list("id", flat=True))
    ended -= obstacles.held(sorted(ended), CATEGORY, at)
    ended -= set(ArchivedRecord.objects.filter(subject_id__in=sorted(ended)).values_list("subject_id", flat=True))
    living = EpochKey.objects.filter(category__startswith=RINGS).values_list("category", flat=True)
    rings = sorted({*living, *(ring for ring, _month in destruction_list.epochs)})
    if ended and rings:
        vault.shred_subjects(
            subject_ids=sorted(ended),
            categories=rings,
            cause=destruction_list.run.cause,
            certificate=destruction_list.certificate_number,
            actor=actor,
            at=at,
        )


def _loose(on: date) -> ArchivedRecordQuerySet:
    return ArchivedRecord.objects.over(on).exclude(subject_id__in=sorted(_kept(on)))


def _kept(on: date) -> set[UUID]:
    """Return the people whose records past their term a hold keeps."""
    held = Q(pk__in=[])
    for hold in Hold.objects.active(on):
        reached = Q() if hold.category in ("", CATEGORY) else Q(category=hold.category)
        held |= reached if hold.subject_id is None else reached & Q(subject_id=hold.subject_id)
    return set(ArchivedRecord.objects.over(on).filter(held).values_list("subject_id", flat=True).distinct())


def _finished_epochs(on: date) -> list[tuple[str, date]]:
    """Return the keyrings' months that are over and in which a hold keeps nothing; none while it reaches everybody."""
    if Hold.objects.active(on).on_category(CATEGORY).on_everybody().exists():
        return []
    first = on.replace(day=1)
    over = EpochKey.objects.filter(category__startswith=RINGS, month__lt=first).values_list("category", "month")
    kept = _kept(on)
    still = {
        (ring, ends_on.replace(day=1))
        for ring, ends_on in ArchivedRecord.objects.filter(subject_id__in=sorted(kept))
        .values_list("keyring", "ends_on")
        .distinct()
    }
    return sorted(pair for pair in over if pair not in still)
