"""The internal management plan: drafted by one person, approved by another, sealed on the ledger (P8.1, law S-29)."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.safeguards import seals
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementPlan
from privacy.safeguards.models.plans import Section
from privacy.safeguards.refusals import Incomplete, OwnWork, WrongState

DRAFT, APPROVE = "safeguards.draft_plan", "safeguards.approve_plan"
State = ManagementPlan.State


def draft_plan(*, reason: str, actor: Actor, at: datetime) -> ManagementPlan:
    """Begin a new version with the text of the latest. Raises WrongState while another is in the making."""
    require(actor, DRAFT)
    with transaction.atomic():
        latest = ManagementPlan.objects.select_for_update().order_by("-number").first()
        if latest is not None and latest.is_open:
            raise WrongState(_("%(plan)s is in the making. Finish it first.") % {"plan": latest})
        if not reason.strip():
            raise Incomplete(_("Say why the plan changes."), pointer="/reason")
        plan = ManagementPlan.objects.create(
            number=latest.number + 1 if latest else 1,
            reason=reason.strip(),
            sections=dict(latest.sections) if latest else {},
            drafted_by=actor.ref,
            drafted_at=at,
        )
        ledger.record(Event.PLAN_DRAFTED, actor=actor, at=at, about=plan, facts={"number": plan.number})
    return plan


def edit_plan(plan: ManagementPlan, *, sections: Mapping[str, str], actor: Actor, at: datetime) -> ManagementPlan:
    """Change the text of a draft; who edits last stands as the drafter. Raises WrongState."""
    require(actor, DRAFT, about=plan)
    with transaction.atomic():
        row = _take(plan, State.DRAFT)
        known = {section.value for section in Section}
        changed = sorted(code for code in known if row.sections.get(code, "") != sections.get(code, "").strip())
        row.sections = {code: sections.get(code, "").strip() for code in sorted(known)}
        row.drafted_by = actor.ref
        row.save(update_fields=["sections", "drafted_by"])
        ledger.record(Event.PLAN_EDITED, actor=actor, at=at, about=row, facts={"sections": changed})
    return row


def submit_plan(plan: ManagementPlan, *, actor: Actor, at: datetime) -> ManagementPlan:
    """Hand a complete draft to the approver. Raises WrongState, and Incomplete with the sections that say nothing."""
    require(actor, DRAFT, about=plan)
    with transaction.atomic():
        row = _take(plan, State.DRAFT)
        if row.missing:
            raise Incomplete(_("Sections that say nothing yet: %(missing)s.") % {"missing": ", ".join(row.missing)})
        row.state, row.submitted_at = State.SUBMITTED, at
        row.save(update_fields=["state", "submitted_at"])
        ledger.record(Event.PLAN_SUBMITTED, actor=actor, at=at, about=row)
    return row


def return_plan(plan: ManagementPlan, *, actor: Actor, at: datetime) -> ManagementPlan:
    """Give a submitted version back to be changed. Raises WrongState."""
    require(actor, APPROVE, about=plan)
    with transaction.atomic():
        row = _take(plan, State.SUBMITTED)
        row.state, row.submitted_at = State.DRAFT, None
        row.save(update_fields=["state", "submitted_at"])
        ledger.record(Event.PLAN_RETURNED, actor=actor, at=at, about=row)
    return row


def approve_plan(plan: ManagementPlan, *, effective_on: date, actor: Actor, at: datetime) -> ManagementPlan:
    """Approve a version: its text is sealed for ever and takes the earlier one's place on its day.

    Raises WrongState, and OwnWork for the one who drafted it.
    """
    require(actor, APPROVE, about=plan)
    with transaction.atomic():
        row = _take(plan, State.SUBMITTED)
        if actor.ref == row.drafted_by:
            raise OwnWork(_("You wrote this version yourself: another person has to approve it."))
        if effective_on < clock.kst_date(at):
            raise Incomplete(_("A plan can't take effect in the past."), pointer="/effective_on")
        row.state, row.approved_by, row.approved_at, row.effective_on = State.APPROVED, actor.ref, at, effective_on
        row.seal = seals.seal_of(row)
        row.save(update_fields=["state", "approved_by", "approved_at", "effective_on", "seal"])
        facts = {"number": row.number, "seal": row.seal, "effective_on": effective_on.isoformat()}
        ledger.record(Event.PLAN_APPROVED, actor=actor, at=at, about=row, facts=facts)
        for earlier in ManagementPlan.objects.select_for_update().filter(state=State.APPROVED).exclude(pk=row.pk):
            earlier.state = State.SUPERSEDED
            earlier.save(update_fields=["state"])
    return row


def _take(plan: ManagementPlan, state: State) -> ManagementPlan:
    row = ManagementPlan.objects.select_for_update().get(pk=plan.pk)
    if row.state != state:
        raise WrongState(
            _("This can't be done with %(plan)s: it is “%(state)s”.") % {"plan": row, "state": row.get_state_display()}
        )
    return row
