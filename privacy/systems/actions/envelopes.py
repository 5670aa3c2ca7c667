"""Sealing the identifiers that a system needs after the data is destroyed here, and removing them once it is done."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.systems import identifiers
from privacy.systems.actions import earlier_identifiers
from privacy.systems.actions.orders import task_id
from privacy.systems.events import Event
from privacy.systems.models import Act, ConnectedSystem, Envelope, SystemTask
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

# Identifiers are sealed before their task is ordered; after so long without one there will be none.
ORDERED_WITHIN = timedelta(days=1)
MOST_SWEPT = 10_000
PURPOSES = {Act.DESTROY: Purpose.LEGAL_DUTY, Act.CORRECT: Purpose.RIGHTS}


def seal_identifiers(
    *,
    act: Act,
    cause_id: UUID,
    category: str,
    subject_ids: Sequence[UUID],
    case: str,
    item: str = "",
    actor: Actor,
    at: datetime,
) -> int:
    """Seal for each system by what it finds these people, before that is destroyed or corrected; return how many.

    What a system finds somebody by may be the very item that is corrected: there it stands as it was. Safe to repeat:
    what is sealed stays as it was, but for a destruction after which somebody was corrected: both are sealed then.
    Call it outside a transaction.
    """
    systems = [
        system
        for system in ConnectedSystem.objects.running(clock.kst_date(at)).holding(category)
        if system.way == ConnectedSystem.Way.API and system.items_of(category, item)
    ]
    if not systems:
        return 0
    wanted = {
        task_id(system.id, act, cause_id, subject_id, category): (system, subject_id)
        for system in systems
        for subject_id in subject_ids
    }
    sealed = {row.id: row for row in Envelope.objects.filter(id__in=list(wanted))}
    again = earlier_identifiers.sealed_too_early(sealed.values()) if act == Act.DESTROY else set()
    missing = {key: pair for key, pair in wanted.items() if key not in sealed or key in again}
    if not missing:
        return 0
    people = sorted({subject_id for _system, subject_id in missing.values()})
    kinds = sorted({kind for system, _subject in missing.values() for kind in system.identifiers})
    read = identifiers.read_identifiers(
        people, kinds, purpose=PURPOSES[act], task=earlier_identifiers.SEALED, reason=case, actor=actor, at=at
    )
    made = []
    destroyed = list(missing.values()) if act == Act.DESTROY else []
    earlier = earlier_identifiers.identifiers_before(destroyed, case=case, at=at)
    for key, (system, subject_id) in missing.items():
        known_by = {kind: value for kind, value in read[subject_id].items() if kind in system.identifiers}
        known_by = earlier_identifiers.in_order([*earlier.get((system.id, subject_id), ()), known_by])
        row = Envelope(id=key, system_id=system.id, subject_id=subject_id, cause_id=cause_id, sealed_at=at)
        vault.encrypt(row, {"identifiers": known_by}, at=at)
        made.append(row)
    with transaction.atomic(using="personal"):
        with transaction.atomic():
            facts = {"case": case, "category": category, "systems": sorted({one.code for one in systems})}
            ledger.record(Event.IDENTIFIERS_SEALED, actor=actor, at=at, subjects=people, facts=facts)
        Envelope.objects.filter(id__in=again).delete()
        Envelope.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def remove_envelopes(ids: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """Remove the identifiers of tasks that have ended; return how many. Safe to repeat."""
    with transaction.atomic(using="personal"):
        held = dict(Envelope.objects.filter(id__in=list(ids)).values_list("id", "subject_id"))
        if not held:
            return 0
        with transaction.atomic():
            people, facts = sorted(set(held.values())), {"rows": len(held)}
            ledger.record(Event.IDENTIFIERS_REMOVED, actor=actor, at=at, subjects=people, facts=facts)
        removed, _each = Envelope.objects.filter(id__in=list(held)).delete()
    return removed


def remove_orphans(*, cause_id: UUID, actor: Actor, at: datetime) -> int:
    """Remove what was sealed for a cause and is not needed: of people it left out, and of tasks that have ended."""
    sealed = Envelope.objects.filter(cause_id=cause_id).values_list("id", flat=True)
    return _remove_unneeded(set(sealed), actor=actor, at=at)


def remove_left_over(*, actor: Actor, at: datetime) -> int:
    """Remove what a kill between the end of a task and the removal of its identifiers left; return how many."""
    sealed = Envelope.objects.filter(sealed_at__lt=at - ORDERED_WITHIN).order_by("sealed_at")
    return _remove_unneeded(set(sealed.values_list("id", flat=True)[:MOST_SWEPT]), actor=actor, at=at)


def _remove_unneeded(ids: set[UUID], *, actor: Actor, at: datetime) -> int:
    needed = set(SystemTask.objects.open().filter(id__in=ids).values_list("id", flat=True))
    return remove_envelopes(ids - needed, actor=actor, at=at)
