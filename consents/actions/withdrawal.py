"""When an agreement ends, processing stops at once and what rested on it is destroyed after a wait (law R-24).

During the wait the person or an officer can stop the destruction, not the withdrawal (decision 0114).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from consents import destruction_status
from consents.actions.codes import end_codes
from consents.actions.destruction_notices import AGREED_AGAIN, PLANNED, STOPPED, queue_held, queue_notice
from consents.events import Event
from consents.models import Decision, PlannedDestruction
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.retention import locks
from privacy.retention.actions.destruction_orders import (
    OrderOutcome,
    destroy_subject_data,
    is_ordered,
    order_destruction,
)
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.refusals import OnHold
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import Freeze

State = PlannedDestruction.State
# How long a destruction waits, so that whoever did not withdraw can stop it.
WAIT_HOURS = "withdrawal.wait.hours"
STOP = "consents.stop_destruction"

# Sent with ``decision``, ``kept`` (whether another law keeps something, by category) and ``at``, in the transaction
# that puts the destruction on record.
collection_ended = Signal()


class NotWaiting(Refusal):
    """Nothing waits here that could be stopped or go on: it was stopped, has begun, or is over."""

    code = "not-waiting"


class TooEarly(Refusal):
    """The wait is not over: until then the destruction can be stopped."""

    code = "too-early"


class StoppedByOther(Refusal):
    """Whoever stopped a destruction lets it go on: the person what she stopped, the office what it stopped."""

    code = "stopped-by-other"


def wait(at: datetime) -> timedelta:
    """Return how long a withdrawal of that moment waits before anything is destroyed."""
    return timedelta(hours=rulebook.parameter(WAIT_HOURS, clock.kst_date(at)))


def plan_destruction(decision: Decision, person: Subject, *, actor: Actor, at: datetime) -> PlannedDestruction | None:
    """Stop the processing that an ended agreement carried and plan the destruction of what rested on it.

    Return the plan, or None where nothing was agreed to. A plan that is open for the same agreement stays as it is. The
    required agreement carries the registration: with it the registration ends and everything goes.
    """
    agreement = decision.agreement
    held = PlannedDestruction.objects.open().of(person.id).filter(decision__agreement=agreement).first()
    if held is not None:
        return held
    agreed = Decision.objects.of(person.id).filter(agreement=agreement, choice=Decision.Choice.AGREE)
    if not agreement.required and not agreed.exists():
        return None
    made = PlannedDestruction.objects.create(decision=decision, subject_id=person.id, due_at=at + wait(at))
    if agreement.required:
        subjects.mark_withdrawn(person, actor=actor, at=at, case=decision.reference)
    for category in [""] if agreement.required else agreement.categories:
        vault.freeze(
            subject_id=person.id,
            category=category,
            cause=Freeze.Cause.SUSPENSION,
            case=decision.reference,
            actor=actor,
            at=at,
        )
    _record(Event.DESTRUCTION_PLANNED, made, actor=actor, at=at)
    _queue(made)
    queue_notice(made, PLANNED, at=at)
    return made


def drop_destruction(decision: Decision, person: Subject, *, actor: Actor, at: datetime) -> None:
    """Give up the destruction that waits or was stopped: the person agreed again, and processing goes on."""
    rows = PlannedDestruction.objects.select_for_update(of=("self",)).of(person.id)
    waiting = rows.filter(decision__agreement=decision.agreement, state__in=(State.WAITING, State.STOPPED))
    for row in waiting.select_related("decision__agreement"):
        row.state, row.ended_at = State.AGREED_AGAIN, at
        row.stopped_at, row.stopped_by_kind, row.stopped_by = None, "", ""
        row.save(update_fields=["state", "ended_at", "stopped_at", "stopped_by_kind", "stopped_by"])
        vault.unfreeze(case=row.decision.reference, actor=actor, at=at)
        _record(Event.DESTRUCTION_DROPPED, row, actor=actor, at=at)
        queue_notice(row, AGREED_AGAIN, at=at)
        others = PlannedDestruction.objects.open().of(person.id).filter(decision__agreement__required=True)
        if decision.agreement.required and not others.exists():
            subjects.resume_registration(person, actor=actor, at=at, case=decision.reference)


@transaction.atomic
def stop_destruction(plan: PlannedDestruction, *, actor: Actor, at: datetime) -> PlannedDestruction:
    """Stop a destruction that waits; the withdrawal stays and nothing is processed. Raises NotPermitted, NotWaiting."""
    if actor.kind == "user":
        require_permission(actor, STOP, about=plan)
    row = _locked(plan)
    if row.state == State.STOPPED:
        return row
    if row.state != State.WAITING:
        raise NotWaiting(_("The destruction has begun or is over. It can no longer be stopped."))
    row.state, row.stopped_at, row.stopped_by_kind, row.stopped_by = State.STOPPED, at, actor.kind, actor.ref
    row.save(update_fields=["state", "stopped_at", "stopped_by_kind", "stopped_by"])
    _record(Event.DESTRUCTION_STOPPED, row, actor=actor, at=at)
    queue_notice(row, STOPPED, at=at)
    return row


@transaction.atomic
def continue_destruction(plan: PlannedDestruction, *, actor: Actor, at: datetime) -> PlannedDestruction:
    """Let a stopped destruction go on; the wait begins anew.

    Raises NotPermitted, NotWaiting, and StoppedByOther for the office where the person stopped it, and the other way.
    """
    if actor.kind == "user":
        require_permission(actor, STOP, about=plan)
    row = _locked(plan)
    if row.state != State.STOPPED:
        raise NotWaiting(_("The destruction is not stopped."))
    if (row.stopped_by_kind == "user") != (actor.kind == "user"):
        raise StoppedByOther(
            _("The data subject stopped this destruction. Only they can continue it.")
            if actor.kind == "user"
            else _("Our office stopped this destruction. Contact the protection officer to continue it.")
        )
    row.state, row.due_at = State.WAITING, max(row.due_at, at + wait(at))
    row.stopped_at, row.stopped_by_kind, row.stopped_by = None, "", ""
    row.save(update_fields=["state", "due_at", "stopped_at", "stopped_by_kind", "stopped_by"])
    _record(Event.DESTRUCTION_CONTINUED, row, actor=actor, at=at)
    _queue(row)
    queue_notice(row, PLANNED, at=at)
    return row


def end_collection(decision: Decision, *, actor: Actor, at: datetime) -> bool:
    """Destroy what rested on an agreement that this decision ended; return whether all of it is destroyed.

    Where nothing was planned, or the person agreed again since, there is nothing to destroy. Call it outside a
    transaction; it is safe to repeat. Raises OnHold while a hold covers the data, TooEarly during the wait, and
    NotWaiting where the destruction was stopped. A hold that came before anything was destroyed leaves it waiting.
    """
    plan = PlannedDestruction.objects.filter(decision=decision).first()
    if plan is None or plan.state in {State.DESTROYED, State.AGREED_AGAIN}:
        return True
    try:
        _begin(plan, decision, actor=actor, at=at)
        outcomes = destroy_subject_data(decision.subject_id, **_order(plan, decision, actor=actor, at=at))
    except OnHold:
        _put_back(plan, at=at)
        raise
    done = all(outcome.destroyed for outcome in outcomes)
    if done:
        _finish(plan, decision, outcomes, actor=actor, at=at)
    elif destruction_status.is_held(plan, at=at):
        _put_back(plan, at=at)
    return done


@transaction.atomic
def _begin(plan: PlannedDestruction, decision: Decision, *, actor: Actor, at: datetime) -> None:
    """Take a plan that is due and order its destruction, both or neither: nobody stops what has begun.

    Whoever decides or orders locks the person first, and before that keeps holds out.
    """
    locks.block_new_holds_until_commit()
    Subject.objects.select_for_update().get(pk=plan.subject_id)
    row = _locked(plan)
    if row.state not in {State.WAITING, State.UNDER_WAY}:
        raise NotWaiting(_("The destruction was stopped."))
    if at < row.due_at:
        raise TooEarly(_("The waiting period is not over."))
    order_destruction(decision.subject_id, **_order(row, decision, actor=actor, at=at))
    row.state = State.UNDER_WAY
    row.save(update_fields=["state"])


@transaction.atomic
def _put_back(plan: PlannedDestruction, *, at: datetime) -> None:
    """Let a plan that a hold has overtaken wait again, and be stopped, as long as nothing of it is ordered."""
    Subject.objects.select_for_update().get(pk=plan.subject_id)
    row = _locked(plan)
    if row.state == State.UNDER_WAY and not is_ordered(case=row.decision.reference, since=None):
        row.state = State.WAITING
        row.save(update_fields=["state"])
    if row.state == State.WAITING:
        queue_held(row, at=at)


def _order(plan: PlannedDestruction, decision: Decision, *, actor: Actor, at: datetime) -> Any:
    agreement, went_on = decision.agreement, _went_on_at(plan)
    return {
        "categories": None if agreement.required else list(agreement.categories),
        "cause": Cause.WITHDRAWAL,
        "case": decision.reference,
        # The wait of a destruction that was stopped begins anew when it goes on (law D-02).
        "since": clock.kst_date(went_on or decision.decided_at),
        "actor": actor,
        "at": at,
    }


def _went_on_at(plan: PlannedDestruction) -> datetime | None:
    """Return when a destruction that was stopped last went on; the trail knows, whatever wait is in force now."""
    about = Entry.objects.about(f"{PlannedDestruction.record_label.lower()}:{plan.pk}")
    went_on = about.filter(word=Event.DESTRUCTION_CONTINUED).order_by("-time")
    return went_on.values_list("time", flat=True).first()


@transaction.atomic
def _finish(
    plan: PlannedDestruction, decision: Decision, outcomes: Sequence[OrderOutcome], *, actor: Actor, at: datetime
) -> None:
    row = _locked(plan)
    if row.state != State.UNDER_WAY:
        return
    _close(row, {outcome.category: outcome.certificate for outcome in outcomes}, actor=actor, at=at)
    kept = {outcome.category: outcome.archived > 0 for outcome in outcomes}
    collection_ended.send(sender=Decision, decision=decision, kept=kept, at=at)


def close_stopped(*, actor: Actor, at: datetime) -> int:
    """Close stopped plans whose data a case or the end of its retention has destroyed; return how many.

    Nothing is left to continue or to decide. Whoever destroyed it has certified that and told its recipients.
    """
    stopped = PlannedDestruction.objects.stopped().filter(due_at__lte=at).select_related("decision__agreement")
    return sum(_close_stopped(plan, actor=actor, at=at) for plan in stopped.order_by("due_at", "id"))


@transaction.atomic
def _close_stopped(plan: PlannedDestruction, *, actor: Actor, at: datetime) -> bool:
    Subject.objects.select_for_update().get(pk=plan.subject_id)
    row = _locked(plan)
    if row.state != State.STOPPED or not destruction_status.is_destroyed(row):
        return False
    _close(row, {}, actor=actor, at=at)
    return True


def _close(row: PlannedDestruction, certificates: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    decision = row.decision
    row.state, row.ended_at = State.DESTROYED, at
    row.stopped_at, row.stopped_by_kind, row.stopped_by = None, "", ""
    row.save(update_fields=["state", "ended_at", "stopped_at", "stopped_by_kind", "stopped_by"])
    end_codes(row.subject_id, decision.agreement, until=at, but=decision)
    vault.unfreeze(case=decision.reference, actor=actor, at=at)
    facts = {"agreement": decision.agreement.code, "certificates": dict(certificates)}
    ledger.record(Event.ENDED_COLLECTION, actor=actor, at=at, about=decision, subjects=[_reference(row)], facts=facts)


def _locked(plan: PlannedDestruction) -> PlannedDestruction:
    rows = PlannedDestruction.objects.select_for_update(of=("self",)).select_related("decision__agreement")
    return rows.get(pk=plan.pk)


def _queue(plan: PlannedDestruction) -> None:
    """Have the worker carry it out once it is due; each wait has a delivery of its own."""
    decision = plan.decision_id
    outbox.enqueue(
        "consents.ended",
        ids={"decision": str(decision)},
        key=f"consents.ended:{decision}:{plan.due_at.isoformat()}",
        not_before=plan.due_at if plan.due_at > plan.decision.recorded_at else None,
    )


def _record(word: Event, plan: PlannedDestruction, *, actor: Actor, at: datetime) -> None:
    facts = {"agreement": plan.decision.agreement.code, "due_at": plan.due_at.isoformat()}
    ledger.record(word, actor=actor, at=at, about=plan, subjects=[_reference(plan)], facts=facts)


def _reference(plan: PlannedDestruction) -> str:
    return Subject.objects.values_list("reference", flat=True).get(pk=plan.subject_id)
