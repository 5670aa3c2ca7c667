"""Answering the person: each step's notice is queued in the transaction of the step (law R-08, R-13, R-14, R-21)."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.mail import fixed_message_id
from privacy.policies import rulebook
from privacy.rights import letters
from privacy.rights.actions import due_dates, identity_documents
from privacy.rights.actions.cases import lock_case, must_be_in_state, record, set_state
from privacy.rights.actions.due_dates import to_answer_apart, update_due_date
from privacy.rights.actions.text_announcements import queue_text
from privacy.rights.events import Event
from privacy.rights.models import Letter, Objection, Package, Particulars, Request, Right, TermExtension
from privacy.rights.refusals import WrongState
from privacy.rights.representation import lacks_mandate
from privacy.vault import actions as vault

DELIVERY = "rights.letter"
BATCH_SIZE = 1_000


def queue_letter(
    case: Request, kind: str, *, actor: Actor, at: datetime, about: UUID | None = None, matter: Any = None
) -> Letter:
    """Queue a notice to the person in the caller's transaction, once for each kind and matter of a case."""
    known = Letter.objects.filter(request=case, kind=kind, about_id=about).first()
    if known is not None:
        return known
    if kind in Letter.RESULTS and case.answer_by == Request.Answer.PORTAL:
        _begin_download_term(case, at=at)
    letter = draft_letter(case, kind, about=about, matter=matter, at=at)
    if letter.state == Letter.State.ON_PORTAL:
        letter.sent_at = at
        letter.sent_by = actor.ref
        _keep_days(case, letter)
    letter.save(force_insert=True)
    if letter.state == Letter.State.QUEUED:
        outbox.enqueue(DELIVERY, ids={"letter": str(letter.id)}, key=f"{DELIVERY}:{letter.id}", shard=case.reference)
    elif letter.state == Letter.State.TO_TEXT:
        queue_text(letter, since=at)
    elif letter.state == Letter.State.ON_PORTAL:
        _record_part(case, letter, actor=actor, at=at)
        update_due_date(case)
        _mark_answered(case, letter, actor=actor, at=at)
    return letter


def draft_letter(case: Request, kind: str, *, about: UUID | None = None, matter: Any = None, at: datetime) -> Letter:
    """Return a notice, unsaved, with what it says. ``matter`` is what it is about where that isn't saved either."""
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
            Request.Answer.TEXT: Letter.State.TO_TEXT,
        }[Request.Answer(case.answer_by)],
        message_id=fixed_message_id(f"letter-{identifier}"),
        queued_at=at,
    )
    letter.matter = matter
    letter.told = letters.compose(letter)
    if kind in Letter.RESULTS:
        told = matter if kind == Letter.Kind.PART else case.rights.all()
        letter.answers = {str(right.id): {"decision": str(right.event_id)} for right in told}
    return letter


def withdraw_unsent(
    case: Request, kind: str, *, about: Collection[UUID] | None = None, actor: Actor, at: datetime
) -> None:
    """Keep back, in the caller's transaction, the notices of a locked case that say what is no longer so.

    Without ``about`` all of their kind.
    """
    unsent = case.letters.select_for_update().filter(kind=kind, state__in=Letter.UNSENT)
    if about is not None:
        unsent = unsent.filter(about_id__in=about)
    for letter in unsent.order_by("id"):
        letter.state = Letter.State.WITHDRAWN
        letter.save(update_fields=["state"])
        facts = {"letter": letter.reference, "letter_kind": kind}
        record(case, Event.LETTER_WITHDRAWN, actor=actor, at=at, facts=facts)


def mark_letter_sent(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """Note that a notice went out by e-mail."""
    return _sent(letter, Letter.State.SENT, actor=actor, at=at)


def mark_letter_texted(letter: Letter, *, arrived_at: datetime, actor: Actor, at: datetime) -> Letter:
    """Note that the text message that announces a notice is on the phone, since a moment: terms are kept by that."""
    return _sent(letter, Letter.State.TEXTED, actor=actor, at=at, told_at=arrived_at)


def mark_letter_posted(letter: Letter, *, actor: Actor, at: datetime) -> Letter:
    """Note that a printed notice was posted."""
    require_permission(actor, "rights.decide_request", about=letter)
    return _sent(letter, Letter.State.POSTED, actor=actor, at=at)


def record_letter_error(letter: Letter, *, why: str) -> None:
    """Keep why the last try failed, for the officer to see."""
    Letter.objects.filter(id=letter.id, state=Letter.State.QUEUED).update(trouble=why[:200])


@transaction.atomic
def park_letter(letter: Letter, *, why: str, actor: Actor, at: datetime) -> Letter:
    """Give a notice that no mail delivered to the officer, who prints or calls; the term does not wait.

    Where text messages are sent, one announces it first.
    """
    row = Letter.objects.select_for_update().get(id=letter.id)
    if row.state == Letter.State.QUEUED:
        row.state, row.trouble = _after_a_mail(row, at=at), why[:200]
        row.save(update_fields=["state", "trouble"])
        record(row.request, Event.LETTER_PARKED, actor=actor, at=at, facts={"letter": row.reference, "why": why[:200]})
    return row


@transaction.atomic
def park_text(letter: Letter, *, why: str, actor: Actor, at: datetime) -> Letter:
    """Give a notice to the officer that no text message announced, and no mail before it."""
    row = Letter.objects.select_for_update().get(id=letter.id)
    if row.state == Letter.State.TO_TEXT:
        row.state, row.trouble = Letter.State.PARKED, "; ".join(part for part in (row.trouble, why) if part)[:200]
        row.save(update_fields=["state", "trouble"])
        facts = {"letter": row.reference, "channel": "text", "why": why[:200]}
        record(row.request, Event.LETTER_PARKED, actor=actor, at=at, facts=facts)
    return row


def _after_a_mail(row: Letter, *, at: datetime) -> str:
    """Return what follows a mail that reached nobody: a text message, or the officer where none are sent."""
    if not text_messages.are_sent():
        return Letter.State.PARKED
    queue_text(row, since=at)
    return Letter.State.TO_TEXT


def mark_letter_bounced(letter: Letter, *, actor: Actor, at: datetime, why: str = "bounced") -> Letter:
    """Note that a notice came back: the officer answers another way, and the case is unanswered again, closed or not.

    After an e-mail, a text message announces it first, where those are sent.

    Where an earlier result than the newest one came back, the case stays at its step; it counts as answered since the
    first result that did not come back. Raises WrongState.
    """
    require_permission(actor, "rights.decide_request", about=letter)
    row = _bounced(letter, actor=actor, at=at, why=why)
    sync_particulars_closure(row.request_id)
    return row


@transaction.atomic
def _bounced(letter: Letter, *, actor: Actor, at: datetime, why: str) -> Letter:
    case = lock_case(letter.request_id)
    row = Letter.objects.select_for_update().get(id=letter.id)
    if row.state not in Letter.WENT_OUT:
        raise WrongState(_("Only an answer that was sent can be recorded as returned."))
    row.state = _after_a_mail(row, at=at) if row.state == Letter.State.SENT else Letter.State.PARKED
    row.sent_at = None
    row.sent_by = ""
    row.trouble = why[:200]
    row.save(update_fields=["state", "sent_at", "sent_by", "trouble"])
    record(case, Event.LETTER_BOUNCED, actor=actor, at=at, facts={"letter": row.reference, "letter_kind": row.kind})
    if row.kind == Letter.Kind.RESULT:
        _no_longer_answered(case, row)
    update_due_date(case)
    return row


def _newest_result(case: Request) -> Letter | None:
    return case.letters.filter(kind=Letter.Kind.RESULT).order_by("queued_at", "id").last()


def _first_result_that_stayed(case: Request) -> datetime | None:
    """Return since when a result that was not returned answers a case, or None: the day the term was kept on."""
    stayed = case.letters.filter(kind=Letter.Kind.RESULT, sent_at__isnull=False)
    return stayed.order_by("sent_at").values_list("sent_at", flat=True).first()


def _no_longer_answered(case: Request, returned: Letter) -> None:
    """Take back that a returned result answered the person, also where the case was closed: unless another answers."""
    if returned == _newest_result(case):
        if case.state in {Request.State.NOTIFIED, Request.State.CLOSED}:
            granted = any(right.is_granted for right in case.rights.all())
            case.state = Request.State.CARRIED_OUT if granted else Request.State.DECIDED
        case.closed_at = None
    # An earlier result that reached the person still answers the case.
    case.notified_at = case.notified_at and _first_result_that_stayed(case)
    case.save(update_fields=["state", "notified_at", "closed_at"])


def answer_if_done(case: Request, *, actor: Actor, at: datetime) -> None:
    """Move a locked case on when every right is decided and every granted one carried out, and queue the result.

    Before that, tell what is due earlier than the rest. A mandate that nothing needs any more is asked for no longer.
    """
    rights = list(case.rights.all())
    if case.requester != Request.Requester.SELF and not lacks_mandate(case, at=at):
        withdraw_unsent(case, Letter.Kind.EVIDENCE, actor=actor, at=at)
    # What is done takes no longer.
    longer = TermExtension.objects.filter(right__in=[one for one in rights if one.done_at is not None])
    withdraw_unsent(case, Letter.Kind.EXTENDED, about=longer.values_list("id", flat=True), actor=actor, at=at)
    if not is_answerable(rights):
        if apart := to_answer_apart(case):
            queue_letter(case, Letter.Kind.PART, about=apart[-1].event_id, matter=apart, actor=actor, at=at)
        return
    if case.state not in {Request.State.DECIDED, Request.State.IN_REVIEW}:
        return
    if any(right.is_granted for right in rights):
        set_state(case, Request.State.CARRIED_OUT)
        record(case, Event.CARRIED_OUT, actor=actor, at=at)
    queue_letter(case, Letter.Kind.RESULT, about=matter_of_result(case), actor=actor, at=at)


def tell_what_is_due_first(*, actor: Actor, at: datetime) -> int:
    """Tell what was done while the rest of its case was owed as early, where the rest is owed later since.

    Safe to repeat. Returns the number of letters.
    """
    longer = Letter.objects.filter(kind__in=(Letter.Kind.POSTPONED, Letter.Kind.EXTENDED), sent_at__isnull=False)
    told = 0
    for case_id in Request.objects.unanswered().filter(id__in=longer.values("request")).values_list("id", flat=True):
        with transaction.atomic():
            case = lock_case(case_id)
            if to_answer_apart(case):
                answer_if_done(case, actor=actor, at=at)
                told += 1
    return told


def is_answerable(rights: Iterable[Right]) -> bool:
    """Whether nothing of a case is left to decide or to carry out."""
    return all(one.done_at is not None for one in rights)


def matter_of_result(case: Request) -> UUID | None:
    """Return the upheld objection that a result follows: it is a letter of its own. ``None`` for the first result."""
    upheld = objections_of(case).filter(outcome__in=["upheld", "partly-upheld"]).order_by("-reviewed_at", "-id").first()
    return upheld.id if upheld else None


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
    vault.encrypt(explanation, {"explanation": text}, at=at)
    with transaction.atomic(using="personal"):
        explanation.save(update_fields=None if explanation._state.adding else ["explanation"])


def close_case(request: Request, *, actor: Actor, at: datetime) -> Request:
    """Close an answered case: documents are destroyed, and the record's own term begins (law R-31)."""
    require_permission(actor, "rights.decide_request", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_in_state(case, [Request.State.NOTIFIED])
        case.state = Request.State.CLOSED
        case.closed_at = at
        case.save(update_fields=["state", "closed_at"])
        record(case, Event.CLOSED, actor=actor, at=at)
    sync_particulars_closure(case.id)
    identity_documents.destroy_documents(case, actor=actor, at=at)
    return case


def sync_particulars_closure(case_id: UUID) -> bool:
    """Let what was written in a case end with it, or go on with a case that was opened again; return whether it moved.

    Safe to repeat, and repeated for every case by ``sync_missed_closures``: nothing else starts the retention clock.
    """
    with transaction.atomic():
        case = lock_case(case_id)
        ended_on = clock.kst_date(case.closed_at) if case.closed_at is not None else None
        written = Particulars.objects.filter(subject_id=case.holder_id)
        with transaction.atomic(using="personal"):
            if ended_on is None:
                return written.filter(closed_on__isnull=False).update(closed_on=None) > 0
            return written.filter(closed_on=None).update(closed_on=ended_on) > 0


def sync_missed_closures(*, actor: Actor, at: datetime) -> int:
    """Settle every case whose end, or new beginning, died before its words heard of it. Returns how many."""
    open_words = Particulars.objects.filter(closed_on=None).order_by("subject_id").values_list("subject_id", flat=True)
    found: set[UUID] = set()
    for part in batched(open_words.distinct().iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        found |= set(Request.objects.filter(id__in=part, closed_at__isnull=False).values_list("id", flat=True))
    open_cases = Request.objects.filter(closed_at=None).order_by("id").values_list("id", flat=True)
    for part in batched(open_cases.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        ended = Particulars.objects.filter(subject_id__in=part, closed_on__isnull=False)
        found |= set(ended.values_list("subject_id", flat=True))
    settled = [case_id for case_id in sorted(found) if sync_particulars_closure(case_id)]
    for case_id in settled:
        ledger.record(Event.WORDS_SETTLED, actor=actor, at=at, about=("rights.request", case_id))
    return len(settled)


@transaction.atomic
def _sent(
    letter: Letter, state: str, *, actor: Actor, at: datetime, told_at: datetime | None = None
) -> Letter:  # fmt: skip
    case = lock_case(letter.request_id)
    row = Letter.objects.select_for_update().get(id=letter.id)
    if state == Letter.State.POSTED and row.state not in Letter.TO_BE_POSTED:
        raise WrongState(_("This letter is not waiting to be posted."))
    if state == Letter.State.TEXTED and row.state != Letter.State.TO_TEXT:
        return row
    if row.sent_at is None:
        when = told_at or at
        row.state = state
        row.sent_at = when
        row.sent_by = actor.ref
        row.trouble = ""
        _keep_days(case, row)
        row.save(update_fields=["state", "sent_at", "sent_by", "trouble", "answers"])
        facts = {"letter": row.reference, "letter_kind": row.kind}
        if state == Letter.State.TEXTED:
            facts |= {"channel": "text", "arrived": when.isoformat(), "template": row.announced_with}
        record(case, Event.LETTER_SENT, actor=actor, at=at, facts=facts)
        if row.kind in Letter.RESULTS:
            _begin_download_term(case, at=when)
        _record_part(case, row, actor=actor, at=at)
        update_due_date(case)
        if row.kind == Letter.Kind.RESULT:
            _mark_answered(case, row, actor=actor, at=at)
    return row


def _keep_days(case: Request, letter: Letter) -> None:
    """Keep with an answer that goes out by which day each right that it tells was owed; a term may move later."""
    told = [right for right in case.rights.all() if str(right.id) in letter.answers]
    for right, due_on in due_dates.owed_days(case, told).items():
        letter.answers[str(right)]["due_on"] = due_on.isoformat()


def _record_part(case: Request, letter: Letter, *, actor: Actor, at: datetime) -> None:
    """Put on record that what is due earlier than the rest was told, and by when it had to be."""
    if letter.kind == Letter.Kind.PART:
        facts = {"letter": letter.reference, "due_on": min(told["due_on"] for told in letter.answers.values())}
        record(case, Event.PART_ANSWERED, actor=actor, at=at, facts=facts)


def _begin_download_term(case: Request, *, at: datetime) -> None:
    """Count the time to download a copy from the sending of the answer that tells of it, as the answer says."""
    ends_at = at + timedelta(hours=rulebook.parameter("rights.package.hours", clock.kst_date(at)))
    unfetched = Package.objects.select_for_update(of=("self",)).filter(removed_at=None, downloaded_at=None)
    for package in unfetched.filter(right__request=case, expires_at__lt=ends_at).order_by("id"):
        package.expires_at = ends_at
        package.save(update_fields=["expires_at"])


def _mark_answered(case: Request, letter: Letter, *, actor: Actor, at: datetime) -> None:
    """A result has reached the person: answered since the first that stayed, unless the case is open again.

    It moves on by the newest alone, if that tells what the last objection opened.
    """
    if case.state != Request.State.IN_REVIEW:
        case.notified_at = _first_result_that_stayed(case)
    tells_all = letter == _newest_result(case) and letter.about_id == matter_of_result(case)
    if answers := tells_all and case.state in {Request.State.DECIDED, Request.State.CARRIED_OUT}:
        case.state = Request.State.NOTIFIED
    case.save(update_fields=["state", "notified_at"])
    if answers:
        record(case, Event.ANSWERED, actor=actor, at=at, facts={"due_on": case.due_on.isoformat()})
