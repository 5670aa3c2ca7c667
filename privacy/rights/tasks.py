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
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import mail
from privacy.policies import overdue_escalation
from privacy.rights import actions as rights
from privacy.rights import letters, opened_letters, reminders
from privacy.rights.actions.corrections import CORRECTED
from privacy.rights.actions.deletions import ORDERED
from privacy.rights.actions.letters import DELIVERY
from privacy.rights.actions.pickup_codes import DELIVERY as PICKUP_CODE
from privacy.rights.actions.pickup_codes import mailbox
from privacy.rights.models import Letter, Package, Request, Right
from privacy.rights.receivers import CHALLENGE_ANSWERED
from privacy.subjects import actions as subjects

WORKER = SystemActor("rights")
REMINDER = "rights.reminder"
log = logging.getLogger("portal.rights")
# An officer who carries something out is left alone for this long before the worker takes over.
RESUME_AFTER = timedelta(seconds=90)


def resume() -> int:
    """Finish what was begun and interrupted, and tidy up. Rings every minute."""
    at = clock.now()
    done = resume_interrupted(at=at)
    rights.remove_packages(actor=WORKER, at=at)
    rights.renew_packages(actor=WORKER, at=at)
    rights.sync_missed_closures(actor=WORKER, at=at)
    rights.destroy_leftover_documents(actor=WORKER, at=at)
    rights.destroy_leftover_evidence(actor=WORKER, at=at)
    rights.record_missing_particulars(actor=WORKER, at=at)
    subjects.index_contacts(actor=WORKER, at=at)
    subjects.delete_old_attempts(at=at)
    subjects.delete_old_codes(at=at)
    subjects.remove_ended_contacts(actor=WORKER, at=at)
    return done


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


@outbox.deliverer(PICKUP_CODE, destination=outbox.MAIL)
def deliver_pickup_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Draw a pick-up code and mail it to the person; a second try sends a new one, and only that opens the package."""
    package = Package.objects.select_related("right__request").get(id=ids["package"])
    if package.removed_at is not None or package.downloaded_at is not None:
        return
    case = package.right.request
    address = mailbox(case, actor=WORKER, at=at)
    if not address:
        raise outbox.RetryLater(60 * 60, "the person has no address that is not disputed")
    code = rights.draw_pickup_code(package, actor=WORKER, at=at)
    with override(case.language):
        subject = _("Your pick-up code for request %(number)s") % {"number": case.number}
    package.refresh_from_db()
    mail.send(
        to=address, subject=subject, template="rights_pickup_code", language=case.language,
        context={"case": case, "code": code, "until": package.expires_at}, message_id=f"pickup-code-{event}-{starts}",
    )  # fmt: skip


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
