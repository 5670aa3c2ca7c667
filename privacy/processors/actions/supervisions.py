"""Supervision of processors: checks by a checklist, whose findings go the way of every finding, and training (P-14)."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.processors.events import Event
from privacy.processors.models import Consignment, Criterion, Supervision
from privacy.processors.models.supervisions import Answer
from privacy.safeguards import actions as safeguards
from privacy.safeguards.actions.proofs import keep_proof, open_kept_proof
from privacy.safeguards.models import Inspection, InspectionFinding
from privacy.safeguards.refusals import Incomplete, WrongState

SUPERVISE = "processors.supervise_processors"


def record_check(
    consignment: Consignment,
    *,
    held_on: date,
    method: str,
    outcome: str,
    checklist: Mapping[str, Mapping[str, str]],
    correction: str = "",
    responsible: str = "",
    correct_by: date | None = None,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
) -> Supervision:
    """Record a check of a processor: each criterion answered, the evidence attached.

    It is an inspection of the safeguards too, which an officer other than the inspector acknowledges. What was not in
    order becomes a finding with its correction, who sees to it and by when.

    Raises Incomplete, WrongState, InvalidUpload, UnknownAccount.
    """
    require_permission(actor, SUPERVISE, about=consignment)
    answers = _answers(checklist)
    unmet = [one for one in Criterion if answers[one.value]["answer"] == Answer.UNMET]
    if unmet and not (correction.strip() and responsible and correct_by):
        raise Incomplete(
            _("Something is not in order. Enter what is to be done, by whom and by when."), pointer="/correction"
        )
    _check(held_on, outcome, content, at)
    with (
        keep_proof(case=consignment.code, name=name, content=content, actor=actor, at=at) as file,
        transaction.atomic(),
    ):
        parent = _lock(consignment, held_on)
        inspection = safeguards.plan_inspection(
            kind=Inspection.Kind.PROCESSOR, scope=f"{parent.reference} {parent.name_ko}: {parent.work_ko}",
            method=method, inspector=actor.ref, planned_on=held_on, actor=actor, at=at,
        )  # fmt: skip
        inspection = safeguards.hold_inspection(inspection, held_on=held_on, outcome=outcome, actor=actor, at=at)
        for criterion in unmet:
            assert correct_by is not None  # asked for above
            safeguards.record_finding(
                inspection, criterion=str(criterion.label)[:200], weight=InspectionFinding.Weight.MAJOR,
                seen=answers[criterion.value]["note"], correction=correction, responsible=responsible,
                due_on=correct_by, actor=actor, at=at,
            )  # fmt: skip
        row = Supervision.objects.create(
            consignment=parent,
            kind=Supervision.Kind.CHECK,
            held_on=held_on,
            method=method.strip(),
            outcome=outcome.strip(),
            checklist=answers,
            inspection=inspection,
            file_id=file.id,
            file_digest=hashlib.sha256(content).hexdigest(),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        _record(row, {"inspection": inspection.reference, "findings": len(unmet)}, actor=actor, at=at)
    return row


def record_training(
    consignment: Consignment,
    *,
    held_on: date,
    method: str,
    outcome: str,
    trained: int,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
) -> Supervision:
    """Record that the processor's people were trained: how, on what, how many, with its evidence.

    Raises Incomplete, WrongState, InvalidUpload.
    """
    require_permission(actor, SUPERVISE, about=consignment)
    if trained < 1:
        raise Incomplete(_("Enter how many people were trained."), pointer="/trained")
    _check(held_on, outcome, content, at)
    with (
        keep_proof(case=consignment.code, name=name, content=content, actor=actor, at=at) as file,
        transaction.atomic(),
    ):
        row = Supervision.objects.create(
            consignment=_lock(consignment, held_on),
            kind=Supervision.Kind.TRAINING,
            held_on=held_on,
            method=method.strip(),
            outcome=outcome.strip(),
            trained=trained,
            file_id=file.id,
            file_digest=hashlib.sha256(content).hexdigest(),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        _record(row, {"people": trained}, actor=actor, at=at)
    return row


def open_proof(about: Supervision | Consignment, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open the paper of a supervision or of a disposal, on record; return it with its media type. Raises Incomplete."""
    require_permission(actor, "processors.view_supervision", about=about)
    file_id = about.file_id if isinstance(about, Supervision) else about.disposal_file_id
    return open_kept_proof(file_id, task=Event.PROOF_SHOWN.value, reason=about.reference, actor=actor, at=at)


def _answers(checklist: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    answers: dict[str, dict[str, str]] = {}
    for criterion in Criterion:
        given = checklist.get(criterion.value, {})
        answer, note = given.get("answer", ""), given.get("note", "").strip()
        if answer not in Answer.values:
            raise Incomplete(
                _("Answer each criterion: “%(criterion)s”.") % {"criterion": criterion.label},
                pointer=f"/{criterion.value}",
            )
        if answer != Answer.MET and not note:
            raise Incomplete(
                _("State what you saw: “%(criterion)s”.") % {"criterion": criterion.label},
                pointer=f"/{criterion.value}_note",
            )
        answers[criterion.value] = {"answer": answer, "note": note}
    return answers


def _check(held_on: date, outcome: str, content: bytes, at: datetime) -> None:
    if held_on > clock.kst_date(at):
        raise Incomplete(_("It can be recorded only after it was held."), pointer="/held_on")
    if not outcome.strip():
        raise Incomplete(_("Enter the result."), pointer="/outcome")
    if not content:
        raise Incomplete(
            _("Attach the evidence: the report, the list of people present, or the like."), pointer="/file"
        )


def _lock(consignment: Consignment, held_on: date) -> Consignment:
    row = Consignment.objects.select_for_update().get(pk=consignment.pk)
    if row.disposed_on is not None:
        raise WrongState(_("This consignment has ended."))
    if held_on < row.starts_on:
        raise Incomplete(_("It can't have been held before the consignment began."), pointer="/held_on")
    return row


def _record(row: Supervision, facts: dict[str, object], *, actor: Actor, at: datetime) -> None:
    ledger.record(
        Event.SUPERVISION_RECORDED,
        actor=actor,
        at=at,
        about=row,
        facts={
            "kind": row.kind,
            "consignment": row.consignment.reference,
            "day": row.held_on.isoformat(),
            "sha256": row.file_digest,
            **facts,
        },
    )
