"""Objections: the requester disagrees, and another person than the decider reviews (law R-29, F-5)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.second_person import require_second_person
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.documents.upload_validation import recognise_upload
from privacy.lib.identifiers.ids import new_id
from privacy.policies import rulebook
from privacy.rights.actions import freezes
from privacy.rights.actions.cases import lock_case, lock_right, record
from privacy.rights.actions.due_dates import update_due_date
from privacy.rights.actions.identity_documents import may_need_proof
from privacy.rights.actions.letters import queue_letter, sync_particulars_closure, write_explanation
from privacy.rights.actions.notes import seal_note
from privacy.rights.actions.objection_evidence import (
    Upload,
    attach_evidence,
    destroy_objection_files,
    must_have_read_evidence,
)
from privacy.rights.actions.particulars import seal_words
from privacy.rights.events import Event
from privacy.rights.models import Letter, Objection, Particulars, Request, Right
from privacy.rights.refusals import NotObjectable, SamePerson, UnseenDocuments

UPHELD = (Objection.Outcome.UPHELD, Objection.Outcome.PARTLY_UPHELD)


def object_to(
    right: Right, *, statement: str, evidence: Sequence[Upload] = (), actor: Actor, at: datetime
) -> Objection:
    """Record an objection to a refusal, whole or partial, with what was sent to prove it (name and content).

    Raises NotObjectable, and InvalidUpload for a file that is none of those taken.
    """
    for _name, content in evidence:
        recognise_upload(content)
    if not statement.strip():
        raise NotObjectable(_("State what you disagree with."), pointer="/statement")
    with transaction.atomic():
        row = lock_right(right)
        if row.decision not in {Right.Decision.REFUSED, Right.Decision.PARTLY_GRANTED} or row.decided_at is None:
            raise NotObjectable(_("There is no refusal to object to."))
        if row.objections.filter(outcome=Objection.Outcome.PENDING).exists():
            raise NotObjectable(_("An objection to this decision is already open."))
        day = clock.kst_date(at)
        days = rulebook.parameter("objection.answer.days", day)
        made = Objection.objects.create(
            right=row,
            decider=row.decided_by,
            decided_on=clock.kst_date(row.decided_at),
            received_at=at,
            received_on=day,
            target_on=periods.answer_due(day, days=days),
            documents=len(evidence),
        )
        facts = {"target_on": str(made.target_on), **({"documents": len(evidence)} if evidence else {})}
        record(row.request, Event.OBJECTED, actor=actor, at=at, right=row, facts=facts)
        said = {"explanation": statement.strip()}
        seal_words(row.request, Particulars.About.OBJECTION, made.id, said, received_on=day, at=at)
        attach_evidence(made, evidence, actor=actor, at=at)
    return made


def decide_objection(
    objection: Objection, *, outcome: str, explanation: str = "", unread_reason: str = "", actor: Actor, at: datetime
) -> Objection:
    """Decide an objection. An upheld one opens the right again, for a new decision.

    ``unread_reason``: why it is decided without a document that does not open; it is sealed as a note on the case.
    Raises SamePerson for the person who decided the right, UnseenDocuments for a reviewer who has not opened what came
    with the objection, NotObjectable for an objection that is over.
    """
    require_permission(actor, "rights.decide_objection", about=objection)
    with transaction.atomic():
        row = lock_right(objection.right)
        made = Objection.objects.select_for_update().get(id=objection.id)
        if made.outcome != Objection.Outcome.PENDING:
            raise NotObjectable(_("This objection was already decided."))
        same = SamePerson(_("You decided this right, so someone else must review the objection."))
        reviewer = require_second_person(actor, asked_by=made.decider, about=made, same=same, at=at)
        unopened = must_have_read_evidence(made, actor=actor, at=at)
        if unopened and not unread_reason.strip():
            raise UnseenDocuments(_("State why you decide without the document."), pointer="/unread_reason")
        if outcome not in (*UPHELD, Objection.Outcome.DISMISSED):
            raise NotObjectable(_("Choose how the objection is decided."), pointer="/outcome")
        made.outcome = outcome
        made.reviewer = reviewer
        made.reviewed_at = at
        made.save(update_fields=["outcome", "reviewer", "reviewed_at"])
        facts = {
            "outcome": outcome,
            "explained": bool(explanation.strip()),
            **({"unopened": unopened} if unopened else {}),
        }
        record(row.request, Event.OBJECTION_DECIDED, actor=actor, at=at, right=row, facts=facts)
        if unopened:
            seal_note(row.request, unread_reason, actor=actor, at=at)
        if outcome in UPHELD:
            open_again(row)
            freezes.freeze_until_decided(row, actor=actor, at=at)
        letter = queue_letter(lock_case(row.request_id), Letter.Kind.OBJECTION, about=made.id, actor=actor, at=at)
        if explanation.strip():
            write_explanation(row.request, explanation.strip(), of=letter.id, at=at)
    if outcome in UPHELD:
        sync_particulars_closure(row.request_id)
    destroy_objection_files(row, actor=actor, at=at)
    return made


def open_again(right: Right) -> None:
    """Take a decided right back to the desk; a partly granted one keeps what was given and asks for the rest anew.

    The case is owed by the day of what it owes now.
    """
    case = right.request
    if not may_need_proof(case):
        # What was asked for and sent was for decisions that are taken; whoever needs more asks anew.
        case.evidence_asked_at = case.evidence_received_at = None
    right.decision = Right.Decision.PENDING
    right.ground = right.law = right.decided_by = right.approved_digest = right.started_by = right.trouble = ""
    right.excluded = []
    right.termination_asked = False
    right.result = {}
    right.decided_at = right.started_at = right.waits_until = right.carried_out_at = right.resumed_at = None
    right.destruction_began_at = None
    # A new decision is a new act: what the first one did is not mistaken for it.
    right.event_id = new_id()
    right.save(
        update_fields=[
            "decision", "ground", "law", "decided_by", "approved_digest", "excluded", "termination_asked", "decided_at",
            "started_at", "started_by", "waits_until", "carried_out_at", "resumed_at", "event_id", "trouble", "result",
            "destruction_began_at",
        ]
    )  # fmt: skip
    case.state = Request.State.IN_REVIEW
    case.closed_at = None
    case.save(update_fields=["state", "closed_at", "evidence_asked_at", "evidence_received_at"])
    update_due_date(case)
