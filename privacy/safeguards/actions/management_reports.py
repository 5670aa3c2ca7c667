"""Reports to the representative and the board, the proof that they were read, and the officer's appointment (O-01)."""

import hashlib
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.models import Officer
from privacy.safeguards.actions.proofs import keep_proof, open_kept_proof
from privacy.safeguards.events import Event
from privacy.safeguards.models import ManagementReport, OfficerAppointment
from privacy.safeguards.models.management_reports import signed_copy_due
from privacy.safeguards.refusals import Incomplete, WrongState

REPORT = "safeguards.report_to_management"


def record_report(
    *,
    kind: str,
    audience: str,
    subject: str,
    content: str,
    reported_on: date,
    corrected: str = "",
    staff_asked: int | None = None,
    budget_asked: int | None = None,
    actor: Actor,
    at: datetime,
) -> ManagementReport:
    """Record what the officer reported, directly, to representative or board; a signed copy is due from then on.

    A breach of the law is mended at once, and the report says how (PIPA art. 31(6)). Raises Incomplete.
    """
    require_permission(actor, REPORT)
    if not subject.strip() or not content.strip():
        raise Incomplete(_("State what was reported."), pointer="/content")
    if kind == ManagementReport.Kind.BREACH and not corrected.strip():
        raise Incomplete(_("State what was corrected at once."), pointer="/corrected")
    if kind == ManagementReport.Kind.RESOURCES and (staff_asked is None or budget_asked is None):
        raise Incomplete(_("Enter the staff and the budget that were asked for."), pointer="/staff_asked")
    if reported_on > clock.kst_date(at):
        raise Incomplete(_("Enter the day of the report. It can't be in the future."), pointer="/reported_on")
    days = rulebook.parameter("representative.read.days", reported_on)
    with transaction.atomic():
        row = ManagementReport.objects.create(
            kind=kind,
            audience=audience,
            subject=subject.strip(),
            content=content.strip(),
            corrected=corrected.strip(),
            staff_asked=staff_asked if kind == ManagementReport.Kind.RESOURCES else None,
            budget_asked=budget_asked if kind == ManagementReport.Kind.RESOURCES else None,
            reported_on=reported_on,
            read_by=signed_copy_due(reported_on, days),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"kind": kind, "to": audience, "day": reported_on.isoformat()}
        ledger.record(Event.MANAGEMENT_TOLD, actor=actor, at=at, about=row, facts=facts)
    return row


def prove_reading(
    report: ManagementReport,
    *,
    read_on: date,
    decision: str,
    name: str,
    content: bytes,
    staff_granted: int | None = None,
    budget_granted: int | None = None,
    actor: Actor,
    at: datetime,
) -> ManagementReport:
    """Record that a report was read, by its copy signed by representative or board: sealed, and its digest kept.

    Of staff and budget it says what was granted. Raises Incomplete, WrongState, InvalidUpload.
    """
    require_permission(actor, REPORT, about=report)
    if not content:
        raise Incomplete(_("Attach the copy that the representative or the board signed."), pointer="/file")
    if not decision.strip():
        raise Incomplete(
            _("State what was decided or instructed; “taken note of” is an answer too."), pointer="/decision"
        )
    asks = report.kind == ManagementReport.Kind.RESOURCES
    if asks and (staff_granted is None or budget_granted is None):
        raise Incomplete(_("Enter the staff and the budget that were granted."), pointer="/staff_granted")
    if not report.reported_on <= read_on <= clock.kst_date(at):
        raise Incomplete(_("Enter a day between the report and today."), pointer="/read_on")
    with (
        keep_proof(case=report.reference, name=name, content=content, actor=actor, at=at) as file,
        transaction.atomic(),
    ):
        row = ManagementReport.objects.select_for_update().get(pk=report.pk)
        if row.read_on is not None:
            raise WrongState(_("It is already recorded that this report was read."))
        row.read_on, row.decision, row.file_id = read_on, decision.strip(), file.id
        row.file_digest, row.proven_by, row.proven_at = hashlib.sha256(content).hexdigest(), actor.ref, at
        row.staff_granted, row.budget_granted = (staff_granted, budget_granted) if asks else (None, None)
        row.save(
            update_fields=[
                "read_on", "decision", "file_id", "file_digest", "proven_by", "proven_at", "staff_granted",
                "budget_granted",
            ]
        )  # fmt: skip
        facts = {"day": read_on.isoformat(), "late": read_on > row.read_by, "sha256": row.file_digest}
        ledger.record(Event.MANAGEMENT_READ, actor=actor, at=at, about=row, facts=facts)
    return row


def record_appointment(
    *,
    officer: Officer,
    standing: str,
    position: str,
    appointed_on: date,
    document: str,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
) -> OfficerAppointment:
    """Record in which standing a designated officer is, with the paper of the appointment. Raises as the others."""
    require_permission(actor, REPORT)
    if not position.strip() or not document.strip():
        raise Incomplete(
            _("Enter the position in the company and attach the letter of appointment."), pointer="/position"
        )
    if not content:
        raise Incomplete(_("Attach the letter of appointment."), pointer="/file")
    if appointed_on > clock.kst_date(at):
        raise Incomplete(_("Enter the day of the appointment. It can't be in the future."), pointer="/appointed_on")
    with (
        keep_proof(case=str(officer.pk), name=name, content=content, actor=actor, at=at) as file,
        transaction.atomic(),
    ):
        held = Officer.objects.select_for_update().get(pk=officer.pk)
        if OfficerAppointment.objects.filter(officer=held).exists():
            raise WrongState(_("The appointment of this designation is already recorded."), pointer="/officer")
        row = OfficerAppointment.objects.create(
            officer=held,
            standing=standing,
            position=position.strip(),
            appointed_on=appointed_on,
            document=document.strip(),
            file_id=file.id,
            file_digest=hashlib.sha256(content).hexdigest(),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"standing": standing, "day": appointed_on.isoformat(), "sha256": row.file_digest}
        ledger.record(Event.OFFICER_APPOINTED, actor=actor, at=at, about=row, facts=facts)
    return row


def open_signed_paper(about: ManagementReport | OfficerAppointment, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open the signed copy of a report or a paper of appointment, on record. Raises Incomplete where there is none."""
    require_permission(actor, "safeguards.view_managementreport", about=about)
    reason = about.reference if isinstance(about, ManagementReport) else str(about.officer_id)
    return open_kept_proof(about.file_id, task=Event.SIGNED_PAPER_SHOWN.value, reason=reason, actor=actor, at=at)
