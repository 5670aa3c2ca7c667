"""Answering the person: each step's notice is queued in the transaction of the step (law R-08, R-13, R-14, R-21)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.jobs import outbox
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.ids import new_id
from privacy.lib.mail import fixed_message_id
from privacy.rights import letters
from privacy.rights.actions import evidence
from privacy.rights.actions.timeline import move, must_be_at, record, take
from privacy.rights.events import Event
from privacy.rights.models import Letter, Objection, Particulars, Request
from privacy.rights.refusals import WrongState
from privacy.vault import actions as vault

DELIVERY = "rights.letter"


def queue_letter(case: Request, kind: str, *, actor: Actor, at: datetime, about: UUID | None = None) -> Letter:
    """Queue a notice to the person in the caller's transaction, once for each kind and matter of a case."""
    known = Letter.objects.filter(request=case, kind=kind, about_id=about).first()
    if known is not None:
        return known
    identifier = new_id()
    letter = Letter(
        id=identifier,
        request=case,
        kind=kind,
        about_id=about,
        state={
            Request.Answer.EMAIL: Letter.State.QUEUED,
            Request.Answer.LETTER: Letter.State.TO_POST,
            Request.Answer.PORTAL: Letter.State.ON_PORTAL,
        }[Request.Answer(case.answer_by)],
        message_id=fixed_message_id(f"letter-{identifier}"),
        queued_at=at,
    )
    letter.told = letters.told(letter)
    if letter.state == Letter.State.ON_PORTAL:
        letter.sent_at = at
        letter.sent_by = actor.ref
    letter.save(force_insert=True)
    if letter.state == Letter.State.QUEUED:
        outbox.put(DELIVERY, ids={"letter": str(letter.id)}, key=f"{DELIVERY}:{letter.id}", shard=case.reference)
    elif letter.state == Letter.State.ON_PORTAL:
        _told(case, letter, actor=actor, at=at)
    return letter


def mark_letter_sent(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """Note that a notice went out by e-mail."""
    return _sent(letter, Letter.State.SENT, actor=actor, at=at)


def mark_letter_posted(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """Note that a printed notice was posted."""
    require(actor, "rights.decide_request", about=letter)
    return _sent(letter, Letter.State.POSTED, actor=actor, at=at)


def note_letter_trouble(letter: Letter, *, why: str) -> None:
    """Keep why the last try failed, for the officer to see."""
    Letter.objects.filter(id=letter.id, state=Letter.State.QUEUED).update(trouble=why[:200])


@transaction.atomic
def park_letter(letter: Letter, *, why: str, actor: Actor, at: datetime) -> Letter:
    """Give a notice that could not be delivered to the officer, who prints or calls; the term does not wait."""
    row = Letter.objects.select_for_update().get(id=letter.id)
    if row.state == Letter.State.QUEUED:
        row.state = Letter.State.PARKED
        row.trouble = why[:200]
        row.save(update_fields=["state", "trouble"])
        record(row.request, Event.LETTER_PARKED, actor=actor, at=at, facts={"letter": row.reference, "why": why[:200]})
    return row


@transaction.atomic
def mark_letter_bounced(letter: Letter, *, actor: Actor, at: datetime, why: str = "bounced") -> Letter:
    """Note that an e-mail came back: the officer answers another way, and an unanswered case is unanswered again."""
    require(actor, "rights.decide_request", about=letter)
    case = take(letter.request_id)
    row = Letter.objects.select_for_update().get(id=letter.id)
    if row.state not in {Letter.State.SENT, Letter.State.POSTED}:
        raise WrongState(_("Only an answer that was sent can come back."))
    row.state = Letter.State.PARKED
    row.sent_at = None
    row.sent_by = ""
    row.trouble = why[:200]
    row.save(update_fields=["state", "sent_at", "sent_by", "trouble"])
    record(case, Event.LETTER_BOUNCED, actor=actor, at=at, facts={"letter": row.reference})
    if row.kind == Letter.Kind.RESULT and case.state == Request.State.NOTIFIED:
        granted = any(right.is_granted for right in case.rights.all())
        case.state = Request.State.CARRIED_OUT if granted else Request.State.DECIDED
        case.notified_at = None
        case.save(update_fields=["state", "notified_at"])
    return row


def answer_if_done(case: Request, *, actor: Actor, at: datetime) -> None:
    """Move a locked case on when every right is decided and every granted one carried out, and queue the result."""
    rights = list(case.rights.all())
    if any(not right.is_decided for right in rights):
        return
    if any(right.is_granted and right.carried_out_at is None for right in rights):
        return
    if case.state not in {Request.State.DECIDED, Request.State.IN_REVIEW}:
        return
    if any(right.is_granted for right in rights):
        move(case, Request.State.CARRIED_OUT)
        record(case, Event.CARRIED_OUT, actor=actor, at=at)
    # A result that follows an upheld objection is a letter of its own.
    upheld = objections_of(case).filter(outcome__in=["upheld", "partly-upheld"]).order_by("-reviewed_at", "-id").first()
    queue_letter(case, Letter.Kind.RESULT, about=upheld.id if upheld else None, actor=actor, at=at)


def objections_of(case: Request) -> QuerySet[Objection]:
    """Return the objections of a case."""
    return Objection.objects.filter(right__request=case)


def write_explanation(case: Request, text: str, *, of: UUID, at: datetime) -> None:
    """Seal the words that explain a decision, under the case: of a right's event, or of an objection's letter.

    A right that is opened again gets a new event, so what explained the earlier decision stays. The winner of two
    deciders writes last.
    """
    explanation = Particulars.objects.filter(about_id=of).first() or Particulars(
        subject_id=case.holder_id,
        about=Particulars.About.ANSWER,
        about_id=of,
        received_on=clock.kst_date(at),
    )
    vault.seal(explanation, {"explanation": text}, at=at)
    with transaction.atomic(using="personal"):
        explanation.save()


def close(request: Request, *, actor: Actor, at: datetime) -> Request:
    """Close an answered case: documents are destroyed, and the record's own term begins (law R-31)."""
    require(actor, "rights.decide_request", about=request)
    with transaction.atomic():
        case = take(request)
        must_be_at(case, [Request.State.NOTIFIED])
        case.state = Request.State.CLOSED
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        record(case, Event.CLOSED, actor=actor, at=at)
    finish_particulars(case, at=at)
    evidence.destroy(case, actor=actor, at=at)
    return case


def finish_particulars(case: Request, *, at: datetime) -> None:
    """Start the retention clock of what the requester wrote, once the case has ended. Safe to repeat."""
    with transaction.atomic(using="personal"):
        Particulars.objects.filter(subject_id=case.holder_id, closed_on=None).update(closed_on=clock.kst_date(at))


def go_on_keeping_particulars(case: Request) -> None:
    """Stop the retention clock of a case that was opened again. Safe to repeat."""
    with transaction.atomic(using="personal"):
        Particulars.objects.filter(subject_id=case.holder_id).update(closed_on=None)


@transaction.atomic
def _sent(letter: Letter, state: str, *, actor: Actor, at: datetime) -> Letter:
    case = take(letter.request_id)
    row = Letter.objects.select_for_update().get(id=letter.id)
    if state == Letter.State.POSTED and row.state not in {Letter.State.TO_POST, Letter.State.PARKED}:
        raise WrongState(_("This letter is not waiting to be posted."))
    if row.sent_at is None:
        row.state = state
        row.sent_at = at
        row.sent_by = actor.ref
        row.trouble = ""
        row.save(update_fields=["state", "sent_at", "sent_by", "trouble"])
        record(case, Event.LETTER_SENT, actor=actor, at=at, facts={"letter": row.reference, "letter_kind": row.kind})
        _told(case, row, actor=actor, at=at)
    return row


def _told(case: Request, letter: Letter, *, actor: Actor, at: datetime) -> None:
    """The result has reached the person: the statutory term is kept."""
    if letter.kind != Letter.Kind.RESULT or not case.is_open or case.state == Request.State.NOTIFIED:
        return
    case.state = Request.State.NOTIFIED
    case.notified_at = at
    case.save(update_fields=["state", "notified_at"])
    record(case, Event.ANSWERED, actor=actor, at=at, facts={"due_on": case.due_on.isoformat()})
