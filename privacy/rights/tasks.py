"""What runs later: answers to people, interrupted work, confirmations from devices. Safe to run twice."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import Actor, SystemActor
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import mail, text_messages
from privacy.policies import message_templates, overdue_escalation
from privacy.rights import actions as rights
from privacy.rights import inbox, letters, locks, opened_letters, reminders, standing_texts
from privacy.rights.actions.corrections import CORRECTED
from privacy.rights.actions.deletions import ORDERED
from privacy.rights.actions.letters import DELIVERY
from privacy.rights.actions.messages import DELIVERY as MESSAGE
from privacy.rights.actions.pickup_codes import BY_TEXT as PICKUP_CODE_BY_TEXT
from privacy.rights.actions.pickup_codes import DELIVERY as PICKUP_CODE
from privacy.rights.actions.text_announcements import LETTER_BY_TEXT, MESSAGE_BY_TEXT, addresses
from privacy.rights.models import CaseMessage, Letter, Package, Request, Right
from privacy.rights.receivers import CHALLENGE_ANSWERED
from privacy.rights.reply_addresses import reply_address
from privacy.rights.text_announcements import Announcement, announce
from privacy.subjects import actions as subjects

WORKER = SystemActor("rights")
INBOX = SystemActor("inbox")
REMINDER = "rights.reminder"
log = logging.getLogger("portal.rights")
# An officer who carries something out is left alone for this long before the worker takes over.
RESUME_AFTER = timedelta(seconds=90)
TEXT = CaseMessage.Channel.TEXT


def resume() -> int:
    """Finish what was begun and interrupted, and tidy up. Rings every minute."""
    at = clock.now()
    done = resume_interrupted(at=at)
    rights.tell_what_is_due_first(actor=WORKER, at=at)
    rights.remove_packages(actor=WORKER, at=at)
    rights.renew_packages(actor=WORKER, at=at)
    rights.sync_missed_closures(actor=WORKER, at=at)
    rights.destroy_leftover_documents(actor=WORKER, at=at)
    rights.destroy_leftover_evidence(actor=WORKER, at=at)
    rights.destroy_sorted_drafts(actor=WORKER, at=at)
    rights.forget_numbers()
    rights.record_missing_particulars(actor=WORKER, at=at)
    subjects.index_contacts(actor=WORKER, at=at)
    subjects.delete_old_attempts(at=at)
    subjects.delete_old_codes(at=at)
    subjects.remove_ended_contacts(actor=WORKER, at=at)
    return done


def read_inbox() -> int:
    """Take the mails that came to the office. Rings every minute; one reads at a time."""
    configured = inbox.configured_inbox()
    if configured is None:
        return 0
    with locks.inbox() as alone:
        if not alone:
            return 0
        try:
            return inbox.read_inbox(configured, actor=INBOX, now=clock.now)
        except inbox.NO_ANSWER as error:
            # What the server says may name the account; the kind of error is enough.
            log.error("the office's mailbox can't be read: %s", type(error).__name__)
            return 0


def read_texts() -> int:
    """Take what people wrote to the number that text messages come from. Rings every minute; one asks at a time."""
    provider = text_messages.provider()
    if provider is None:
        return 0
    with locks.texts() as alone:
        if not alone:
            return 0
        try:
            return inbox.read_texts(provider, actor=INBOX, now=clock.now)
        except text_messages.ProviderUnavailable as error:
            log.error("what people wrote by text message can't be read: %s", error)
            return 0


def resume_interrupted(*, at: datetime, patience: timedelta = RESUME_AFTER) -> int:
    """Go on with the rights that were begun and not closed, what was tried longest ago first; none stops another."""
    done = 0
    for right in Right.objects.interrupted(at=at).filter(started_at__lte=at - patience)[:50]:
        try:
            rights.continue_execution(right, actor=WORKER, at=at)
        except Refusal as refusal:
            log.warning("right %s waits: %s", right.id, refusal.code)
        except Exception:
            # A right that fails in a way nobody thought of keeps no other from going on.
            log.exception("right %s can't go on", right.id)
        else:
            done += 1
    return done


def remind() -> int:
    """Remind those who decide, once a day, of what is due soon, overdue or stuck. Rings every morning."""
    return remind_on(clock.today())


def remind_on(on: date) -> int:
    """Queue one reminder for each reader and day; what is overdue goes up to who answers for it."""
    found = reminders.daily_reminder(on=on)
    if not found:
        return 0
    told = {user.reference for user in User.objects.filter(is_active=True) if user.may("rights.decide_request")}
    if found.overdue:
        told |= set(overdue_escalation.overdue_notice_recipients(on, have=(case.assigned_to for case in found.overdue)))
    for reader in sorted(told):
        outbox.enqueue(REMINDER, ids={"on": on.isoformat(), "to": reader}, key=f"{REMINDER}:{on}:{reader}")
    return len(told)


@outbox.deliverer(REMINDER, destination=outbox.MAIL)
def deliver_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one officer's reminder: numbers of cases, counts, and where to look; nothing where nothing presses now."""
    on = date.fromisoformat(ids["on"])
    mailbox, found = overdue_escalation.email_address(ids["to"], on=on), reminders.daily_reminder(on=on)
    if not mailbox or not found:
        return
    with override("ko"):
        subject = _("Deadlines of the privacy office, %(day)s") % {"day": on.isoformat()}
    mail.send(
        to=mailbox,
        subject=subject,
        template="rights_reminder",
        context={"pressing": found, "on": on},
        language="ko",
        message_id=f"reminder-{event}",
    )


@outbox.deliverer(CORRECTED)
def close_correction(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """See to it that a changed value is closed with its notices: the personal database's own reminder (P1.6)."""
    right = Right.objects.get(id=ids["right"])
    if right.carried_out_at is None:
        if right.started_at is not None and right.started_at > at - RESUME_AFTER and starts == 1:
            raise outbox.RetryLater(RESUME_AFTER.total_seconds(), "the officer is at it")
        rights.continue_execution(right, actor=WORKER, at=at)


@outbox.deliverer(ORDERED)
def carry_out_deletion(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Destroy what an officer released; what keeps it waiting is kept with the right, and it is tried again later."""
    right = Right.objects.get(id=ids["right"])
    if right.carried_out_at is None:
        with suppress(Refusal):
            rights.continue_execution(right, actor=WORKER, at=at)


def park_code(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Say on the case that three days of trying mailed no code."""
    _code_not_taken(ids, why, "email", at=at)


@outbox.deliverer(PICKUP_CODE, destination=outbox.MAIL, parked=park_code)
def deliver_pickup_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Mail a pick-up code to the person; a second try sends a new one, and only the last that was taken opens it."""
    package = Package.objects.select_related("right__request").get(id=ids["package"])
    if not rights.is_still_asked(package, ids):
        return
    address = rights.address_of_code(package, PICKUP_CODE, ids, actor=WORKER, at=at)
    if not address:
        raise outbox.RetryLater(60 * 60, "the person has no address that is not disputed")
    words, sent = message_templates.in_force("rights.pickup-code"), rights.new_code(at=at)
    case = package.right.request
    words.send_mail(
        _telling(case, sent), to=address, language=case.language, message_id=f"pickup-code-{event}-{starts}"
    )  # fmt: skip
    rights.keep_sent_code(package, sent, ids, template=words.version, actor=WORKER, at=at)


def park_code_text(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Say the same where it was tried by text message."""
    _code_not_taken(ids, why, "text", at=at)


@outbox.deliverer(PICKUP_CODE_BY_TEXT, destination=outbox.TEXT_MESSAGES, parked=park_code_text)
def text_pickup_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Text a pick-up code to the person; it opens the package when the provider has taken it.

    Where the provider takes no such message, or no number is left to which it may go, the case says so.
    """
    package = Package.objects.select_related("right__request").get(id=ids["package"])
    if not rights.is_still_asked(package, ids):
        return
    provider, case = text_messages.provider(), package.right.request
    if provider is None:
        raise text_messages.ProviderUnavailable("no provider is set")
    number = rights.address_of_code(package, PICKUP_CODE_BY_TEXT, ids, actor=WORKER, at=at)
    if not number:
        _code_not_taken(ids, "no number", "text", at=at)
        return
    words, sent = message_templates.in_force("rights.pickup-code-text"), rights.new_code(at=at)
    text = text_messages.plain(words.fill("text", _telling(case, sent), language=case.language))
    try:
        provider.send(to=number, text=text, key=f"pickup-code-{event}-{starts}")
    except text_messages.NotAccepted as refused:
        _code_not_taken(ids, str(refused), "text", at=at)
    else:
        rights.keep_sent_code(package, sent, ids, template=words.version, actor=WORKER, at=at)


def _code_not_taken(ids: Mapping[str, str], why: str, channel: str, *, at: datetime) -> None:
    package = Package.objects.select_related("right__request").get(id=ids["package"])
    rights.mark_code_not_taken(package, why=why, channel=channel, actor=WORKER, at=at)


def _telling(case: Request, sent: rights.NewCode) -> dict[str, str]:
    """Return what the message that takes a code to the person says, in their language."""
    with override(case.language):
        return _about(case) | {"code": sent.code, "until": datetime_text(sent.until)}


def park_message(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Say on the case that three days of trying did not tell the requester of a message."""
    rights.mark_untold(CaseMessage.objects.get(id=ids["message"]), why=why, actor=WORKER, at=at)


@outbox.deliverer(MESSAGE, destination=outbox.MAIL, parked=park_message)
def announce_message(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell the requester by e-mail that a message is on the status page; of what it says, nothing is in the mail.

    Who gave no e-mail address but a mobile number is told by text message, where those are sent.
    """
    message = CaseMessage.objects.select_related("request").get(id=ids["message"])
    # With trouble: its mail was given up before, and a text message has followed it.
    if message.state != CaseMessage.State.POSTED or message.trouble:
        return
    case = message.request
    address, number = addresses(case, task="rights.message.addressed", actor=WORKER, at=at)
    if not address:
        if number and text_messages.are_sent():
            rights.queue_text(message, since=message.written_at)
        return
    words = message_templates.in_force("rights.message-mail")
    reply_to = reply_address(case)
    with override(case.language):
        values = _about(case) | {"replies": standing_texts.may_reply() if reply_to else ""}
    words.send_mail(
        values, to=address, language=case.language, message_id=message.message_id, reply_to=reply_to
    )  # fmt: skip
    rights.mark_told(message, template=words.version, actor=WORKER, at=at)


def _about(case: Request) -> dict[str, str]:
    return {"number": case.number, "page": standing_texts.status_page()}


def park_text(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Say the same where it was tried by text message."""
    message = CaseMessage.objects.get(id=ids["message"])
    rights.mark_untold(message, why=why, channel=TEXT, actor=WORKER, at=at)


@outbox.deliverer(MESSAGE_BY_TEXT, destination=outbox.TEXT_MESSAGES, parked=park_text)
def text_message(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell the requester by text message that a message is on the status page; it counts once it is on the phone."""
    message = CaseMessage.objects.select_related("request").get(id=ids["message"])
    if message.state != CaseMessage.State.POSTED:
        return
    since, task = datetime.fromisoformat(ids["since"]), "rights.message.addressed"

    def told(_arrived: datetime) -> None:
        rights.mark_texted(message, actor=WORKER, at=at)

    def untold(why: str) -> None:
        rights.mark_untold(message, why=why, channel=TEXT, actor=WORKER, at=at)

    announce(Announcement(message, since, task, told, untold), actor=WORKER, at=at)


def park_letter_text(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the officer an answer that three days of trying did not announce by text message."""
    rights.park_text(Letter.objects.get(id=ids["letter"]), why=why, actor=WORKER, at=at)


@outbox.deliverer(LETTER_BY_TEXT, destination=outbox.TEXT_MESSAGES, parked=park_letter_text)
def text_letter(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell the requester by text message that an answer is on the status page: it is given when that is on the phone.

    Also where a mail with the answer came back, or was given up.
    """
    letter = Letter.objects.select_related("request").get(id=ids["letter"])
    if letter.state != Letter.State.TO_TEXT:
        return

    def told(arrived: datetime) -> None:
        rights.mark_letter_texted(letter, arrived_at=arrived, actor=WORKER, at=at)

    def untold(why: str) -> None:
        rights.park_text(letter, why=why, actor=WORKER, at=at)

    since, task = datetime.fromisoformat(ids["since"]), "rights.letter.addressed"
    announce(Announcement(letter, since, task, told, untold), actor=WORKER, at=at)


@outbox.deliverer(CHALLENGE_ANSWERED)
def verify_by_device(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Verify a case whose device has confirmed that the requester holds it (law R-06).

    Where the office has asked for a document, or somebody acts for another, the office decides what is still needed.
    """
    case = Request.objects.filter(reference=ids["case"]).first()
    if case is None or case.state not in Request.BEFORE_IDENTITY or case.evidence_asked_at is not None:
        return
    if case.requester == Request.Requester.SELF and rights.confirmed_by_device(case):
        rights.verify(case, method=Request.IdentityMethod.DEVICE, actor=SystemActor("challenge"), at=at)


def park_letter(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the officer an answer that three days of trying did not deliver; the statutory term does not wait."""
    rights.park_letter(Letter.objects.get(id=ids["letter"]), why=why, actor=WORKER, at=at)


@outbox.deliverer(DELIVERY, destination=outbox.MAIL, parked=park_letter)
def deliver_letter(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one answer by e-mail, with the PDF in both languages and the same Message-ID at every try."""
    letter = Letter.objects.select_related("request").get(id=ids["letter"])
    if letter.state != Letter.State.QUEUED:
        return
    try:
        _send(letter, actor=WORKER, at=at)
    except Exception as error:
        why = type(error).__name__
        if isinstance(error, opened_letters.NoEmailAddress):
            rights.park_letter(letter, why=why, actor=WORKER, at=at)
            return
        rights.record_letter_error(letter, why=why)
        raise
    rights.mark_letter_sent(letter, actor=WORKER, at=at)


def _send(letter: Letter, *, actor: Actor, at: datetime) -> None:
    answer = opened_letters.open_letter(letter, task="rights.letter.sent", actor=actor, at=at)
    if not answer.email:
        raise opened_letters.NoEmailAddress
    mail.send(
        to=answer.email,
        **opened_letters.mail_of(letter, answer),
        message_id=letter.message_id,
        reply_to=reply_address(letter.request),
        attachments=[
            (
                f"{letter.reference}-{language}.pdf",
                letters.render_pdf(
                    letter, language=language, at=at, to=answer.name, explanations=answer.explanations, actor=actor
                ),
                "application/pdf",
            )
            for language in ("ko", "en")
        ],
    )
