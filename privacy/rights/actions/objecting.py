"""Objections: the requester disagrees, and another person than the decider reviews (law R-29, F-5)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, require
from privacy.lib import clock, periods
from privacy.lib.ids import new_id
from privacy.policies import rulebook
from privacy.rights.actions.answering import go_on_keeping_particulars, queue_letter, write_explanation
from privacy.rights.actions.timeline import record, take, take_right
from privacy.rights.events import Event
from privacy.rights.models import Letter, Objection, Particulars, Request, Right
from privacy.rights.refusals import NotObjectable, SameReviewer
from privacy.vault import actions as vault

UPHELD = (Objection.Outcome.UPHELD, Objection.Outcome.PARTLY_UPHELD)


def object_to(right: Right, *, statement: str, actor: Actor, at: datetime) -> Objection:
    """Record an objection to a refusal, whole or partial. Raises NotObjectable."""
    if not statement.strip():
        raise NotObjectable(_("Say what you disagree with."), pointer="/statement")
    with transaction.atomic():
        row = take_right(right)
        if row.decision not in {Right.Decision.REFUSED, Right.Decision.PARTLY_GRANTED} or row.decided_at is None:
            raise NotObjectable(_("There is no refusal to object to."))
        if row.objections.filter(outcome=Objection.Outcome.PENDING).exists():
            raise NotObjectable(_("An objection to this decision is open already."))
        day = clock.kst_date(at)
        days = rulebook.parameter("objection.answer.days", day)
        made = Objection.objects.create(
            right=row,
            decider=row.decided_by,
            decided_on=clock.kst_date(row.decided_at),
            received_at=at,
            received_on=day,
            target_on=periods.answer_due(day, days=days),
        )
        record(row.request, Event.OBJECTED, actor=actor, at=at, right=row, facts={"target_on": str(made.target_on)})
        words = Particulars(
            subject_id=row.request.holder_id,
            about=Particulars.About.OBJECTION,
            about_id=made.id,
            received_on=day,
        )
        vault.seal(words, {"explanation": statement.strip()}, at=at)
        # Before the objection commits: the words of none are harmless, an objection that says nothing is not.
        with transaction.atomic(using="personal"):
            words.save(force_insert=True)
    return made


def decide_objection(
    objection: Objection, *, outcome: str, explanation: str = "", actor: Actor, at: datetime
) -> Objection:
    """Decide an objection. An upheld one opens the right again, for a new decision.

    Raises SameReviewer for the person who decided the right, NotObjectable for an objection that is over.
    """
    require(actor, "rights.decide_objection", about=objection)
    with transaction.atomic():
        row = take_right(objection.right)
        made = Objection.objects.select_for_update().get(id=objection.id)
        if made.outcome != Objection.Outcome.PENDING:
            raise NotObjectable(_("This objection was already decided."))
        if made.decider == actor.ref:
            raise SameReviewer(_("You decided this right; another person reviews the objection."))
        if outcome not in (*UPHELD, Objection.Outcome.DISMISSED):
            raise NotObjectable(_("Choose how the objection is decided."), pointer="/outcome")
        made.outcome = outcome
        made.reviewer = actor.ref
        made.reviewed_at = at
        made.save(update_fields=["outcome", "reviewer", "reviewed_at"])
        record(row.request, Event.OBJECTION_DECIDED, actor=actor, at=at, right=row, facts={"outcome": outcome})
        if outcome in UPHELD:
            _open_again(row)
        letter = queue_letter(take(row.request_id), Letter.Kind.OBJECTION, about=made.id, actor=actor, at=at)
        if explanation.strip():
            write_explanation(row.request, explanation.strip(), of=letter.id, at=at)
    if outcome in UPHELD:
        go_on_keeping_particulars(row.request)
    return made


def _open_again(right: Right) -> None:
    """Take a refused right back to the desk; a partly granted one keeps what was given and asks for the rest anew."""
    case = right.request
    right.decision = Right.Decision.PENDING
    right.ground = right.law = right.decided_by = right.approved_digest = right.started_by = ""
    right.excluded = []
    right.termination_asked = False
    right.decided_at = right.started_at = right.carried_out_at = None
    # A new decision is a new act: what the first one did is not mistaken for it.
    right.event_id = new_id()
    right.save(
        update_fields=[
            "decision", "ground", "law", "decided_by", "approved_digest", "excluded", "termination_asked", "decided_at",
            "started_at", "started_by", "carried_out_at", "event_id",
        ]
    )  # fmt: skip
    case.state = Request.State.IN_REVIEW
    case.closed_at = None
    case.save(update_fields=["state", "closed_at"])
