"""Mails and text messages to the office: a mail goes onto the case that its reply address names, all else is sorted.

Each is taken once: its row, and the message that it becomes, are written in one transaction; what was sealed before a
crash lies under an id made from the mail itself, or from the id of the text message, and is taken away when it is read
again.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.documents.upload_validation import InvalidUpload, recognise_upload
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.lib.identifiers.ids import new_reference
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.mail_parsing import ParsedMail, UnreadableMail, fingerprint, parse_mail
from privacy.lib.integrations.text_replies import Reply
from privacy.policies import rulebook
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights import matching, reply_addresses
from privacy.rights.actions.bounces import record_bounces
from privacy.rights.actions.identity_documents import OpenedDocument, decrypt_files
from privacy.rights.actions.messages import ANSWER_DAYS, must_be_below_limit, write_message
from privacy.rights.actions.objection_evidence import Upload
from privacy.rights.actions.particulars import seal_under
from privacy.rights.actions.text_announcements import WRITABLE
from privacy.rights.events import Event
from privacy.rights.models import CaseMessage, IncomingMail, Particulars, Request
from privacy.rights.refusals import MissingReason, NoSuchCase, ParticularsGone, WrongState
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes
from privacy.vault.models import EncryptedFile, EncryptedFileQuerySet
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import InvalidIdentifier, UnderHold

READ = "rights.mail.read"
SUFFIX = "/mail"
State, Why, Channel = IncomingMail.State, IncomingMail.Why, IncomingMail.Channel
# What the sender's address is, by the way in which it came.
ADDRESS: dict[str, str] = {Channel.EMAIL: "email", Channel.TEXT: "phone"}
# A text message came when its provider says, but not long before it could be taken: dates hang on it.
LATEST = timedelta(days=30)


@dataclass(frozen=True)
class OpenedMail:
    """One mail or text message in clear."""

    sender: str
    text: str


def known_mail(*, place: str) -> bool:
    """Whether what lies at a place was taken already: a mail only has to leave it."""
    return IncomingMail.objects.filter(place=place).exists()


def newest_text(origin: str) -> str:
    """Return the id of the newest text message that was taken from there, or nothing."""
    found = IncomingMail.objects.filter(channel=Channel.TEXT, place__startswith=f"{origin}:")
    newest = found.order_by("-taken_at", "-id").values_list("place", flat=True).first()
    return newest.partition(":")[2] if newest else ""


def refuse_mail(
    *, place: str, mark: str, why: str, channel: str = Channel.EMAIL, actor: Actor, at: datetime
) -> IncomingMail:  # fmt: skip
    """Note that a mail was not kept, and why; nothing of it is. ``mark`` tells it from all others."""
    return _note(place, mark, State.REFUSED, why=why, channel=channel, actor=actor, at=at)


def keep_text(reply: Reply, *, origin: str, actor: Actor, at: datetime) -> IncomingMail | None:
    """Take a text message as a draft to be sorted: any number can be given as its sender's. None: it was taken before.

    Safe to repeat.
    """
    place = f"{origin}:{reply.id}"
    if known_mail(place=place):
        return None
    mark = hashlib.sha256(place.encode()).hexdigest()
    if reply.trouble or reply.received_at is None:
        return refuse_mail(place=place, mark=mark, why=reply.trouble, channel=Channel.TEXT, actor=actor, at=at)
    if text_messages.is_our_number(reply.sender):
        return _note(place, mark, State.AUTOMATIC, channel=Channel.TEXT, actor=actor, at=at)
    came_at = min(max(reply.received_at, at - LATEST), at)
    return _keep_draft(
        reply.sender, reply.text, [], 0, why=Why.BY_HAND, channel=Channel.TEXT, came_at=came_at, place=place,
        mark=mark, actor=actor, at=at,
    )  # fmt: skip


def keep_mail(raw: bytes, *, place: str, actor: Actor, at: datetime) -> IncomingMail:
    """Take a mail: onto its case, as a draft to be sorted, or nothing where no person wrote it. Safe to repeat."""
    mark = fingerprint(raw)
    known = IncomingMail.objects.filter(Q(place=place) | Q(fingerprint=mark)).first()
    if known is not None:
        return known
    try:
        parsed = parse_mail(raw)
    except UnreadableMail as unreadable:
        return refuse_mail(place=place, mark=mark, why=str(unreadable), actor=actor, at=at)
    if _is_return_of_ours(parsed, actor=actor, at=at):
        return _note(place, mark, State.RETURNED, actor=actor, at=at)
    if parsed.is_automatic or parsed.sender == reply_addresses.office_address().lower():
        return _note(place, mark, State.AUTOMATIC, actor=actor, at=at)
    files = [one for one in parsed.files if _is_taken(one)]
    left_out = parsed.left_out + len(parsed.files) - len(files)
    text = "\n\n".join(part for part in (parsed.subject, parsed.text) if part)
    if not text and not files:
        return refuse_mail(place=place, mark=mark, why=Why.EMPTY, actor=actor, at=at)
    cases, forged = reply_addresses.named_cases(parsed.recipients)
    open_case = next((case for case in cases if case.state in WRITABLE), None)
    why = Why.CASE_OVER if cases else Why.BAD_SIGNATURE if forged else Why.NO_CASE
    if open_case is not None:
        try:
            return _keep_on_case(open_case, text, files, left_out, place=place, mark=mark, actor=actor, at=at)
        except TooManyAttempts:
            why = Why.TOO_MANY
        except WrongState:
            why = Why.CASE_OVER  # it ended in this moment
    return _keep_draft(
        parsed.sender, text, files, left_out, why=why, channel=Channel.EMAIL, came_at=at, place=place, mark=mark,
        actor=actor, at=at,
    )  # fmt: skip


def read_mail(mail: IncomingMail, *, actor: Actor, at: datetime) -> OpenedMail:
    """Open a draft, on record. Raises ParticularsGone once it was sorted."""
    require_permission(actor, "rights.open_particulars", about=mail)
    words = _words(mail)
    with vault.opened(
        purpose=Purpose.RIGHTS, task=READ, actor=actor, at=at, reason=f"request {mail.reference}"
    ) as vault_session:
        found = vault_session.decrypt_fields(words, ("contact", "explanation"))
    sender = (found["contact"] or {}).get(ADDRESS[mail.channel], "")
    return OpenedMail(str(sender), found["explanation"] or "")


def open_mail_files(mail: IncomingMail, *, actor: Actor, at: datetime) -> list[OpenedDocument]:
    """Open the documents of a draft, oldest first, on record. Raises why none can be opened."""
    require_permission(actor, "rights.open_particulars", about=mail)
    held = list(mail_files(mail))
    found = decrypt_files(held, task=READ, reason=f"request {mail.reference}", actor=actor, at=at)
    if not found:
        raise InvalidUpload(_("No document came with this mail."))
    return found


def cases_of_sender(mail: IncomingMail) -> QuerySet[Request]:
    """Return the cases about a draft's sender, or announced to its number, the newest first."""
    if mail.sender_index is None:
        return Request.objects.none()
    index = bytes(mail.sender_index)
    kind = ADDRESS[mail.channel]
    people = [match.subject_id for match in matching.find_records(kind, index)]
    about = Q(target_kind=kind, target_index=index) | Q(people__subject_id__in=people)
    if mail.channel == Channel.TEXT:
        about |= Q(messages__texted_index=index) | Q(letters__texted_index=index)
    return Request.objects.filter(about).distinct().order_by("-received_at")


def drafts_of_sender(mail: IncomingMail) -> QuerySet[IncomingMail]:
    """Return the other drafts of a draft's sender."""
    if mail.sender_index is None:
        return IncomingMail.objects.none()
    same = IncomingMail.objects.filter(state=State.DRAFT, sender_index=bytes(mail.sender_index))
    return same.exclude(id=mail.id)


def file_mail(mail: IncomingMail, *, number: str, actor: Actor, at: datetime) -> CaseMessage:
    """Put a draft onto a case as a message of the requester; the draft goes.

    Raises NoSuchCase, WrongState once it was sorted, while a document waits for its scan, and where the case is over.
    """
    require_permission(actor, "rights.receive_request", about=mail)
    name = number.strip().upper()
    with _lock_to_destroy(mail, at=at) as row:
        case = Request.objects.filter(Q(number=name) | Q(reference=name)).first()
        if case is None:
            raise NoSuchCase(_("There is no case with this number."), pointer="/number")
        held = list(mail_files(row))
        if any(file.state == EncryptedFile.State.PENDING for file in held):
            raise WrongState(_("A document that came with this e-mail is waiting for its scan. Try again in a minute."))
        opened = read_mail(row, actor=actor, at=at)
        sound = [file for file in held if file.state != EncryptedFile.State.QUARANTINE]
        files = open_mail_files(row, actor=actor, at=at) if sound else []
        made = write_message(
            case, text=opened.text or _("(no text)"), attachments=[("", one.content) for one in files],
            channel=row.channel, written_at=row.received_at, actor=actor, at=at,
        )  # fmt: skip
        row.files_left_out += len(held) - len(files)
        _sort(row, State.FILED, request=case, actor=actor, at=at)
    destroy_draft(row, actor=actor, at=at)
    return made


def discard_mail(mail: IncomingMail, *, reason: str, actor: Actor, at: datetime) -> None:
    """Destroy a draft that belongs to no case. Raises MissingReason, WrongState, UnderHold."""
    require_permission(actor, "rights.receive_request", about=mail)
    if not reason.strip():
        raise MissingReason(_("State why this belongs to no request."), pointer="/reason")
    with _lock_to_destroy(mail, at=at) as row:
        row.reason = reason.strip()
        _sort(row, State.DISCARDED, request=None, actor=actor, at=at)
    destroy_draft(row, actor=actor, at=at)


def files_left_out(case: Request) -> int:
    """Return how many files that came by mail onto a case were not kept."""
    return case.mails.aggregate(count=Sum("files_left_out"))["count"] or 0


def destroy_sorted_drafts(*, actor: Actor, at: datetime) -> int:
    """Destroy what a crash left of drafts that were sorted; return how many. Safe to repeat."""
    words = Particulars.objects.filter(about=Particulars.About.MAIL).values_list("about_id", flat=True)
    files = EncryptedFile.objects.filter(case__endswith=SUFFIX).values_list("subject_id", flat=True)
    sorted_ = IncomingMail.objects.filter(state__in=(State.FILED, State.DISCARDED), id__in={*words, *files})
    done = 0
    for mail in sorted_:
        with suppress(UnderHold):
            destroy_draft(mail, actor=actor, at=at)
            done += 1
    return done


def mail_files(mail: IncomingMail) -> EncryptedFileQuerySet:
    """Return the documents of a draft, oldest first."""
    return EncryptedFile.objects.filter(subject_id=mail.id).order_by("stored_at", "id")


def destroy_draft(mail: IncomingMail, *, actor: Actor, at: datetime) -> None:
    """Remove what a draft says, and its documents; safe to repeat. Raises UnderHold."""
    words = Particulars.objects.filter(about=Particulars.About.MAIL, about_id=mail.id)
    for file in mail_files(mail):
        vault.delete_file(file, actor=actor, at=at)
    if words.exists():
        with destruction_vetoes.lock_vetoes(), transaction.atomic(using="personal"):
            destruction_vetoes.refuse_if_vetoed([mail.id], [RIGHTS_REQUEST], at=at)
            words.delete()


def _keep_on_case(
    case: Request,
    text: str,
    files: Sequence[Upload],
    left_out: int,
    *,
    place: str,
    mark: str,
    actor: Actor,
    at: datetime,
) -> IncomingMail:
    with transaction.atomic():
        made = _new(place, mark, State.FILED, channel=Channel.EMAIL, at=at)
        made.request, made.sorted_at, made.sorted_by = case, at, actor.ref
        made.files, made.files_left_out = len(files), left_out
        made.save(force_insert=True)
        must_be_below_limit(case, CaseMessage.Channel.EMAIL, at=at)
        write_message(
            case, text=text or _("(no text)"), attachments=files, channel=CaseMessage.Channel.EMAIL, actor=actor, at=at
        )
        _record(made, Event.MAIL_FILED, actor=actor, at=at)
    return made


def _keep_draft(
    sender: str, text: str, files: Sequence[Upload], left_out: int, *, why: str, channel: str, came_at: datetime,
    place: str, mark: str, actor: Actor, at: datetime,
) -> IncomingMail:  # fmt: skip
    day, kind = clock.kst_date(came_at), ADDRESS[channel]
    with transaction.atomic():
        made = _new(place, mark, State.DRAFT, channel=channel, came_at=came_at, at=at)
        made.why, made.files, made.files_left_out = why, len(files), left_out
        made.sort_by_on = periods.answer_due(day, days=rulebook.parameter(ANSWER_DAYS, clock.kst_date(at)))
        with suppress(InvalidIdentifier):
            made.sender_index = vault.blind_index(kind, sender) if sender else None
        made.save(force_insert=True)
        # Of a run that died before its commit: the same one has the same id.
        destroy_draft(made, actor=actor, at=at)
        said = {"contact": {kind: sender}, "explanation": text}
        seal_under(made.id, Particulars.About.MAIL, made.id, said, received_on=day, at=at)
        for name, content in files:
            vault.receive_file(
                subject_id=made.id, category=RIGHTS_REQUEST, case=f"{made.reference}{SUFFIX}", name=name,
                content=content, actor=actor, at=at,
            )  # fmt: skip
        _record(made, Event.MAIL_DRAFTED, actor=actor, at=at)
    return made


def _note(
    place: str, mark: str, state: str, *, why: str = "", channel: str = Channel.EMAIL, actor: Actor, at: datetime
) -> IncomingMail:  # fmt: skip
    with transaction.atomic():
        made = _new(place, mark, state, channel=channel, at=at)
        made.why = why
        made.save(force_insert=True)
        _record(made, Event.MAIL_NOT_KEPT, actor=actor, at=at)
    return made


def _new(
    place: str, mark: str, state: str, *, channel: str, came_at: datetime | None = None, at: datetime
) -> IncomingMail:  # fmt: skip
    return IncomingMail(
        id=UUID(hex=mark[:32]), reference=new_reference("M"), channel=channel, place=place, fingerprint=mark,
        state=state, received_at=came_at or at, taken_at=at,
    )  # fmt: skip


def _record(mail: IncomingMail, event: Event, *, actor: Actor, at: datetime) -> None:
    facts = {"mail": mail.reference, "why": mail.why, "documents": mail.files, "files_left_out": mail.files_left_out}
    told = {"channel": mail.channel} | {name: value for name, value in facts.items() if value}
    if mail.request is not None:
        told["case"] = mail.request.reference
    ledger.record(event, actor=actor, at=at, about=mail, facts=told)


def _sort(mail: IncomingMail, state: str, *, request: Request | None, actor: Actor, at: datetime) -> None:
    """Note on a locked draft what became of it; whose it was is told by nothing here from then on."""
    mail.state, mail.request, mail.sorted_by, mail.sorted_at, mail.sender_index = state, request, actor.ref, at, None
    mail.save(update_fields=["state", "request", "sorted_by", "sorted_at", "sender_index", "reason", "files_left_out"])
    _record(mail, Event.MAIL_FILED if request is not None else Event.MAIL_DISCARDED, actor=actor, at=at)


@contextmanager
def _lock_to_destroy(mail: IncomingMail, *, at: datetime) -> Iterator[IncomingMail]:
    """Lock a draft that may be destroyed, in one transaction with what becomes of it.

    It is destroyed only after that has committed: nothing brings back what is gone. Raises WrongState, UnderHold.
    """
    with destruction_vetoes.lock_vetoes(), transaction.atomic():
        destruction_vetoes.refuse_if_vetoed([mail.id], [RIGHTS_REQUEST], at=at)
        yield _lock(mail)


def _is_return_of_ours(parsed: ParsedMail, *, actor: Actor, at: datetime) -> bool:
    """Whether a mail server reports that a mail of ours came back, which is noted then; a person's words are none."""
    if parsed.message.get_content_type() != "multipart/report":
        return False
    with suppress(RecursionError, ValueError, LookupError):
        found = record_bounces([parsed.message], actor=actor, at=at)
        return found.letters + found.notices > 0
    return False


def _lock(mail: IncomingMail) -> IncomingMail:
    row = IncomingMail.objects.select_for_update().get(id=mail.id)
    if row.state != State.DRAFT:
        raise WrongState(_("This was already sorted."))
    return row


def _words(mail: IncomingMail) -> Particulars:
    found = Particulars.objects.filter(about=Particulars.About.MAIL, about_id=mail.id).first()
    if found is None:
        raise ParticularsGone(_("This was already sorted, so what it said is no longer here."))
    return found


def _is_taken(file: Upload) -> bool:
    """Whether a file is one that can be kept; whether it is sound, its scan says."""
    try:
        recognise_upload(file[1])
    except InvalidUpload:
        return False
    return True
