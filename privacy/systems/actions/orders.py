"""Asking connected systems: one task for each system, in the transaction of what causes it; the worker sends it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from django.db import transaction

from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.captured_tables import MOST_NAMED
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from privacy.systems.actions.register import TERMS
from privacy.systems.events import Event
from privacy.systems.models import Act, ConnectedSystem, SystemTask
from privacy.systems.outgoing import EVENT, destination_of, enqueue_again

BATCH_SIZE = 1_000


def order_freeze(
    *, cause_id: UUID, subject_id: UUID, category: str, item: str, why: str, case: str, actor: Actor, at: datetime
) -> list[SystemTask]:
    """Have what a freeze covers frozen elsewhere; of somebody who is held nowhere, nothing is asked."""
    systems = _systems(category, at)
    if not systems or not Subject.objects.filter(pk=subject_id).exists():
        return []
    return _order(
        Act.FREEZE, systems, [subject_id], lambda one: one.items_of(category, item), category=category, why=why,
        case=case, cause_id=cause_id, actor=actor, at=at,
    )  # fmt: skip


def order_release(*, cause_id: UUID, actor: Actor, at: datetime) -> list[SystemTask]:
    """End elsewhere the freeze that a cause began, wherever it was asked for."""
    made: list[SystemTask] = []
    for frozen in SystemTask.objects.filter(cause_id=cause_id, act=Act.FREEZE).select_related("system"):
        # One that was given up, or is of what is destroyed, may stand there all the same, if it was ever sent or a
        # person asked for it.
        over = (SystemTask.State.DROPPED, SystemTask.State.GIVEN_UP)
        if frozen.state in over and frozen.sent_at is None and not frozen.is_by_hand:
            continue
        made += _order(
            Act.RELEASE, [frozen.system], [frozen.subject_id], partial(_as_frozen, frozen.items),
            category=frozen.category, why=frozen.why, case=frozen.case, cause_id=cause_id, actor=actor, at=at,
        )  # fmt: skip
        wake_what_was_kept(frozen)
    return made


def wake_what_was_kept(ended: SystemTask) -> None:
    """Have a system asked again, once a freeze is to end or has ended there, for what it kept because of one."""
    kept = SystemTask.objects.open().filter(system=ended.system, subject_id=ended.subject_id).exclude(kept_because="")
    for one in kept:
        enqueue_again(one.id, ended.system, one.act, mark=ended.id)


def order_hold(
    *, hold_id: UUID, subject_id: UUID | None, category: str, case: str, actor: Actor, at: datetime
) -> list[SystemTask]:
    """Have everything that a hold reaches kept elsewhere too; one of everybody is carried out by people."""
    return _order(
        Act.FREEZE, _systems(category, at), [subject_id], lambda one: one.items_of(category), category=category,
        why="hold", case=case, cause_id=hold_id, actor=actor, at=at,
    )  # fmt: skip


def order_locating(
    *, cause_id: UUID, subject_ids: Sequence[UUID], category: str, case: str, actor: Actor, at: datetime
) -> list[SystemTask]:
    """Ask which systems hold what of these people, for an access."""
    return _order(
        Act.LOCATE, _systems(category, at), subject_ids, lambda one: one.items_of(category), category=category,
        why="access", case=case, cause_id=cause_id, actor=actor, at=at,
    )  # fmt: skip


def order_correction(
    *, cause_id: UUID, subject_id: UUID, category: str, item: str, case: str, single: bool = False, actor: Actor,
    at: datetime,
) -> list[SystemTask]:  # fmt: skip
    """Have an item corrected elsewhere: what is sent is what is held here when it goes out.

    A ``single`` record among several has no name in the protocol: a person asks the owner.
    """
    return _order(
        Act.CORRECT, _systems(category, at), [subject_id], lambda one: one.items_of(category, item), category=category,
        why="correction", case=case, cause_id=cause_id, trouble="single-record" if single else "", actor=actor, at=at,
    )  # fmt: skip


def order_destruction(
    *, list_id: UUID, case: str, category: str, subject_ids: Sequence[UUID], actor: Actor, at: datetime
) -> list[SystemTask]:
    """Have what is destroyed here destroyed elsewhere, in the transaction that destroys the keys.

    Their identifiers were sealed before (``seal_identifiers``); each task has its envelope's id.
    """
    return _order(
        Act.DESTROY, _systems(category, at), subject_ids, lambda one: one.items_of(category), category=category,
        why="destruction", case=case, cause_id=list_id, actor=actor, at=at,
    )  # fmt: skip


def order_month_destruction(
    *, list_id: UUID, case: str, category: str, month: date, actor: Actor, at: datetime
) -> list[SystemTask]:
    """Have a month that is destroyed here destroyed elsewhere: it names nobody, so people carry it out."""
    return _order(
        Act.DESTROY, _systems(category, at), [None], lambda one: one.items_of(category), category=category,
        why="destruction", case=case, cause_id=list_id, month=month, actor=actor, at=at,
    )  # fmt: skip


def task_id(system_id: UUID, act: str, cause_id: UUID, subject_id: UUID | None, category: str) -> UUID:
    """Return the id of a task: the same order twice is one task, and an envelope is found before its task is there."""
    return uuid5(system_id, f"{act}.{cause_id}.{subject_id or ''}.{category}")


def _as_frozen(items: list[str], _system: ConnectedSystem) -> list[str]:
    return items


def _systems(category: str, at: datetime) -> list[ConnectedSystem]:
    return list(ConnectedSystem.objects.running(clock.kst_date(at)).holding(category).order_by("code"))


def _order(
    act: Act,
    systems: Iterable[ConnectedSystem],
    subject_ids: Sequence[UUID | None],
    items_of: Callable[[ConnectedSystem], list[str]],
    *,
    category: str,
    why: str,
    case: str,
    cause_id: UUID,
    actor: Actor,
    at: datetime,
    month: date | None = None,
    trouble: str = "",
) -> list[SystemTask]:
    made: list[SystemTask] = []
    with transaction.atomic():
        for system in systems:
            items = items_of(system)
            if not items:
                continue
            due_on = clock.kst_date(at) + timedelta(days=system.terms.get(act, TERMS[act]))
            rows = [
                SystemTask(
                    id=task_id(system.id, act, cause_id, subject_id, category), system=system, act=act, why=why,
                    subject_id=subject_id, category=category, items=items, month=month, case=case, cause_id=cause_id,
                    ordered_at=at, due_on=due_on, trouble=trouble,
                    state=SystemTask.State.FAILED if trouble else SystemTask.State.WAITING,
                )
                for subject_id in subject_ids
            ]  # fmt: skip
            known = set(SystemTask.objects.filter(id__in=[row.id for row in rows]).values_list("id", flat=True))
            fresh = [row for row in rows if row.id not in known]
            if fresh:
                _write(system, fresh, actor=actor, at=at)
                made += fresh
    return made


def _write(system: ConnectedSystem, tasks: list[SystemTask], *, actor: Actor, at: datetime) -> None:
    SystemTask.objects.bulk_create(tasks, batch_size=BATCH_SIZE)
    first = tasks[0]
    for start in range(0, len(tasks), MOST_NAMED):
        part = tasks[start : start + MOST_NAMED]
        facts = {
            "act": first.act, "why": first.why, "case": first.case, "category": first.category, "items": first.items,
            "tasks": len(part), "due": first.due_on.isoformat(),
            **({"task": first.reference} if len(part) == 1 else {}),
        }  # fmt: skip
        people = [task.subject_id for task in part if task.subject_id is not None]
        ledger.record(Event.ORDERED, actor=actor, at=at, about=system, subjects=people, facts=facts)
    sendable = [task for task in tasks if not task.is_by_hand and task.state == SystemTask.State.WAITING]
    outbox.enqueue_many(
        EVENT,
        {f"{EVENT}:{task.id}": {"task": str(task.id)} for task in sendable},
        shard=system.code,
        destination=destination_of(system, first.act),
    )
