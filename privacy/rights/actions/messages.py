"""Messages on a case: the requester writes, the office answers; both read them on pages, no mail or text carries words.

The words are sealed under the case and go with it; so is an attachment, which waits for its scan like any document.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.documents.upload_validation import InvalidUpload, recognise_upload
from privacy.lib.http import form_submissions
from privacy.lib.identifiers.ids import new_id
from privacy.lib.integrations import mail, text_messages
from privacy.policies import rulebook
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.rights.actions.cases import lock_case, record
from privacy.rights.actions.identity_documents import OpenedDocument, open_files
from privacy.rights.actions.letters import sync_particulars_closure
from privacy.rights.actions.notes import seal_note
from privacy.rights.actions.objection_evidence import Upload
from privacy.rights.actions.particulars import seal_words
from privacy.rights.actions.text_announcements import WRITABLE, queue_text
from privacy.rights.events import Event
from privacy.rights.models import CaseMessage, Particulars, Request
from privacy.rights.models.messages import CaseMessageQuerySet
from privacy.rights.refusals import NothingAsked, WrongState
from privacy.subjects import actions as subjects
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, EncryptedFileQuerySet
from privacy.vault.purposes import Purpose

DELIVERY = "rights.message"
SUFFIX = "/message"
# Of what is typed on a page; a mail is as long as its reader allows.
LONGEST = 4000
READ = "rights.message.read"
ANSWER_DAYS = "rights.message.answer.days"
Channel = CaseMessage.Channel
ABOUT = {CaseMessage.Author.PERSON: Particulars.About.MESSAGE, CaseMessage.Author.OFFICE: Particulars.About.REPLY}


@dataclass(frozen=True)
class OpenedMessage:
    """One message in clear. ``text`` is None where its words are gone."""

    message: CaseMessage
    text: str | None
    files: int


def write_message(
    request: Request,
    *,
    text: str,
    attachments: Iterable[Upload] = (),
    channel: str = CaseMessage.Channel.PORTAL,
    written_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> CaseMessage:
    """Keep what a requester wrote, with files (name and content), until the office answers.

    ``written_at``: when it came, where that is earlier; it is answered by a day counted from then.
    Raises NothingAsked, WrongState once the case is over, InvalidUpload, and TooManyAttempts where a case's page has
    sent as many within an hour as ``door.requests.hourly`` allows.
    """
    words, files = _words(text), list(attachments)
    for _name, content in files:
        recognise_upload(content)
    with transaction.atomic():
        case = lock_case(request)
        must_take_messages(case)
        if channel == CaseMessage.Channel.PORTAL:
            must_be_below_limit(case, channel, at=at)
        came_at = written_at or at
        day = clock.kst_date(came_at)
        made = _add(
            case,
            author=CaseMessage.Author.PERSON,
            channel=channel,
            state=CaseMessage.State.WAITING,
            answer_by_on=periods.answer_due(day, days=rulebook.parameter(ANSWER_DAYS, day)),
            written_by=actor.ref,
            written_at=came_at,
        )
        facts = {"message": made.number, "channel": channel, **({"documents": len(files)} if files else {})}
        record(case, Event.MESSAGE_RECEIVED, actor=actor, at=at, facts=facts)
        _seal(case, made, words, at=at)
        for name, content in files:
            vault.receive_file(
                subject_id=case.holder_id, category=RIGHTS_REQUEST, case=files_reference(made, case), name=name,
                content=content, actor=actor, at=at,
            )  # fmt: skip
    return made


def must_take_messages(case: Request) -> None:
    """Raise WrongState where a case is over."""
    if case.state not in WRITABLE:
        raise WrongState(_("This request is over, so nothing can be added to it. Make a new request, or call us."))


def answer_messages(
    request: Request, *, text: str, newest: int | None = None, submission: str = "", actor: Actor, at: datetime
) -> CaseMessage:  # fmt: skip
    """Write to the requester; whatever waits for an answer has one. A mail or text says that it is there, no more.

    ``newest``: the number of the newest message that was shown; what came later goes on waiting.
    ``submission`` is the sender's own mark: sent again with the same words, the same message comes back.
    A case that is over is written to only while a message in it waits. Raises NothingAsked, WrongState.
    """
    require_permission(actor, "rights.open_particulars", about=request)
    words = _words(text)
    with transaction.atomic():
        case = lock_case(request)
        identifier = _marked_id(case, submission, words) if submission else new_id()
        if (known := case.messages.filter(id=identifier).first()) is not None:
            return known
        waiting = _waiting(case, newest)
        if case.state not in WRITABLE and not waiting.exists():
            raise WrongState(_("This case is over, and no message in it waits for an answer."))
        made = _add(
            case,
            id=identifier,
            author=CaseMessage.Author.OFFICE,
            channel=CaseMessage.Channel.PORTAL,
            state=CaseMessage.State.POSTED,
            written_by=actor.ref,
            written_at=at,
        )
        waiting.update(state=CaseMessage.State.ANSWERED, settled_at=at, settled_by=actor.ref)
        record(case, Event.MESSAGE_WRITTEN, actor=actor, at=at, facts={"message": made.number})
        # A sending that died between the two databases left the same words under the same mark.
        if not (submission and Particulars.objects.filter(about_id=made.id).exists()):
            _seal(case, made, words, at=at)
        outbox.enqueue(DELIVERY, ids={"message": str(made.id)}, key=f"{DELIVERY}:{made.id}", shard=case.reference)
    sync_particulars_closure(case.id)
    return made


def settle_messages(
    request: Request, *, reason: str, newest: int | None = None, actor: Actor, at: datetime
) -> int:  # fmt: skip
    """Note why what waits in a case needs no answer; the reason is a note on the case. Returns how many waited.

    ``newest`` as for an answer.
    Raises NothingAsked, WrongState where none waits.
    """
    require_permission(actor, "rights.open_particulars", about=request)
    if not reason.strip():
        raise NothingAsked(_("State why no answer is needed."), pointer="/reason")
    with transaction.atomic():
        case = lock_case(request)
        count = _waiting(case, newest).update(state=CaseMessage.State.NEEDS_NONE, settled_at=at, settled_by=actor.ref)
        if not count:
            raise WrongState(_("No message of this case waits for an answer."))
        record(case, Event.MESSAGE_SETTLED, actor=actor, at=at, facts={"messages": count})
        seal_note(case, reason, actor=actor, at=at)
    sync_particulars_closure(case.id)
    return count


def read_messages(case: Request, *, task: str = READ, actor: Actor, at: datetime) -> list[OpenedMessage]:
    """Open the messages of a case, oldest first, on one access record; nothing is opened where there are none.

    A member of staff needs the permission; the requester sees their own case.
    """
    if actor.kind == "user":
        require_permission(actor, "rights.open_particulars", about=case)
    found = list(case.messages.all())
    written = list(Particulars.objects.filter(about__in=ABOUT.values(), about_id__in=[one.id for one in found]))
    texts: dict[UUID, str] = {}
    if written:
        try:
            with vault.opened(
                purpose=Purpose.RIGHTS, task=task, actor=actor, at=at, reason=f"request {case.number}"
            ) as vault_session:
                texts = {one.about_id: text for one, text in vault_session.decrypt_many(written, "explanation")}
        except vault.Destroyed:
            texts = {}  # their term is over; that there were messages stays with the case
    return [OpenedMessage(one, texts.get(one.id), files_of(one).count()) for one in found]


def open_attachments(case: Request, *, actor: Actor, at: datetime) -> list[OpenedDocument]:
    """Open what came with the messages of a case, oldest first, on record. Raises InvalidUpload where there is none."""
    require_permission(actor, "rights.open_particulars", about=case)
    held = list(attachments(case))
    if not held:
        raise InvalidUpload(_("No document came with the messages of this case."))
    return open_files(held, case, task=READ, actor=actor, at=at)


def attachments(case: Request) -> EncryptedFileQuerySet:
    """Return what came with all messages of a case, oldest first."""
    names = [files_reference(one, case) for one in case.messages.all()]
    return EncryptedFile.objects.filter(case__in=names).order_by("stored_at")


def files_of(message: CaseMessage) -> EncryptedFileQuerySet:
    """Return what came with one message."""
    return EncryptedFile.objects.filter(case=files_reference(message, message.request)).order_by("stored_at")


def files_reference(message: CaseMessage, case: Request) -> str:
    """Return the name under which what came with a message is kept: no message that never came to be has the same."""
    return f"{case.reference}{SUFFIX}/{message.id.hex}"


def mark_texted(message: CaseMessage, *, actor: Actor, at: datetime) -> bool:
    """Note that the text message that announces a message is on the phone; returns whether that was new."""
    return _told(message, CaseMessage.State.TEXTED, why="", channel=Channel.TEXT, actor=actor, at=at)


def mark_told(message: CaseMessage, *, template: str = "", actor: Actor, at: datetime) -> bool:
    """Note that the mail that announces a message has gone out, in a template's words; returns whether that was new."""
    return _told(message, CaseMessage.State.TOLD, why="", channel=Channel.EMAIL, template=template, actor=actor, at=at)


def mark_untold(
    message: CaseMessage, *, why: str, channel: str = Channel.EMAIL, actor: Actor, at: datetime
) -> bool:  # fmt: skip
    """Note that the mail or text that announces a message told nobody; returns whether that was new."""
    return _told(message, CaseMessage.State.UNTOLD, why=why, channel=channel, actor=actor, at=at)


def new_message_id(message: CaseMessage) -> str:
    """Return the Message-ID of the mail that announces a message."""
    return mail.fixed_message_id(f"message-{message.id}")


@transaction.atomic
def _told(
    message: CaseMessage, state: str, *, why: str, channel: str, template: str = "", actor: Actor, at: datetime
) -> bool:  # fmt: skip
    case = lock_case(message.request_id)
    row = CaseMessage.objects.select_for_update().get(id=message.id)
    if row.author != CaseMessage.Author.OFFICE or not _is_open_to(row, channel, state):
        return False
    untold, by_mail = state == CaseMessage.State.UNTOLD, row.trouble
    row.state, row.trouble, row.announced_with = state, why[:120], template or row.announced_with
    if untold and channel == Channel.EMAIL and text_messages.are_sent():
        # Only where neither told the requester does the office have to.
        row.state = CaseMessage.State.POSTED
        queue_text(row, since=at)
    elif untold and by_mail:
        row.trouble = f"{by_mail}; {why}"[:120]
    row.save(update_fields=["state", "trouble", "announced_with"])
    event = Event.MESSAGE_UNTOLD if untold else Event.MESSAGE_TOLD
    facts = {"message": row.number, "channel": str(channel), **({"why": why[:120]} if why else {})}
    if not untold and row.announced_with:
        facts["template"] = row.announced_with
    record(case, event, actor=actor, at=at, facts=facts)
    return True


def _is_open_to(row: CaseMessage, channel: str, state: str) -> bool:
    """Whether what is said of an announcement can be: a mail that failed is followed by a text message, nothing more.

    ``trouble`` of a message that nobody was told of is why its mail failed.
    """
    if channel == Channel.TEXT:
        return row.state == CaseMessage.State.POSTED
    waits = row.state == CaseMessage.State.POSTED and not row.trouble
    return waits or (row.state == CaseMessage.State.TOLD and state == CaseMessage.State.UNTOLD)


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise NothingAsked(_("Write your message."), pointer="/text")
    return words


def _marked_id(case: Request, submission: str, words: str) -> UUID:
    """Return the id that a mark gives a message, bound to case and words; nobody can tell it from a random one."""
    bound = form_submissions.bind_nonce("rights.message", submission, [case.reference, words])
    return UUID(hex=bound[:32], version=4)


def _waiting(case: Request, newest: int | None) -> CaseMessageQuerySet:
    waiting = case.messages.waiting()
    return waiting if newest is None else waiting.filter(number__lte=newest)


def must_be_below_limit(case: Request, channel: str, *, at: datetime) -> None:
    """Count what came onto a case by a channel in the last hour. Raises TooManyAttempts."""
    sent = case.messages.filter(author=CaseMessage.Author.PERSON, channel=channel)
    subjects.require_below_limit(
        "messages",
        case.id.bytes,
        done_since=lambda since: sent.filter(written_at__gt=since).count(),
        limit="door.requests.hourly",
        refusal=_("Too many messages came with this request in the last hour. Try again later, or call us."),
        at=at,
    )


def _add(case: Request, **values: object) -> CaseMessage:
    """Add a message to a locked case."""
    last = case.messages.order_by("-number").values_list("number", flat=True).first() or 0
    made = CaseMessage(request=case, number=last + 1, **values)
    made.message_id = new_message_id(made) if made.author == CaseMessage.Author.OFFICE else ""
    made.save(force_insert=True)
    return made


def _seal(case: Request, message: CaseMessage, words: str, *, at: datetime) -> None:
    about = ABOUT[CaseMessage.Author(message.author)]
    seal_words(case, about, message.id, {"explanation": words}, received_on=clock.kst_date(at), at=at)
