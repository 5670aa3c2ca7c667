"""What runs later: destroying what rested on an ended agreement, notices about advertising, counts for the charts."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from consents import actions as consents
from consents import advertising, destruction_status
from consents.actions import destruction_notices
from consents.models import AdvertisingNotice, CurrentConsent, Decision, PlannedDestruction
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.retention.refusals import OnHold
from privacy.subjects import contacts
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

ADVERTISING = SystemActor("advertising")
# A task ends within a minute; what is left is asked about on the next day.
TIME_LIMIT_SECONDS = 30
PUT_OFF_SECONDS = 30 * 60
# So long before a destruction a disputed address is told after all: later its key may be gone, and nobody can stop it.
LAST_CALL = timedelta(hours=2)


@outbox.deliverer("consents.ended")
def end_collection(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Destroy what rested on the agreement that a decision ended, once its wait is over."""
    decision = Decision.objects.select_related("agreement").get(pk=ids["decision"])
    try:
        done = consents.end_collection(decision, actor=SystemActor("consents"), at=at)
    except consents.NotWaiting:
        return  # it was stopped; where it goes on, another delivery is queued
    except consents.TooEarly:
        raise outbox.RetryLater(60, "the wait is not over") from None
    except OnHold as hold:
        raise outbox.RetryLater(12 * 60 * 60, str(hold)) from None
    if not done:
        raise outbox.RetryLater(60, "another destruction is under way")


@outbox.deliverer(destruction_notices.NOTICE, destination=outbox.MAIL)
def tell_destruction(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell the person, at each e-mail address on record, what becomes of the data that a withdrawal destroys."""
    plans = PlannedDestruction.objects.select_related("decision__agreement", "decision__version")
    plan = plans.get(pk=ids["plan"])
    word = destruction_notices.word_now(plan, ids, at=at)
    told = contacts.told_of_destruction(plan.subject_id, at=at)
    if "contacts" in ids:
        told = [contact for contact in told if str(contact.pk) in ids["contacts"].split(",")]
    if word is None or not told:
        return
    if destruction_notices.is_flooded(plan, word, at=at):
        raise outbox.RetryLater(PUT_OFF_SECONDS, "enough mails about it were sent in this hour")
    held = contacts.held_back(told, at=at) if at < plan.due_at - LAST_CALL else []
    if len(held) == len(told):
        raise outbox.RetryLater(PUT_OFF_SECONDS, "the address is disputed")
    if held:
        destruction_notices.queue_for(held, ids, event=event)
        told = [contact for contact in told if contact not in held]
    task, worker = "consents.destruction.addressed", SystemActor("consents")
    try:
        with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=worker, at=at, reason="R-24") as vault_session:
            addresses = [(row, str(value)) for row, value in vault_session.decrypt_many(told, "value")]
    except vault.Destroyed:
        return
    for contact, address in addresses:
        message_id = f"consent-ended-{event}-{contact.pk}"
        _tell_destruction(plan, word, address, contact.language, at=at, message_id=message_id)
    destruction_notices.record_told(plan, word, actor=worker, at=at)


def _tell_destruction(
    plan: PlannedDestruction, word: str, address: str, language: str, *, at: datetime, message_id: str
) -> None:
    now, person = destruction_status.as_it_is(plan, at=at), Subject.objects.get(pk=plan.subject_id)
    others = [
        {"now": destruction_status.as_it_is(other, at=at), "title": other.decision.version.spoken("title", language)}
        for other in destruction_notices.others(plan, word)
    ]
    with translation.override(language):
        subject = _subject_of_destruction(word, is_one_of_several=bool(others), is_blocked=now.is_blocked_by_case)
        title = plan.decision.version.spoken("title", language)
    context = {
        "word": word,
        "now": now,
        "plan": plan,
        "decision": plan.decision,
        "title": title,
        "others": others,
        "may_agree": consents.refusal_to_agree(person, plan.decision.agreement) is None,
    }
    mail.send(
        to=address, subject=subject, template="consents_destruction", context=context, language=language,
        message_id=message_id,
    )  # fmt: skip


def _subject_of_destruction(word: str, *, is_one_of_several: bool, is_blocked: bool) -> str:
    if is_one_of_several and word in {destruction_notices.STOPPED, destruction_notices.AGREED_AGAIN}:
        return {
            destruction_notices.STOPPED: _("One destruction of your personal data was stopped, but another was not"),
            destruction_notices.AGREED_AGAIN: _("You agreed again, but another withdrawal still applies"),
        }[word]
    if is_blocked and word == destruction_notices.AGREED_AGAIN:
        return _("You agreed again, but your data stays blocked")
    return {
        destruction_notices.PLANNED: _("Your consent has ended, and your data is going to be destroyed"),
        destruction_notices.HELD: _("Your consent has ended, and the destruction of your data is on hold"),
        destruction_notices.UNDER_WAY: _("Your consent has ended, and your data is being destroyed"),
        destruction_notices.PARTLY: _("Your consent has ended, and part of your data was destroyed"),
        destruction_notices.DESTROYED: _("Your consent has ended, and your data was destroyed"),
        destruction_notices.STOPPED: _("The destruction of your personal data was stopped"),
        destruction_notices.AGREED_AGAIN: _("You agreed again, and your data is not destroyed"),
    }[word]


@outbox.deliverer("consents.advertising", destination=outbox.MAIL)
def send_notice(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send one notice about advertising consent by e-mail, once; one that came back is sent anew under another id."""
    notice = AdvertisingNotice.objects.select_related("decision__agreement", "decision__version").get(pk=ids["notice"])
    if notice.state in {AdvertisingNotice.State.SENT, AdvertisingNotice.State.DROPPED}:
        return
    # Whoever decided anew, or is not registered any more, is not asked about the earlier consent.
    asked = CurrentConsent.objects.of_registered().filter(decision=notice.decision)
    if notice.kind == AdvertisingNotice.Kind.CONFIRMATION and not asked.exists():
        consents.drop_notice(notice.id, actor=ADVERTISING, at=at)
        return
    if contacts.disputed([notice.subject_id], Contact.Kind.EMAIL, at=at):
        raise outbox.RetryLater(6 * 60 * 60, "the address is disputed")
    address = _address(notice, at=at)
    if address is None:
        consents.mark_unreachable(notice.id, actor=ADVERTISING, at=at)
        return
    language = notice.decision.language
    with translation.override(language):
        subject = (
            _("Your decision about advertising information")
            if notice.kind == AdvertisingNotice.Kind.RESULT
            else _("Does your consent to advertising information still apply?")
        )
        title = notice.decision.version.spoken("title", language)
    mail.send(
        to=address,
        subject=subject,
        template="advertising_notice",
        context={
            "notice": notice,
            "decision": notice.decision,
            "decided_on": clock.kst_date(notice.decision.decided_at),
            "title": title,
            "confirm_by": advertising.confirm_by(notice.decision),
        },
        language=language,
        message_id=consents.message_key(notice),
    )
    sent_as = mail.fixed_message_id(consents.message_key(notice))
    consents.mark_sent(notice.id, message_id=sent_as, actor=ADVERTISING, at=at)


def confirm_advertising() -> int:
    """Write to those who have an address since, and ask about consents whose years are nearly over; return how many."""
    at, today = clock.now(), clock.today()
    consents.retry_unreachable(actor=ADVERTISING, at=at)
    begun = time.monotonic()
    asked = slice_ = consents.queue_confirmations(on=today, actor=ADVERTISING, at=at)
    while slice_ and time.monotonic() - begun < TIME_LIMIT_SECONDS:
        slice_ = consents.queue_confirmations(on=today, actor=ADVERTISING, at=at)
        asked += slice_
    return asked


def close_stopped() -> int:
    """Close stopped destructions whose data was destroyed in another way; return how many."""
    return consents.close_stopped(actor=SystemActor("consents"), at=clock.now())


def count_decisions() -> int:
    """Count the decisions of the days that are over; return how many."""
    return consents.count_decisions(on=clock.today(), actor=SystemActor("statistics"), at=clock.now())


def _address(notice: AdvertisingNotice, *, at: datetime) -> str | None:
    contact = Contact.objects.current().emails([notice.subject_id]).first()
    if contact is None:
        return None
    task = "consents.notice.addressed"
    with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=ADVERTISING, at=at, reason="C-18") as vault_session:
        return str(vault_session.decrypt(contact, "value"))
