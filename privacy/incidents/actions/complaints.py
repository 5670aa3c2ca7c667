"""Complaints: taken, answered, and how long it took (P2.2)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.incidents import answer_mails
from privacy.incidents.events import Event
from privacy.incidents.models import Complaint, ComplaintText
from privacy.incidents.refusals import EmptyText, WrongState
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, ExternalActor, SystemActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import form_submissions
from privacy.lib.identifiers.access_codes import AccessCodes, new_form_nonce
from privacy.lib.integrations.mail import fixed_message_id
from privacy.policies import rulebook
from privacy.policies.categories import COMPLAINT
from privacy.subjects import actions as subjects
from privacy.subjects.actors import CodeHolder
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

DELIVERY = "incidents.complaint"
CODES = AccessCodes("incidents")


class ComplaintTextGone(Refusal):
    """What a complaint said is not held: its term is over, or it never arrived whole."""

    code = "words-gone"


class AlreadyAnswered(Refusal):
    """Somebody has answered; the message says who and when."""

    code = "already-answered"


@dataclass(frozen=True)
class OpenedComplaint:
    """What a complaint says, in clear."""

    contact: dict[str, str]
    explanation: str
    answer: str


@dataclass(frozen=True, slots=True)
class Complainant(CodeHolder):
    """Whoever holds a complaint's reference and code: may see what that complaint says."""

    category: str = COMPLAINT


@dataclass(frozen=True)
class Receipt:
    """What the complainant is told; the code is shown this once."""

    complaint: Complaint
    code: str


def file_complaint(
    *,
    explanation: str,
    contact: dict[str, str] | None = None,
    language: str = "ko",
    submission: str = "",
    address: str = "",
    at: datetime,
) -> Receipt:
    """Take a complaint from the public page; sent again with its ``submission`` and content, the same one comes back.

    Raises EmptyText, TooManyAttempts.
    """
    if not explanation.strip():
        raise EmptyText(_("Tell us what your complaint is about."), pointer="/explanation")
    given = {name: value for name, value in (contact or {}).items() if value}
    submission = form_submissions.bind_nonce(CODES.door, submission or new_form_nonce(), [explanation.strip(), given])
    complaint = Complaint.objects.filter(submission_digest=CODES.mark(submission)).first()
    again = complaint is not None
    if complaint is None:
        complaint = _new_complaint(language, submission, address, at=at)
    if not ComplaintText.objects.filter(subject_id=complaint.holder_id).exists() and not complaint.answered_at:
        if again:
            # The first sending died between the two databases: what was typed is here again.
            by = Complainant(complaint.reference)
            with transaction.atomic():
                ledger.record(Event.RECEIVED, actor=by, at=at, about=complaint, facts={"again": True})
        words = ComplaintText(subject_id=complaint.holder_id, received_on=complaint.received_on)
        vault.encrypt(words, {"contact": given, "explanation": explanation.strip()}, at=at)
        try:
            with transaction.atomic(using="personal"):
                words.save(force_insert=True)
        except IntegrityError:
            # The same form, sent twice at once, has the same words: the other sending has kept them.
            if not ComplaintText.objects.filter(subject_id=complaint.holder_id).exists():
                raise
    return Receipt(complaint, CODES.of(submission))


def _source(address: str, *, at: datetime) -> bytes | None:
    """Count the complaints of an address in the last hour, one after the other. Raises TooManyAttempts."""
    if not address:
        return None
    source = subjects.address_index(address)
    subjects.require_below_limit(
        "complaints",
        source,
        done_since=lambda since: Complaint.objects.filter(source_index=source, received_at__gt=since).count(),
        limit="door.requests.hourly",
        refusal=_("Too many complaints came from your connection in the last hour. Try again later, or call us."),
        at=at,
    )
    return source


@transaction.atomic
def _new_complaint(language: str, submission: str, address: str, *, at: datetime) -> Complaint:
    day = clock.kst_date(at)
    days = rulebook.parameter("complaint.answer.days", day)
    mark = CODES.mark(submission)
    form_submissions.lock_submission(mark)
    if (first := Complaint.objects.filter(submission_digest=mark).first()) is not None:
        return first
    complaint = Complaint(
        language=language,
        code_digest=CODES.digest(CODES.of(submission)),
        submission_digest=mark,
        source_index=_source(address, at=at),
        received_at=at,
        received_on=day,
        target_on=periods.answer_due(day, days=days),
    )
    complaint.save(force_insert=True)
    ledger.record(Event.RECEIVED, actor=ExternalActor("subject", complaint.reference), at=at, about=complaint)
    return complaint


def authenticate_complainant(*, reference: str, code: str, address: str, at: datetime) -> Complaint:
    """Return the complaint that reference and code open. Raises WrongCode, TooManyAttempts."""
    name = reference.strip().upper()
    complaint = Complaint.objects.filter(reference=name).first()
    digest = complaint.code_digest if complaint else None
    subjects.check_code(CODES, code=code, digest=digest, address=address, at=at)
    assert complaint is not None
    with transaction.atomic():
        ledger.record(Event.ENTERED, actor=Complainant(complaint.reference), at=at, about=complaint)
    return complaint


def show_answer(complaint: Complaint, *, at: datetime) -> str:
    """Open the answer for its complainant, on record; nothing when there is none, or when its term is over."""
    words = ComplaintText.objects.filter(subject_id=complaint.holder_id).first()
    if words is None or complaint.state != Complaint.State.ANSWERED:
        return ""
    with (
        suppress(vault.Destroyed),
        vault.opened(
            purpose=Purpose.RIGHTS, task="incidents.complaint.shown", actor=Complainant(complaint.reference), at=at,
            reason=f"complaint {complaint.reference}",
        ) as vault_session,
    ):  # fmt: skip
        answer: str | None = vault_session.decrypt(words, "answer")
        return answer or ""
    return ""


def read_complaint(complaint: Complaint, *, actor: Actor, at: datetime) -> OpenedComplaint:
    """Open a complaint for reading, on record. Raises NotPermitted, ComplaintTextGone."""
    require_permission(actor, "incidents.read_complaint", about=complaint)
    return open_complaint_text(complaint, task="incidents.complaint.read", actor=actor, at=at)


def open_complaint_text(complaint: Complaint, *, task: str, actor: Actor, at: datetime) -> OpenedComplaint:
    """Open a complaint for a task of the portal. Raises ComplaintTextGone."""
    words = ComplaintText.objects.filter(subject_id=complaint.holder_id).first()
    if words is None:
        raise ComplaintTextGone(_gone(complaint))
    try:
        with vault.opened(
            purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"complaint {complaint.reference}"
        ) as vault_session:
            found: dict[str, Any] = vault_session.decrypt_fields(words, ["contact", "explanation", "answer"])
    except vault.Destroyed:  # between the two steps of a destruction: the key has gone, the row not yet
        raise ComplaintTextGone(_gone(complaint)) from None
    return OpenedComplaint(found["contact"] or {}, found["explanation"] or "", found["answer"] or "")


def _gone(complaint: Complaint) -> str:
    if complaint.state == Complaint.State.ANSWERED:
        return _("The text of this complaint and its answer was destroyed when the retention period ended.")
    return _(
        "The text of this complaint arrived incomplete. Answer it anyway: the answer appears on the complaint's page."
    )


def answer_complaint(
    complaint: Complaint, *, answer: str, template: str = "", actor: Actor, at: datetime
) -> Complaint:  # fmt: skip
    """Answer a complaint, by e-mail where there is an address. Raises EmptyText, AlreadyAnswered.

    ``template``: the version of the words around it that was read; without it the one that is in force.
    """
    require_permission(actor, "incidents.answer_complaint", about=complaint)
    if not answer.strip():
        raise EmptyText(_("Enter the answer."), pointer="/answer")
    with transaction.atomic():
        row = Complaint.objects.select_for_update().get(id=complaint.id)
        if row.state != Complaint.State.RECEIVED:
            raise AlreadyAnswered(
                _("This complaint was already answered by %(who)s.") % {"who": name_with_reference(row.answered_by)}
            )
        row.state = Complaint.State.ANSWERED
        row.answered_at = at
        row.answered_by = actor.ref
        row.message_id = fixed_message_id(f"complaint-{row.id}")
        row.save(update_fields=["state", "answered_at", "answered_by", "message_id"])
        words = ComplaintText.objects.filter(subject_id=row.holder_id).first() or ComplaintText(
            subject_id=row.holder_id, received_on=row.received_on
        )
        vault.encrypt(words, {"answer": answer.strip()}, at=at)
        words.closed_on = clock.kst_date(at)
        with transaction.atomic(using="personal"):
            words.save(update_fields=None if words._state.adding else ["answer", "closed_on"])
        ids = {"complaint": str(row.id), "template": template or answer_mails.wording().version}
        outbox.enqueue(DELIVERY, ids=ids, key=f"{DELIVERY}:{row.id}", shard=row.reference)
        ledger.record(
            Event.ANSWERED,
            actor=actor,
            at=at,
            about=row,
            facts={"days": (clock.kst_date(at) - row.received_on).days, "target_on": row.target_on.isoformat()},
        )
    return row


def move_targets(day: date, at: datetime) -> int:
    """Recompute the targets of unanswered complaints that a changed holiday may move (T-04); return how many moved."""
    moved = 0
    concerned = Complaint.objects.select_for_update().unanswered().filter(received_on__gte=day - timedelta(days=62))
    for row in concerned.order_by("id"):
        days = rulebook.parameter("complaint.answer.days", row.received_on)
        target_on = periods.answer_due(row.received_on, days=days)
        if target_on != row.target_on:
            facts = {"from": row.target_on.isoformat(), "target_on": target_on.isoformat(), "because": day.isoformat()}
            row.target_on = target_on
            row.save(update_fields=["target_on"])
            ledger.record(Event.TARGET_MOVED, actor=SystemActor("calendar"), at=at, about=row, facts=facts)
            moved += 1
    return moved


@transaction.atomic
def mark_answer_sent(complaint: Complaint, *, template: str, actor: Actor, at: datetime) -> Complaint:
    """Note that the answer went out, in the words of a template."""
    row = Complaint.objects.select_for_update().get(id=complaint.id)
    if row.sent_at is None:
        row.sent_at, row.answered_with = at, template
        row.save(update_fields=["sent_at", "answered_with"])
        ledger.record(Event.SENT, actor=actor, at=at, about=row, facts={"template": template})
    return row


def mark_answer_returned(complaint: Complaint, *, why: str, actor: Actor, at: datetime) -> bool:
    """Note that the answer came back: it reached nobody by e-mail, and the office tells it another way.

    Return whether that is new. Raises NotPermitted.
    """
    require_permission(actor, "incidents.answer_complaint", about=complaint)
    with transaction.atomic():
        row = Complaint.objects.select_for_update().get(id=complaint.id)
        if row.sent_at is None:
            return False
        row.sent_at, row.returned_at = None, at
        row.save(update_fields=["sent_at", "returned_at"])
        ledger.record(Event.ANSWER_RETURNED, actor=actor, at=at, about=row, facts={"why": why[:80]})
    return True


def record_answer_told(complaint: Complaint, *, actor: Actor, at: datetime) -> Complaint:
    """Note that an answer that came back was told another way. Raises NotPermitted, WrongState."""
    require_permission(actor, "incidents.answer_complaint", about=complaint)
    with transaction.atomic():
        row = Complaint.objects.select_for_update().get(id=complaint.id)
        if row.returned_at is None:
            raise WrongState(_("No answer to this complaint was returned."))
        row.returned_at = None
        row.save(update_fields=["returned_at"])
        ledger.record(Event.ANSWER_TOLD, actor=actor, at=at, about=row)
    return row


def destroy_texts(complaint_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the words of these complaints; safe to repeat. Returns the rows removed."""
    with transaction.atomic(using="personal"):
        rows = ComplaintText.objects.filter(subject_id__in=complaint_ids)
        count = rows.count()
        if count:
            with transaction.atomic():
                ledger.record(
                    Event.REMOVED,
                    actor=actor,
                    at=at,
                    subjects=complaint_ids,
                    facts={"certificate": certificate, "rows": count},
                )
            rows.delete()
    return count
