"""Inspections and what follows from them: findings, corrections, confirmation, escalation (P8.1, law S-30, S-33)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.actions.work_reminders import queue_work_reminder
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.safeguards import staff_accounts
from privacy.safeguards.events import Event
from privacy.safeguards.models import Inspection, InspectionFinding, Measure
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

KEEP, RECEIVE = "safeguards.keep_inspections", "safeguards.receive_inspection"
CORRECT, CONFIRM = "safeguards.correct_finding", "safeguards.confirm_finding"


def plan_inspection(
    *, kind: str, scope: str, method: str, inspector: str, planned_on: date, actor: Actor, at: datetime
) -> Inspection:
    """Plan an inspection: what, how, by whom, when. Raises UnknownAccount."""
    require_permission(actor, KEEP)
    with transaction.atomic():
        row = Inspection.objects.create(
            kind=kind,
            scope=scope.strip(),
            method=method.strip(),
            inspector=staff_accounts.require_active(inspector),
            planned_on=planned_on,
            planned_by=actor.ref,
            planned_at=at,
        )
        facts = {"kind": kind, "planned_on": planned_on.isoformat()}
        ledger.record(Event.INSPECTION_PLANNED, actor=actor, at=at, about=row, facts=facts)
    return row


def hold_inspection(inspection: Inspection, *, held_on: date, outcome: str, actor: Actor, at: datetime) -> Inspection:
    """Record that an inspection was held, with its result; then findings are added. Raises WrongState, Incomplete."""
    require_permission(actor, KEEP, about=inspection)
    with transaction.atomic():
        row = _lock_inspection(inspection, Inspection.State.PLANNED)
        if held_on > clock.kst_date(at):
            raise Incomplete(_("The inspection can't have been held in the future."), pointer="/held_on")
        if not outcome.strip():
            raise Incomplete(_("Enter the result."), pointer="/outcome")
        row.state, row.held_on, row.outcome = Inspection.State.HELD, held_on, outcome.strip()
        row.held_by = actor.ref
        row.save(update_fields=["state", "held_on", "outcome", "held_by"])
        ledger.record(Event.INSPECTION_HELD, actor=actor, at=at, about=row, facts={"held_on": held_on.isoformat()})
    return row


def report_inspection(inspection: Inspection, *, read: str = "", actor: Actor, at: datetime) -> Inspection:
    """Take note of the result as the officer; then no finding is added any more.

    ``read`` is the ``digest_of_report`` of what the officer was shown. Raises WrongState, also where something was
    added since or nobody is known to have recorded the result, SamePerson and NotASecondPerson.
    """
    require_permission(actor, RECEIVE, about=inspection)
    with transaction.atomic():
        row = _lock_inspection(inspection, Inspection.State.HELD)
        if read and read != digest_of_report(row):
            raise WrongState(_("The inspection has changed since you opened this page. Read its findings again."))
        if not row.held_by:
            # Held before it was written down with the row, and the trail names nobody either.
            raise WrongState(_("There is no record of who entered the result. Plan and hold the inspection again."))
        same = SamePerson(_("You did the inspection or recorded its result, so another officer must acknowledge it."))
        for one in row.those_who_held_it():
            require_second_person(actor, asked_by=one, same=same, at=at)
        row.state, row.reported_to, row.reported_at = Inspection.State.REPORTED, actor.ref, at
        row.save(update_fields=["state", "reported_to", "reported_at"])
        ledger.record(
            Event.INSPECTION_REPORTED, actor=actor, at=at, about=row, facts={"findings": row.findings.count()}
        )
    return row


def digest_of_report(inspection: Inspection) -> str:
    """Return the digest of what an inspection tells: its result and what each finding says."""
    findings = inspection.findings.order_by("pk").values(
        "reference", "criterion", "weight", "seen", "correction", "responsible", "due_on", "measure_id"
    )
    return canonical_json.digest({"outcome": inspection.outcome, "findings": [str(one) for one in findings]})


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
) -> InspectionFinding:
    """Record what is not in order, what is to be done, by whom and until when. Raises WrongState, UnknownAccount."""
    require_permission(actor, KEEP, about=inspection)
    with transaction.atomic():
        held = _lock_inspection(inspection, Inspection.State.HELD)
        if due_on < clock.kst_date(at):
            raise Incomplete(_("Enter a day in the future."), pointer="/due_on")
        said = {
            "measure": measure,
            "criterion": criterion.strip(),
            "weight": weight,
            "seen": seen.strip(),
            "correction": correction.strip(),
            "responsible": staff_accounts.require_active(responsible),
            "due_on": due_on,
        }
        if (known := held.findings.filter(**said).first()) is not None:
            return known  # the button was pressed twice
        row = InspectionFinding.objects.create(
            inspection=held,
            **said,
            first_due_on=due_on,
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"inspection": held.reference, "weight": weight, "due_on": due_on.isoformat(), "to": responsible}
        ledger.record(Event.FINDING_RECORDED, actor=actor, at=at, about=row, facts=facts)
    return row


def remind_responsible(finding: InspectionFinding, *, path: str, actor: Actor, at: datetime) -> None:
    """Remind whoever has to correct an open finding, once a day. ``path`` is its page.

    The officer reminds: an auditor, who may hold an inspection, queues no mail. Raises WrongState, NobodyToRemind,
    AlreadyReminded.
    """
    require_permission(actor, RECEIVE, about=finding)
    with transaction.atomic():
        row = _lock_finding(finding, InspectionFinding.State.OPEN)
        queue_work_reminder(
            row, name=row.reference, to=row.responsible, due_on=row.due_on, path=path, actor_ref=actor.ref, at=at
        )
        ledger.record(Event.RESPONSIBLE_REMINDED, actor=actor, at=at, about=row, facts={"to": row.responsible})


def correct_finding(finding: InspectionFinding, *, done: str, actor: Actor, at: datetime) -> InspectionFinding:
    """Say what was done; another person confirms it. Raises WrongState, Incomplete."""
    require_permission(actor, CORRECT, about=finding)
    if not done.strip():
        raise Incomplete(_("State what was done."), pointer="/done")
    with transaction.atomic():
        row = _lock_finding(finding, InspectionFinding.State.OPEN)
        row.state, row.done, row.done_by, row.done_at = InspectionFinding.State.CORRECTED, done.strip(), actor.ref, at
        row.corrected_by = sorted({*row.corrected_by, actor.ref})
        row.save(update_fields=["state", "done", "done_by", "done_at", "corrected_by"])
        late = clock.kst_date(at) > row.due_on
        ledger.record(Event.FINDING_CORRECTED, actor=actor, at=at, about=row, facts={"late": late})
    return row


def confirm_finding(finding: InspectionFinding, *, actor: Actor, at: datetime) -> InspectionFinding:
    """Confirm, after looking, that a finding is corrected; nobody does who ever corrected it.

    Raises WrongState, SamePerson, NotASecondPerson.
    """
    require_permission(actor, CONFIRM, about=finding)
    with transaction.atomic():
        row = _lock_finding(finding, InspectionFinding.State.CORRECTED)
        same = SamePerson(_("You corrected this, so someone else must confirm it."))
        for one in row.those_who_corrected_it():
            require_second_person(actor, asked_by=one, same=same, at=at)
        row.state, row.confirmed_by, row.confirmed_at = InspectionFinding.State.CONFIRMED, actor.ref, at
        row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        ledger.record(Event.FINDING_CONFIRMED, actor=actor, at=at, about=row)
    return row


def reopen_finding(finding: InspectionFinding, *, due_on: date, actor: Actor, at: datetime) -> InspectionFinding:
    """Give a finding back whose correction does not hold, with a new day. Raises WrongState.

    Whether it was corrected in time is still told by its first day.
    """
    require_permission(actor, CONFIRM, about=finding)
    with transaction.atomic():
        row = _lock_finding(finding, InspectionFinding.State.CORRECTED)
        if due_on < clock.kst_date(at):
            raise Incomplete(_("Enter a day in the future."), pointer="/due_on")
        row.state, row.done_at, row.due_on, row.escalated_at = InspectionFinding.State.OPEN, None, due_on, None
        row.save(update_fields=["state", "done_at", "due_on", "escalated_at"])
        ledger.record(Event.FINDING_REOPENED, actor=actor, at=at, about=row, facts={"due_on": due_on.isoformat()})
    return row


@transaction.atomic
def escalate_findings(*, on: date, actor: Actor, at: datetime) -> int:
    """Put on record, once each, that a finding is past its day. Returns how many were. Safe to repeat."""
    late = list(InspectionFinding.objects.select_for_update().overdue(on=on).filter(escalated_at=None))
    for row in late:
        row.escalated_at = at
        row.save(update_fields=["escalated_at"])
        facts = {"due_on": row.due_on.isoformat(), "weight": row.weight}
        ledger.record(Event.FINDING_ESCALATED, actor=actor, at=at, about=row, facts=facts)
    return len(late)


def _lock_inspection(inspection: Inspection, state: Inspection.State) -> Inspection:
    row = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if row.state != state:
        raise WrongState(
            _("This can't be done now: the inspection is “%(state)s”.") % {"state": row.get_state_display()}
        )
    return row


def _lock_finding(finding: InspectionFinding, state: InspectionFinding.State) -> InspectionFinding:
    row = InspectionFinding.objects.select_for_update().get(pk=finding.pk)
    if row.state != state:
        raise WrongState(_("This can't be done now: the finding is “%(state)s”.") % {"state": row.get_state_display()})
    return row
