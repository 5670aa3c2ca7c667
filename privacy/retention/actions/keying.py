"""The act of destruction: keys go, and with them the data in every copy (vault.md). What holds is asked again first."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.lib.ids import as_array
from privacy.retention import archive, journal, locks, obstacles, plans, terms
from privacy.retention.actions import archiving, expiring, marks
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.models.runs import Cause
from privacy.subjects import holdings
from privacy.vault import actions as vault

SLICE = 2_000
Line = DestructionLine.State


def destroy_keys(destruction_list: DestructionList, *, actor: Actor, at: datetime, in_time: Callable[[], bool]) -> bool:
    """Destroy the keys of everything on the list; return whether all are gone."""
    unit = DestructionList.Unit
    if destruction_list.unit == unit.MONTH:
        return _destroy_month(destruction_list, actor=actor, at=at)
    if destruction_list.unit == unit.ARCHIVE:
        return expiring.destroy_keys(destruction_list, actor=actor, at=at)
    planned = DestructionLine.objects.filter(list=destruction_list, state=Line.PLANNED).order_by("subject_id")
    ids: list[UUID] = []
    while ids := list(planned.after(ids).values_list("subject_id", flat=True)[:SLICE]):
        if not in_time():
            return False
        copied = archiving.copy_people(destruction_list, ids, actor=actor, at=at)
        _destroy_slice(destruction_list, ids, archived=copied, actor=actor, at=at)
    _step_to_keys(destruction_list, at=at)
    return True


@transaction.atomic
def _destroy_slice(
    destruction_list: DestructionList, ids: list[UUID], *, archived: int, actor: Actor, at: datetime
) -> None:
    """Destroy one slice's keys in one transaction with the questions whether they may go: a hold set before wins."""
    locks.destroying()
    _lock_people(ids)
    passed_over = _passed_over(destruction_list, ids, at=at)
    _pass_over(destruction_list, passed_over, actor=actor, at=at)
    doomed = [subject_id for subject_id in ids if subject_id not in passed_over]
    if not doomed:
        return
    number = journal.append(
        at=at,
        certificate=destruction_list.certificate_number,
        category=destruction_list.category,
        cause=destruction_list.run.cause,
        month=None,
        people=doomed,
    )
    destroyed = vault.shred_subjects(
        subject_ids=doomed,
        categories=[destruction_list.category],
        cause=destruction_list.run.cause,
        certificate=destruction_list.certificate_number,
        actor=actor,
        at=at,
    )
    _mark_keyed(destruction_list, doomed)
    DestructionList.objects.filter(pk=destruction_list.pk).update(
        keys_destroyed=F("keys_destroyed") + destroyed, archived=F("archived") + archived, journal_line=number
    )
    marks.follow(number, using="default", at=at)
    ledger.record(
        Event.KEYS_DESTROYED,
        actor=actor,
        at=at,
        about=destruction_list,
        subjects=doomed,
        facts={
            "certificate": destruction_list.certificate_number,
            "people": len(doomed),
            "keys": destroyed,
            "journal": number,
        },
    )


def _lock_people(ids: list[UUID]) -> None:
    """Let whoever resumes a service or ends a registration wait, and see then what became of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM subjects_subject WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", [as_array(ids)]
        )


def _mark_keyed(destruction_list: DestructionList, doomed: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_destructionline SET state = %s"
            " WHERE list_id = %s AND state = %s AND subject_id = ANY(%s::uuid[])",
            [Line.KEYED.value, destruction_list.pk, Line.PLANNED.value, as_array(doomed)],
        )


def _passed_over(destruction_list: DestructionList, ids: list[UUID], *, at: datetime) -> Mapping[UUID, Line]:
    run, category = destruction_list.run, destruction_list.category
    if run.cause != Cause.RETENTION:
        # The person asked for it, or the consent is gone: only a hold stands in the way (law D-03).
        return obstacles.among(ids, category, at, only={obstacles.HELD})
    found = dict(obstacles.among(ids, category, at))
    keeper = holdings.clock_keeper(category)
    if keeper is None:
        return found
    term = terms.of(category, run.as_of)
    if keeper.is_due is not None:
        still_due = set(keeper.is_due(ids, run.as_of, term))
    else:
        still_due = _among(plans.people_due(category, run.as_of), ids)
    settled = still_due | set(found)
    found.update({subject_id: Line.NOT_DUE for subject_id in ids if subject_id not in settled})
    return found


def _among(slices: Iterable[list[UUID]], ids: list[UUID]) -> set[UUID]:
    asked = set(ids)
    return {subject_id for due in slices for subject_id in due if subject_id in asked}


def _pass_over(
    destruction_list: DestructionList, passed_over: Mapping[UUID, Line], *, actor: Actor, at: datetime
) -> None:
    for state in sorted(set(passed_over.values())):
        people = [subject_id for subject_id, why in passed_over.items() if why == state]
        DestructionLine.objects.filter(list=destruction_list, subject_id__in=people).update(state=state)
        facts = {"because": state, "people": len(people)}
        ledger.record(Event.PASSED_OVER, actor=actor, at=at, about=destruction_list, subjects=people, facts=facts)


def _destroy_month(destruction_list: DestructionList, *, actor: Actor, at: datetime) -> bool:
    """Destroy a month's epoch key; where a hold keeps somebody's records in it, only the others' rows will go."""
    category, month = destruction_list.category, destruction_list.month
    assert month is not None
    for covered in archive.covered(category, clock.kst_date(at)):
        if covered.holding.month:
            copied = archiving.copy_month(destruction_list, covered, month, actor=actor, at=at)
            DestructionList.objects.filter(pk=destruction_list.pk).update(archived=copied)
    with transaction.atomic():
        locks.destroying()
        kept = _kept_in_month(destruction_list, at=at)
        number, destroyed = 0, False
        if not kept and not obstacles.everybody(category, at):
            number = journal.append(
                at=at,
                certificate=destruction_list.certificate_number,
                category=category,
                cause=destruction_list.run.cause,
                month=month,
                people=(),
            )
            destroyed = vault.shred_epoch(
                category=category,
                month=month,
                cause=destruction_list.run.cause,
                certificate=destruction_list.certificate_number,
                actor=actor,
                at=at,
            )
            marks.follow(number, using="default", at=at)
        _note_kept(destruction_list, kept, actor=actor, at=at)
        DestructionList.objects.filter(pk=destruction_list.pk).update(
            keys_destroyed=int(destroyed), journal_line=number
        )
        facts = {
            "certificate": destruction_list.certificate_number,
            "month": str(month),
            "keys": int(destroyed),
            "kept": len(kept),
            "journal": number,
        }
        ledger.record(Event.KEYS_DESTROYED, actor=actor, at=at, about=destruction_list, facts=facts)
        _step_to_keys(destruction_list, at=at)
    return True


def _kept_in_month(destruction_list: DestructionList, *, at: datetime) -> dict[UUID, Line]:
    category, month = destruction_list.category, destruction_list.month
    assert month is not None
    named = sorted(obstacles.people(category, at))
    present: set[UUID] = set()
    for holding in holdings.for_category(category):
        if holding.month:
            rows = plans.in_month(holding, month)
            if named:
                rows_of_named = rows.filter(**{f"{holding.subject}__in": named})
                present.update(rows_of_named.values_list(holding.subject, flat=True).distinct())
            if obstacles.everybody(category, at):
                present.update(rows.values_list(holding.subject, flat=True).distinct())
    return dict(obstacles.among(sorted(present), category, at))


def _note_kept(destruction_list: DestructionList, kept: Mapping[UUID, Line], *, actor: Actor, at: datetime) -> None:
    DestructionLine.objects.bulk_create(
        [
            DestructionLine(list=destruction_list, category=destruction_list.category, subject_id=subject_id, state=why)
            for subject_id, why in kept.items()
        ]
    )
    _pass_over(destruction_list, kept, actor=actor, at=at)


def _step_to_keys(destruction_list: DestructionList, *, at: datetime) -> None:
    DestructionList.objects.filter(pk=destruction_list.pk, step=DestructionList.Step.INTENT).update(
        step=DestructionList.Step.KEYS, keys_at=at
    )
