"""What runs later: answers to people, interrupted work, confirmations from devices. Safe to run twice."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import Actor, System
from privacy.lib import clock, mail
from privacy.lib.refusals import Refusal
from privacy.policies.models import Officer
from privacy.rights import actions as rights
from privacy.rights import answers, letters, reminders
from privacy.rights.actions.answering import DELIVERY
from privacy.rights.actions.correcting import TOLD
from privacy.rights.models import Letter, Request, Right
from privacy.rights.receivers import ANSWERED
from privacy.subjects import actions as subjects

WORKER = System("rights")
REMINDER = "rights.reminder"
DESIGNATED = "designated-officer"
log = logging.getLogger("portal.rights")
# An officer who carries something out is left alone for this long before the worker takes over.
PATIENCE = timedelta(seconds=90)


def resume() -> int:
    """Finish what was begun and interrupted, and tidy up. Rings every minute."""
    at = clock.now()
    done = resume_interrupted(at=at)
    rights.remove_packages(actor=WORKER, at=at)
    rights.destroy_left(actor=WORKER, at=at)
    rights.note_missing_words(actor=WORKER, at=at)
    subjects.forget_tries(at=at)
    return done


def resume_interrupted(*, at: datetime, patience: timedelta = PATIENCE) -> int:
    """Go on with every right that was begun and not closed; one that is refused waits for the next ring."""
    done = 0
    for right in Right.objects.interrupted().filter(started_at__lte=at - patience).order_by("started_at")[:50]:
        try:
            rights.go_on(right, actor=WORKER, at=at)
        except Refusal as refusal:
            log.warning("right %s waits: %s", right.id, refusal.code)
        else:
            done += 1
    return done


def remind() -> int:
    """Remind those who decide, once a day, of what is due soon, overdue or stuck. Rings every morning."""
    return remind_on(clock.today())


def remind_on(on: date) -> int:
    """Queue one reminder for each officer and day; the designated officer hears of what is overdue."""
    found = reminders.pressing(on=on)
    if not found:
        return 0
    told = [user.reference for user in User.objects.filter(is_active=True) if user.may("rights.decide_request")]
    if found.overdue:
        told.append(DESIGNATED)
    for reader in told:
        outbox.put(REMINDER, ids={"on": on.isoformat(), "to": reader}, key=f"{REMINDER}:{on}:{reader}")
    return len(told)


@outbox.deliverer(REMINDER, patience=outbox.OUTWARD)
def deliver_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one officer's reminder: numbers of cases, counts, and where to look."""
    on = date.fromisoformat(ids["on"])
    mailbox = _mailbox(ids["to"], on=on)
    if not mailbox:
        return
    with override("ko"):
        subject = _("Deadlines of the privacy office, %(day)s") % {"day": on.isoformat()}
    mail.send(
        to=mailbox,
        subject=subject,
        template="rights_reminder",
        context={"pressing": reminders.pressing(on=on), "on": on},
        language="ko",
        message_id=f"reminder-{event}",
    )


def _mailbox(reader: str, *, on: date) -> str:
    """Return where a reminder goes; nowhere for an officer who was designated without an address."""
    if reader == DESIGNATED:
        officer = Officer.objects.on(on)
        return officer.email if officer is not None else ""
    return User.objects.filter(reference=reader, is_active=True).values_list("email", flat=True).first() or ""


@outbox.deliverer(TOLD)
def deliver_told(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """See to it that a changed value is closed with its notices: the personal database's own reminder (P1.6)."""
    right = Right.objects.get(id=ids["right"])
    if right.carried_out_at is None:
        if right.started_at is not None and right.started_at > at - PATIENCE and starts == 1:
            raise outbox.Later(PATIENCE.total_seconds(), "the officer is at it")
        rights.go_on(right, actor=WORKER, at=at)


@outbox.deliverer(ANSWERED)
def deliver_answered(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Verify a case whose device has confirmed that the requester holds it (law R-06)."""
    case = Request.objects.filter(reference=ids["case"]).first()
    if case is None or case.state not in Request.BEFORE_IDENTITY:
        return
    if case.requester == Request.Requester.SELF and rights.confirmed_by_device(case):
        rights.verify(case, method=Request.IdentityMethod.DEVICE, actor=System("challenge"), at=at)


def park_letter(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the officer an answer that three days of trying did not deliver; the statutory term does not wait."""
    rights.park_letter(Letter.objects.get(id=ids["letter"]), why=why, actor=WORKER, at=at)


@outbox.deliverer(DELIVERY, patience=outbox.OUTWARD, parked=park_letter)
def deliver_letter(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one answer by e-mail, with the PDF in both languages and the same Message-ID at every try."""
    letter = Letter.objects.select_related("request").get(id=ids["letter"])
    if letter.state != Letter.State.QUEUED:
        return
    try:
        _send(letter, actor=WORKER, at=at)
    except Exception as error:
        why = type(error).__name__
        if isinstance(error, answers.NoMailbox):
            rights.park_letter(letter, why=why, actor=WORKER, at=at)
            return
        rights.note_letter_trouble(letter, why=why)
        raise
    rights.mark_letter_sent(letter, actor=WORKER, at=at)


def _send(letter: Letter, *, actor: Actor, at: datetime) -> None:
    case = letter.request
    answer = answers.open_answer(letter, task="rights.letter.sent", actor=actor, at=at)
    if not answer.email:
        raise answers.NoMailbox
    written = letters.paper(letter, language=case.language, to=answer.name, explanations=answer.explanations)
    with override(case.language):
        subject = letters.subject(letter)
    mail.send(
        to=answer.email,
        subject=subject,
        template="rights_letter",
        context={"paper": written, "letter": letter},
        language=case.language,
        message_id=letter.message_id,
        attachments=[
            (
                f"{letter.reference}-{language}.pdf",
                letters.document(letter, language=language, at=at, to=answer.name, explanations=answer.explanations),
                "application/pdf",
            )
            for language in ("ko", "en")
        ],
    )
