"""What becomes of the data that a withdrawal destroys, as it is now: what pages and mails say is derived from this.

A hold keeps it, also after the order; another case or the sweep may destroy it first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from consents.models import Agreement, PlannedDestruction, PlannedDestructionQuerySet
from privacy.policies.categories import WITHOUT_LISTS
from privacy.retention import actions as retention
from privacy.retention.destruction import blockers
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.schedule import selection
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault import actions as vault

State = PlannedDestruction.State
NOT_BEGUN = (DestructionLine.State.PLANNED, *DestructionLine.SKIPPED)


class Status(StrEnum):
    """``held``: a hold keeps all of it; ``partly``: a hold keeps what is not destroyed yet."""

    WAITING = "waiting"
    HELD = "held"
    STOPPED = "stopped"
    UNDER_WAY = "under-way"
    PARTLY = "partly"
    DESTROYED = "destroyed"
    AGREED_AGAIN = "agreed-again"


@dataclass(frozen=True)
class PlanNow:
    """A plan with what becomes of its data, and whether a case blocks it, in which that is decided too."""

    plan: PlannedDestruction
    status: Status
    is_blocked_by_case: bool

    @property
    def can_be_stopped(self) -> bool:
        return self.plan.state == State.WAITING and self.status in {Status.WAITING, Status.HELD}


def as_it_is(plan: PlannedDestruction, *, at: datetime) -> PlanNow:
    """Return a plan with what becomes of its data."""
    return PlanNow(plan, status(plan, at=at), is_blocked_by_case(plan, at=at))


def status(plan: PlannedDestruction, *, at: datetime) -> Status:
    """Return what becomes of a plan's data, whoever destroys or keeps it."""
    if plan.state in {State.DESTROYED, State.AGREED_AGAIN}:
        return Status(plan.state)
    if plan.state == State.UNDER_WAY:
        own = DestructionLine.objects.filter(list__run__case=plan.decision.reference)
        if not is_held(plan, at=at) or retention.is_going_on(own, at=at):
            return Status.UNDER_WAY
        return Status.PARTLY if own.exclude(state__in=NOT_BEGUN).exists() else Status.HELD
    if is_destroyed(plan):
        return Status.DESTROYED
    if _is_being_destroyed(plan, at=at):
        return Status.UNDER_WAY
    if plan.state == State.WAITING and is_held(plan, at=at):
        return Status.HELD
    return Status(plan.state)


def is_blocked_by_case(plan: PlannedDestruction, *, at: datetime) -> bool:
    """Whether something other than a withdrawal blocks the data, as a deletion that waits or a suspension does."""
    own = PlannedDestruction.objects.of(plan.subject_id).values_list("decision__reference", flat=True)
    named = {"", *categories(plan)}
    held = vault.active_freezes_by_subject([plan.subject_id], at=at).get(plan.subject_id, [])
    return any(one.category in named and one.case not in own for one in held)


def categories(plan: PlannedDestruction) -> list[str]:
    """Return what a plan destroys: with a required agreement everything goes."""
    agreement = plan.decision.agreement
    return sorted(set(holdings.categories()) - WITHOUT_LISTS) if agreement.required else list(agreement.categories)


def is_held(plan: PlannedDestruction, *, at: datetime) -> bool:
    """Whether a hold covers anything that a plan destroys: then nothing of it is ordered."""
    return blockers.is_on_hold([plan.subject_id], categories(plan), at=at)


def is_destroyed(plan: PlannedDestruction) -> bool:
    """Whether nothing that was collected is left for a plan to destroy: a case or the sweep has destroyed it.

    The sweep may destroy the month in which it lies, and with it no key of the person's own.
    """
    collected = _collected(plan)
    months = DestructionList.objects.filter(unit=DestructionList.Unit.MONTH, category__in=collected)
    return (
        any(vault.is_destroyed(plan.subject_id, category) for category in collected)
        or months.filter(done_at__gte=plan.decision.recorded_at).exists()
    ) and not any(selection.count_records(category, [plan.subject_id]) for category in collected)


def is_being_destroyed(person: Subject, agreement: Agreement) -> bool:
    """Whether what would rest on an agreement is being destroyed at this moment, for whatever reason."""
    if _under_way(person, agreement):
        return True
    lines = DestructionLine.objects.under_way().filter(subject_id=person.id)
    return lines.filter(category__in=agreement.categories).exists()


def is_partly_destroyed(person: Subject, agreement: Agreement) -> bool:
    """Whether what would rest on an agreement is destroyed in part, and nothing of the rest is ordered: it is held."""
    cases = [plan.decision.reference for plan in _under_way(person, agreement)]
    own = DestructionLine.objects.filter(list__run__case__in=cases)
    return own.exclude(state__in=NOT_BEGUN).exists() and not own.under_way().exists()


def _under_way(person: Subject, agreement: Agreement) -> PlannedDestructionQuerySet:
    under_way = PlannedDestruction.objects.of(person.id).filter(state=State.UNDER_WAY).select_related("decision")
    return under_way.filter(Q(decision__agreement=agreement) | Q(decision__agreement__required=True))


def required_to_agree_again(person: Subject) -> set[UUID]:
    """Return the required agreements by which an ended registration comes back: nothing was destroyed yet."""
    plans = PlannedDestruction.objects.of(person.id).filter(decision__agreement__required=True)
    waiting = plans.filter(state__in=(State.WAITING, State.STOPPED)).values_list("decision__agreement", flat=True)
    return set(waiting) if person.state == Subject.State.WITHDRAWN else set()


def _is_being_destroyed(plan: PlannedDestruction, *, at: datetime) -> bool:
    """Whether a case destroys all that was collected of what a plan would."""
    lines = DestructionLine.objects.filter(subject_id=plan.subject_id)
    return all(retention.is_going_on(lines.filter(category=category), at=at) for category in _collected(plan))


def _collected(plan: PlannedDestruction) -> list[str]:
    """Return the categories that are collected on the consent; on a required one rests the registration with all."""
    if not plan.decision.agreement.required:
        return list(plan.decision.agreement.categories)
    agreements = Agreement.objects.filter(kind=Agreement.Kind.COLLECTION).values_list("categories", flat=True)
    return sorted({category for some in agreements for category in some})
