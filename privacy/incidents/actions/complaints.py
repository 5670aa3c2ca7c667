"""Complaints: taken, answered, and how long it took (P2.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.incidents.events import Event
from privacy.incidents.models import Complaint, ComplaintText
from privacy.incidents.refusals import NothingWritten
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, Outsider, System, require
from privacy.lib import clock, periods
from privacy.lib.codes import Codes, new_submission
from privacy.lib.mail import fixed_message_id
from privacy.lib.refusals import Refusal, TooMany
from privacy.policies import rulebook
from privacy.subjects import actions as subjects
from privacy.subjects.holders import CodeHolder
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

DELIVERY = "incidents.complaint"
CODES = Codes("incidents")
CATEGORY = "complaint"


class AlreadyAnswered(Refusal):
    """Somebody has answered; the message says who and when."""

    code = "already-answered"


@dataclass(frozen=True)
class Words:
    """What a complaint says, in clear."""

    contact: dict[str, str]
    explanation: str
    answer: str


@dataclass(frozen=True, slots=True)
class Complainant(CodeHolder):
    """Whoever holds a complaint's reference and code: may see what that complaint says."""

    category: str = CATEGORY


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
    """Take a complaint from the public page; sent again with its ``submission``, the same one comes back.

    Raises NothingWritten, TooMany.
    """
    if not explanation.strip():
        raise NothingWritten(_("Write what your complaint is about."), pointer="/explanation")
    submission = submission or new_submission()
    complaint = Complaint.objects.filter(submission_digest=CODES.mark(submission)).first()
    if complaint is None:
        complaint = _new_complaint(language, submission, _source(address, at=at), at=at)
    if not ComplaintText.objects.filter(subject_id=complaint.holder_id).exists() and not complaint.answered_at:
        # Also when the first sending died between the two databases: what was typed is here again (lifecycle.md).
        words = ComplaintText(subject_id=complaint.holder_id, received_on=complaint.received_on)
        given = {name: value for name, value in (contact or {}).items() if value}
        vault.seal(words, {"contact": given, "explanation": explanation.strip()}, at=at)
        with transaction.atomic(using="personal"):
            words.save(force_insert=True)
    return Receipt(complaint, CODES.of(submission))


def _source(address: str, *, at: datetime) -> bytes | None:
    """Count the complaints of an address in the last hour. Raises TooMany."""
    if not address:
        return None
    source = subjects.source_index(address)
    recent = Complaint.objects.filter(source_index=source, received_at__gt=at - timedelta(hours=1)).count()
    if recent >= rulebook.parameter("door.requests.hourly", clock.kst_date(at)):
        raise TooMany(_("Too many complaints came from your connection in the last hour. Try again later, or call us."))
    return source


@transaction.atomic
def _new_complaint(language: str, submission: str, source: bytes | None, *, at: datetime) -> Complaint:
    day = clock.kst_date(at)
    days = rulebook.parameter("complaint.answer.days", day)
    complaint = Complaint(
        language=language,
        code_digest=CODES.digest(CODES.of(submission)),
        submission_digest=CODES.mark(submission),
        source_index=source,
        received_at=at,
        received_on=day,
        target_on=periods.answer_due(day, days=days),
    )
    complaint.save(force_insert=True)
    ledger.record(Event.RECEIVED, actor=Outsider("subject", complaint.reference), at=at, about=complaint)
    return complaint


def enter_complaint(*, reference: str, code: str, address: str, at: datetime) -> Complaint:
    """Return the complaint that reference and code open. Raises WrongCode, TooMany."""
    name = reference.strip().upper()
    complaint = Complaint.objects.filter(reference=name).first()
    digest = complaint.code_digest if complaint else None
    subjects.check_code(CODES, name=name, code=code, digest=digest, address=address, at=at)
    assert complaint is not None
    with transaction.atomic():
        ledger.record(Event.ENTERED, actor=Complainant(complaint.reference), at=at, about=complaint)
    return complaint


def show_answer(complaint: Complaint, *, at: datetime) -> str:
    """Open the answer for its complainant, on record; nothing when there is none, or when its term is over."""
    words = ComplaintText.objects.filter(subject_id=complaint.holder_id).first()
    if words is None or complaint.state != Complaint.State.ANSWERED:
        return ""
    with vault.opened(
        purpose=Purpose.RIGHTS, task="incidents.complaint.shown", actor=Complainant(complaint.reference), at=at,
        reason=f"complaint {complaint.reference}",
    ) as door:  # fmt: skip
        answer: str | None = door.reveal(words, "answer")
    return answer or ""


def read_complaint(complaint: Complaint, *, actor: Actor, at: datetime) -> Words:
    """Open a complaint for reading, on record."""
    require(actor, "incidents.read_complaint", about=complaint)
    return open_words(complaint, task="incidents.complaint.read", actor=actor, at=at)


def open_words(complaint: Complaint, *, task: str, actor: Actor, at: datetime) -> Words:
    """Open a complaint for a task of the portal."""
    words = ComplaintText.objects.get(subject_id=complaint.holder_id)
    with vault.opened(
        purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"complaint {complaint.reference}"
    ) as door:
        found: dict[str, Any] = door.reveal_items(words, ["contact", "explanation", "answer"])
    return Words(found["contact"] or {}, found["explanation"] or "", found["answer"] or "")


def answer_complaint(complaint: Complaint, *, answer: str, actor: Actor, at: datetime) -> Complaint:
    """Answer a complaint, by e-mail where there is an address. Raises NothingWritten, AlreadyAnswered."""
    require(actor, "incidents.answer_complaint", about=complaint)
    if not answer.strip():
        raise NothingWritten(_("Write the answer."), pointer="/answer")
    with transaction.atomic():
        row = Complaint.objects.select_for_update().get(id=complaint.id)
        if row.state != Complaint.State.RECEIVED:
            raise AlreadyAnswered(_("This complaint was already answered by %(who)s.") % {"who": row.answered_by})
        row.state = Complaint.State.ANSWERED
        row.answered_at = at
        row.answered_by = actor.ref
        row.message_id = fixed_message_id(f"complaint-{row.id}")
        row.save(update_fields=["state", "answered_at", "answered_by", "message_id"])
        words = ComplaintText.objects.get(subject_id=row.holder_id)
        vault.seal(words, {"answer": answer.strip()}, at=at)
        words.closed_on = clock.kst_date(at)
        with transaction.atomic(using="personal"):
            words.save(update_fields=["answer", "closed_on"])
        outbox.put(DELIVERY, ids={"complaint": str(row.id)}, key=f"{DELIVERY}:{row.id}", shard=row.reference)
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
            ledger.record(Event.TARGET_MOVED, actor=System("calendar"), at=at, about=row, facts=facts)
            moved += 1
    return moved


@transaction.atomic
def mark_answer_sent(complaint: Complaint, *, actor: Actor, at: datetime) -> Complaint:
    """Note that the answer went out."""
    row = Complaint.objects.select_for_update().get(id=complaint.id)
    if row.sent_at is None:
        row.sent_at = at
        row.save(update_fields=["sent_at"])
        ledger.record(Event.SENT, actor=actor, at=at, about=row)
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
