"""Destroying one person's data because she asked for it, withdrew her consent, or registered under a false identity.

The verb that calls this (a rights case, a withdrawal) has asked for its own permission. Only a hold stands in the way;
what a preservation rule covers is moved to the archive first (P1.7, P6.4).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.retention import locks, obstacles, plans, terms
from privacy.retention.actions import executing, planning
from privacy.retention.events import Event
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.refusals import AnotherRunner, OnHold
from privacy.subjects import holdings
from privacy.subjects.models import Subject

Line, State = DestructionLine.State, DestructionList.State


@dataclass(frozen=True)
class Outcome:
    """What became of one category: destroyed and certified, or ordered and soon carried out by the worker."""

    category: str
    list: str
    destroyed: bool
    certificate: str
    archived: int


def destroy_subject_data(
    subject: Subject | UUID,
    categories: Collection[str] | None,
    *,
    cause: str,
    case: str,
    actor: Actor,
    at: datetime,
) -> list[Outcome]:
    """Destroy a person's data of some categories (``None``: all) now; return what became of each.

    Call it outside a transaction: it commits step by step, and repeating it with the same ``case`` goes on where it
    stopped. Where another process is destroying at the moment, the order stands and the worker carries it out. Raises
    OnHold before anything is destroyed if a hold covers one of the categories.
    """
    lists = order_destruction(subject, categories, cause=cause, case=case, actor=actor, at=at)
    for ordered in lists:
        if ordered.state in DestructionList.OPEN:
            try:
                executing.carry_out(ordered, actor=actor, at=at)
            except AnotherRunner:
                break
    return [_outcome(ordered) for ordered in DestructionList.objects.filter(pk__in=[row.pk for row in lists])]


def order_destruction(
    subject: Subject | UUID,
    categories: Collection[str] | None,
    *,
    cause: str,
    case: str,
    actor: Actor,
    at: datetime,
) -> list[DestructionList]:
    """Write the order and its lists, approved by the case's own decision; the worker carries them out. Raises OnHold.

    The same ``case`` again returns the same lists.
    """
    subject_id = subject.id if isinstance(subject, Subject) else subject
    wanted = sorted(set(holdings.categories() if categories is None else categories) - {"archive"})
    with transaction.atomic():
        locks.destroying()
        Subject.objects.select_for_update().get(pk=subject_id)
        known = list(
            DestructionList.objects.filter(
                run__cause=cause, run__case=case, category__in=wanted, lines__subject_id=subject_id
            ).exclude(state=State.ABORTED)
        )
        missing = [category for category in wanted if category not in {row.category for row in known}]
        _refuse_held(subject_id, missing, at=at)
        if missing:
            known += _write(subject_id, missing, cause=cause, case=case, actor=actor, at=at)
    return known


def _refuse_held(subject_id: UUID, categories: list[str], *, at: datetime) -> None:
    held = [category for category in categories if obstacles.held([subject_id], category, at)]
    if held:
        raise OnHold(
            _("Litigation or an investigation holds this data (%(categories)s): it is not destroyed.")
            % {"categories": ", ".join(held)}
        )


def _write(
    subject_id: UUID, categories: list[str], *, cause: str, case: str, actor: Actor, at: datetime
) -> list[DestructionList]:
    today = clock.kst_date(at)
    run = DestructionRun.objects.create(
        cause=cause,
        as_of=today,
        policy=terms.policy(today),
        case=case,
        ordered_by=actor.ref,
        started_at=at,
        planned_at=at,
        due=1,
    )
    written = []
    for category in categories:
        # A person on a scheduled list is destroyed by this order, not twice.
        DestructionLine.objects.filter(
            subject_id=subject_id, category=category, is_open=True, state=Line.PLANNED
        ).update(state=Line.DROPPED)
        row = planning.new_list(run, category, DestructionList.Unit.PEOPLE, terms.of(category, today), at=at)
        planning.add_people(row, [subject_id])
        row.refresh_from_db()
        row.plan = plans.digest(row)
        row.needs_approval = False
        row.state, row.approved_by, row.approved_at, row.not_before = State.APPROVED, actor.ref, at, at
        row.save(update_fields=["plan", "needs_approval", "state", "approved_by", "approved_at", "not_before"])
        ledger.record(
            Event.LIST_PROPOSED,
            actor=actor,
            at=at,
            about=row,
            subjects=[subject_id],
            facts={"category": category, "cause": cause, "case": case, "plan": row.plan, "records": row.records},
        )
        written.append(row)
    return written


def _outcome(row: DestructionList) -> Outcome:
    done = row.state == State.DONE
    return Outcome(row.category, row.reference, done, row.certificate_number if done else "", row.archived)
