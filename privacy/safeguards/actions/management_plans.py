"""The internal management plan: drafted by one person, approved by another, sealed on the ledger (P8.1, law S-29)."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.exports import document_issuance
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.safeguards import documents, integrity
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementPlan
from privacy.safeguards.models.management_plans import Section
from privacy.safeguards.refusals import Incomplete, SamePerson, WrongState

DRAFT, APPROVE = "safeguards.draft_plan", "safeguards.approve_plan"
State = ManagementPlan.State


def draft_plan(*, reason: str, actor: Actor, at: datetime) -> ManagementPlan:
    """Begin a new version with the text of the latest. Raises WrongState while another is in the making."""
    require_permission(actor, DRAFT)
    with transaction.atomic():
        latest = ManagementPlan.objects.select_for_update().order_by("-number").first()
        if latest is not None and latest.is_open:
            raise WrongState(_("%(plan)s is being prepared. Finish it first.") % {"plan": latest})
        if not reason.strip():
            raise Incomplete(_("State why the plan changes."), pointer="/reason")
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
    require_permission(actor, DRAFT, about=plan)
    with transaction.atomic():
        row = _lock_plan(plan, State.DRAFT)
        known = {section.value for section in Section}
        changed = sorted(code for code in known if row.sections.get(code, "") != sections.get(code, "").strip())
        row.sections = {code: sections.get(code, "").strip() for code in sorted(known)}
        row.drafted_by = actor.ref
        row.save(update_fields=["sections", "drafted_by"])
        ledger.record(Event.PLAN_EDITED, actor=actor, at=at, about=row, facts={"sections": changed})
    return row


def submit_plan(plan: ManagementPlan, *, actor: Actor, at: datetime) -> ManagementPlan:
    """Hand a complete draft to the approver. Raises WrongState, and Incomplete with the sections that say nothing."""
    require_permission(actor, DRAFT, about=plan)
    with transaction.atomic():
        row = _lock_plan(plan, State.DRAFT)
        if row.missing:
            raise Incomplete(_("Sections that are still empty: %(missing)s.") % {"missing": ", ".join(row.missing)})
        row.state, row.submitted_at = State.SUBMITTED, at
        row.save(update_fields=["state", "submitted_at"])
        ledger.record(Event.PLAN_SUBMITTED, actor=actor, at=at, about=row)
    return row


def return_plan(plan: ManagementPlan, *, actor: Actor, at: datetime) -> ManagementPlan:
    """Give a submitted version back to be changed. Raises WrongState."""
    require_permission(actor, APPROVE, about=plan)
    with transaction.atomic():
        row = _lock_plan(plan, State.SUBMITTED)
        row.state, row.submitted_at = State.DRAFT, None
        row.save(update_fields=["state", "submitted_at"])
        ledger.record(Event.PLAN_RETURNED, actor=actor, at=at, about=row)
    return row


def approve_plan(
    plan: ManagementPlan, *, effective_on: date, read: str = "", actor: Actor, at: datetime
) -> ManagementPlan:
    """Approve a version: its text is sealed for ever and takes the earlier one's place on its day.

    ``read`` is the ``text_digest`` of what the approver was shown. Raises WrongState, also where the text was changed
    since, and SamePerson for whoever wrote in it.
    """
    require_permission(actor, APPROVE, about=plan)
    with transaction.atomic():
        row = _lock_plan(plan, State.SUBMITTED)
        if read and read != integrity.text_digest(row):
            raise WrongState(_("The text has changed since you opened this page. Read it again."))
        same = SamePerson(_("You wrote this version, so someone else must approve it."))
        approver = require_second_person(actor, asked_by=row.drafted_by, about=row, same=same, at=at)
        if approver == actor.ref and _has_written(row, actor):
            raise same
        if effective_on < clock.kst_date(at):
            raise Incomplete(_("The plan's effective date can't be in the past."), pointer="/effective_on")
        ahead = ManagementPlan.objects.select_for_update().filter(state=State.APPROVED).exclude(pk=row.pk)
        if later := ahead.filter(effective_on__gt=effective_on).order_by("effective_on").first():
            raise Incomplete(
                _(
                    "%(plan)s takes effect on %(day)s. Enter that day or a later one, or that plan would replace "
                    "this version."
                )
                % {"plan": later, "day": badges.date_text(later.effective_on) if later.effective_on else ""},
                pointer="/effective_on",
            )
        row.state, row.approved_by, row.approved_at, row.effective_on = State.APPROVED, approver, at, effective_on
        row.seal = integrity.compute_seal(row)
        row.save(update_fields=["state", "approved_by", "approved_at", "effective_on", "seal"])
        facts = {"number": row.number, "seal": row.seal, "effective_on": effective_on.isoformat()}
        ledger.record(Event.PLAN_APPROVED, actor=actor, at=at, about=row, facts=facts)
        supersede_plans(on=clock.kst_date(at))
    return row


def _has_written(plan: ManagementPlan, actor: Actor) -> bool:
    """Whether somebody wrote in this version, also where another person did so after them."""
    edits = Entry.objects.about(f"safeguards.managementplan:{plan.pk}").filter(word=Event.PLAN_EDITED)
    return edits.filter(actor=actor.ref).exists()


def supersede_plans(*, on: date) -> int:
    """Mark the versions whose successor has taken effect; until its day the one before stays in force. Each morning."""
    with transaction.atomic():
        current = ManagementPlan.objects.in_force(on)
        rows = ManagementPlan.objects.select_for_update().filter(state=State.APPROVED, effective_on__lte=on)
        over = [row for row in rows.order_by("id") if current is not None and row.pk != current.pk]
        for row in over:
            row.state = State.SUPERSEDED
            row.save(update_fields=["state"])
    return len(over)


def _lock_plan(plan: ManagementPlan, state: State) -> ManagementPlan:
    row = ManagementPlan.objects.select_for_update().get(pk=plan.pk)
    if row.state != state:
        raise WrongState(
            _("This can't be done with %(plan)s: it is “%(state)s”.") % {"plan": row, "state": row.get_state_display()}
        )
    return row


def print_plan(plan: ManagementPlan, *, language: str, actor: Actor, at: datetime) -> bytes:
    """Return a version of the plan as PDF, put on record as handed out."""
    require_permission(actor, "safeguards.view_managementplan", about=plan)
    content = documents.plan_pdf(plan, language=language)
    return document_issuance.issue(content, kind="management-plan", number=f"v{plan.number}", actor=actor, at=at)
