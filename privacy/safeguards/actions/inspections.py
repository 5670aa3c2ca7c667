"""Inspections and what follows from them: findings, corrections, confirmation, escalation (P8.1, law S-30, S-33)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.safeguards import people
from privacy.safeguards.events import Event
from privacy.safeguards.models import Inspection, Measure, Nonconformity
from privacy.safeguards.refusals import Incomplete, OwnWork, WrongState

KEEP, RECEIVE = "safeguards.keep_inspections", "safeguards.receive_inspection"
CORRECT, CONFIRM = "safeguards.correct_finding", "safeguards.confirm_finding"


def plan_inspection(
    *, kind: str, scope: str, method: str, inspector: str, planned_on: date, actor: Actor, at: datetime
) -> Inspection:
    """Plan an inspection: what, how, by whom, when. Raises UnknownPerson."""
    require(actor, KEEP)
    with transaction.atomic():
        row = Inspection.objects.create(
            kind=kind,
            scope=scope.strip(),
            method=method.strip(),
            inspector=people.must_be_active(inspector),
            planned_on=planned_on,
            planned_by=actor.ref,
            planned_at=at,
        )
        facts = {"kind": kind, "planned_on": planned_on.isoformat()}
        ledger.record(Event.INSPECTION_PLANNED, actor=actor, at=at, about=row, facts=facts)
    return row


def hold_inspection(inspection: Inspection, *, held_on: date, outcome: str, actor: Actor, at: datetime) -> Inspection:
    """Record that an inspection was held, with its result; then findings are added. Raises WrongState, Incomplete."""
    require(actor, KEEP, about=inspection)
    with transaction.atomic():
        row = _take(inspection, Inspection.State.PLANNED)
        if held_on > clock.kst_date(at):
            raise Incomplete(_("The inspection can't have been held on a day to come."), pointer="/held_on")
        if not outcome.strip():
            raise Incomplete(_("Write the result."), pointer="/outcome")
        row.state, row.held_on, row.outcome = Inspection.State.HELD, held_on, outcome.strip()
        row.save(update_fields=["state", "held_on", "outcome"])
        ledger.record(Event.INSPECTION_HELD, actor=actor, at=at, about=row, facts={"held_on": held_on.isoformat()})
    return row


def report_inspection(inspection: Inspection, *, actor: Actor, at: datetime) -> Inspection:
    """Take note of the result as the officer; then no finding is added any more. Raises WrongState, OwnWork."""
    require(actor, RECEIVE, about=inspection)
    with transaction.atomic():
        row = _take(inspection, Inspection.State.HELD)
        if row.inspector == actor.ref:
            raise OwnWork(_("You inspected yourself: another officer takes note of the report."))
        row.state, row.reported_to, row.reported_at = Inspection.State.REPORTED, actor.ref, at
        row.save(update_fields=["state", "reported_to", "reported_at"])
        ledger.record(
            Event.INSPECTION_REPORTED, actor=actor, at=at, about=row, facts={"findings": row.findings.count()}
        )
    return row


def record_finding(
    inspection: Inspection,
    *,
    criterion: str,
    weight: str,
    seen: str,
    correction: str,
    responsible: str,
    due_on: date,
    measure: Measure | None = None,
    actor: Actor,
    at: datetime,
) -> Nonconformity:
    """Record what is not in order, what is to be done, by whom and until when. Raises WrongState, UnknownPerson."""
    require(actor, KEEP, about=inspection)
    with transaction.atomic():
        held = _take(inspection, Inspection.State.HELD)
        if due_on < clock.kst_date(at):
            raise Incomplete(_("Give a day that is still to come."), pointer="/due_on")
        row = Nonconformity.objects.create(
            inspection=held,
            measure=measure,
            criterion=criterion.strip(),
            weight=weight,
            seen=seen.strip(),
            correction=correction.strip(),
            responsible=people.must_be_active(responsible),
            due_on=due_on,
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"inspection": held.reference, "weight": weight, "due_on": due_on.isoformat(), "to": responsible}
        ledger.record(Event.FINDING_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def correct_finding(finding: Nonconformity, *, done: str, actor: Actor, at: datetime) -> Nonconformity:
    """Say what was done; another person confirms it. Raises WrongState, Incomplete."""
    require(actor, CORRECT, about=finding)
    if not done.strip():
        raise Incomplete(_("Say what was done."), pointer="/done")
    with transaction.atomic():
        row = _take_finding(finding, Nonconformity.State.OPEN)
        row.state, row.done, row.done_by, row.done_at = Nonconformity.State.CORRECTED, done.strip(), actor.ref, at
        row.save(update_fields=["state", "done", "done_by", "done_at"])
        late = clock.kst_date(at) > row.due_on
        ledger.record(Event.FINDING_CORRECTED, actor=actor, at=at, about=row, facts={"late": late})
    return row


def confirm_finding(finding: Nonconformity, *, actor: Actor, at: datetime) -> Nonconformity:
    """Confirm, after looking, that a finding is corrected. Raises WrongState, OwnWork."""
    require(actor, CONFIRM, about=finding)
    with transaction.atomic():
        row = _take_finding(finding, Nonconformity.State.CORRECTED)
        if row.done_by == actor.ref:
            raise OwnWork(_("You corrected this yourself: another person has to confirm it."))
        row.state, row.confirmed_by, row.confirmed_at = Nonconformity.State.CONFIRMED, actor.ref, at
        row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        ledger.record(Event.FINDING_CONFIRMED, actor=actor, at=at, about=row)
    return row


def reopen_finding(finding: Nonconformity, *, due_on: date, actor: Actor, at: datetime) -> Nonconformity:
    """Give a finding back whose correction does not hold, with a new day. Raises WrongState."""
    require(actor, CONFIRM, about=finding)
    with transaction.atomic():
        row = _take_finding(finding, Nonconformity.State.CORRECTED)
        if due_on < clock.kst_date(at):
            raise Incomplete(_("Give a day that is still to come."), pointer="/due_on")
        row.state, row.done_at, row.due_on, row.escalated_at = Nonconformity.State.OPEN, None, due_on, None
        row.save(update_fields=["state", "done_at", "due_on", "escalated_at"])
        ledger.record(Event.FINDING_REOPENED, actor=actor, at=at, about=row, facts={"due_on": due_on.isoformat()})
    return row


@transaction.atomic
def escalate_findings(*, on: date, actor: Actor, at: datetime) -> int:
    """Put on record, once each, that a finding is past its day. Returns how many were. Safe to repeat."""
    late = list(Nonconformity.objects.select_for_update().overdue(on=on).filter(escalated_at=None))
    for row in late:
        row.escalated_at = at
        row.save(update_fields=["escalated_at"])
        facts = {"due_on": row.due_on.isoformat(), "weight": row.weight}
        ledger.record(Event.FINDING_ESCALATED, actor=actor, at=at, about=row, facts=facts)
    return len(late)


def _take(inspection: Inspection, state: Inspection.State) -> Inspection:
    row = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if row.state != state:
        raise WrongState(
            _("This can't be done now: the inspection is “%(state)s”.") % {"state": row.get_state_display()}
        )
    return row


def _take_finding(finding: Nonconformity, state: Nonconformity.State) -> Nonconformity:
    row = Nonconformity.objects.select_for_update().get(pk=finding.pk)
    if row.state != state:
        raise WrongState(_("This can't be done now: the finding is “%(state)s”.") % {"state": row.get_state_display()})
    return row
