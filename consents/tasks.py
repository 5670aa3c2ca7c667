"""What runs later: destroying what rested on an ended agreement, notices about advertising, counts for the charts."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from consents import actions as consents
from consents import destruction_status, destruction_words
from consents.actions import coming_of_age, destruction_notices, representatives
from consents.models import (
    AdvertisingNotice,
    AgeStatement,
    CurrentConsent,
    Decision,
    PlannedDestruction,
    RepresentativeRequest,
)
from consents.representatives.texts import texts_to_decide
from consents.told_notices import told_texts
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text, datetime_text
from privacy.lib.http.people_url import people_url
from privacy.lib.integrations import mail, text_messages
from privacy.policies import message_templates
from privacy.retention.refusals import OnHold
from privacy.subjects import contacts
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

ADVERTISING = SystemActor("advertising")
# A task ends within a minute; what is left is asked about on the next day.
TIME_LIMIT_SECONDS = 30
PUT_OFF_SECONDS = 30 * 60
# A message that the provider refused is handed over again, for the settings there or here may be wrong.
REFUSED_SECONDS = 6 * 60 * 60
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
    template = _tell_destruction(plan, word, addresses, event=event, at=at)
    destruction_notices.record_told(plan, word, template=template, actor=worker, at=at)


def _tell_destruction(
    plan: PlannedDestruction, word: str, addresses: list[tuple[Contact, str]], *, event: UUID, at: datetime
) -> str:
    """Mail what stands about a plan now to each address, in its language; return the version of the words."""
    now, person = destruction_status.as_it_is(plan, at=at), Subject.objects.get(pk=plan.subject_id)
    others = [destruction_status.as_it_is(other, at=at) for other in destruction_notices.others(plan, word)]
    may_agree = consents.refusal_to_agree(person, plan.decision.agreement) is None
    code = destruction_words.code_of(word, others=bool(others), is_blocked=now.is_blocked_by_case)
    words = message_templates.in_force(code)
    for contact, address in addresses:
        language = contact.language
        page = f"{people_url(language)}/consents/"
        with translation.override(language):
            values = destruction_words.values_of(
                word, now, others, may_agree=may_agree, page=page, language=language
            )  # fmt: skip
        words.send_mail(values, to=address, language=language, message_id=f"consent-ended-{event}-{contact.pk}")
    return words.version


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
    words = message_templates.in_force(f"consents.advertising-{notice.kind}")
    with translation.override(language):
        values = {
            "sender": _("Extrus Inc."),
            "agreement": notice.decision.version.spoken("title", language),
            "decision": notice.decision.get_choice_display(),
            "day": clock.kst_date(notice.decision.decided_at).isoformat(),
            "receipt": notice.decision.reference,
            "page": f"{people_url()}/consents/",
        }
    words.send_mail(values, to=address, language=language, message_id=consents.message_key(notice))
    sent_as = mail.fixed_message_id(consents.message_key(notice))
    consents.mark_sent(notice.id, message_id=sent_as, template=words.version, actor=ADVERTISING, at=at)


def _confirmed(answered: RepresentativeRequest) -> dict[str, str]:
    """Return what the confirmation of a consent for a child says, in the representative's language."""
    with translation.override(answered.language):
        told = {"day": date_text(clock.kst_date(answered.ended_at or answered.due_at))}
    return {**told, "reference": answered.reference, "page": f"{people_url(answered.language)}/consents/children/"}


@outbox.deliverer(representatives.ASK_TEXT, destination=outbox.TEXT_MESSAGES)
def text_representative(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Ask a child's legal representative by text message; nothing where the request has ended."""
    waiting = RepresentativeRequest.objects.open().filter(pk=ids["request"]).first()
    asked = consents.asked_contact(waiting, at=at) if waiting else None
    if waiting is None or asked is None:
        return
    words = message_templates.in_force("consents.representative-question-text")
    text = words.fill("text", _question(waiting, asked), language=waiting.language)
    if _text_representative(asked, " ".join(text.split()), key=f"asked-{event}"):
        consents.record_question_sent(waiting, template=words.version, at=at)


@outbox.deliverer(representatives.ASK_MAIL, destination=outbox.MAIL)
def mail_representative(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Ask a child's legal representative by e-mail, with every text; nothing where the request has ended."""
    waiting = RepresentativeRequest.objects.open().filter(pk=ids["request"]).first()
    asked = consents.asked_contact(waiting, at=at) if waiting else None
    if waiting is None or asked is None:
        return
    with translation.override(waiting.language):
        versions = texts_to_decide(Subject.objects.get(pk=waiting.subject_id), at=at)
        values = _question(waiting, asked) | {"texts": told_texts(versions)}
    words, message_id = message_templates.in_force("consents.representative-question-mail"), f"representative-{event}"
    words.send_mail(values, to=asked["contact"], language=waiting.language, message_id=message_id)
    consents.record_question_sent(waiting, template=words.version, at=at)


def _question(waiting: RepresentativeRequest, asked: Mapping[str, str]) -> dict[str, str]:
    """Return what the question to a child's representative says, in their language."""
    with translation.override(waiting.language):
        told = {"until": datetime_text(waiting.due_at)}
    page = f"{people_url(waiting.language)}/consents/representative/"
    code = consents.code_of(waiting)
    return {**told, "name": asked["name"], "code": code, "reference": waiting.reference, "page": page}


@outbox.deliverer(representatives.TOLD_TEXT, destination=outbox.TEXT_MESSAGES)
def text_confirmation(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a representative by text message that their consent was noted (Decree art. 17-2(1)1)."""
    answered = RepresentativeRequest.objects.untold().filter(pk=ids["request"]).first()
    asked = consents.asked_contact(answered, at=at) if answered else None
    if answered is None or asked is None:
        return
    words = message_templates.in_force("consents.representative-text")
    text = words.fill("text", _confirmed(answered), language=answered.language)
    if not _text_representative(asked, text, key=f"told-{event}"):
        # Their consent counts with this message, and the number is erased with it.
        raise outbox.RetryLater(REFUSED_SECONDS, "the provider does not take the message")
    consents.record_told(answered, template=words.version, at=at)


@outbox.deliverer(representatives.TOLD_MAIL, destination=outbox.MAIL)
def mail_confirmation(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a representative by e-mail that their consent was noted."""
    answered = RepresentativeRequest.objects.untold().filter(pk=ids["request"]).first()
    asked = consents.asked_contact(answered, at=at) if answered else None
    if answered is None or asked is None:
        return
    words, message_id = message_templates.in_force("consents.representative-mail"), f"representative-{event}"
    words.send_mail(_confirmed(answered), to=asked["contact"], language=answered.language, message_id=message_id)
    consents.record_told(answered, template=words.version, at=at)


def expire_requests() -> int:
    """End the requests to representatives that nobody answered in time, and remove their contacts; return how many."""
    return consents.expire_requests(at=clock.now())


def tell_of_age() -> int:
    """Tell who turned 14 that they decide alone from now on; return how many are told. Safe to run twice."""
    return consents.tell_of_age(on=clock.today(), actor=SystemActor("consents"), at=clock.now())


@outbox.deliverer(coming_of_age.TOLD, destination=outbox.MAIL)
def mail_of_age(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Write to each e-mail address on record of a person who turned 14; without one the device and the pages tell."""
    statement = AgeStatement.objects.get(pk=ids["statement"])
    told = list(Contact.objects.current().emails([statement.subject_id]))
    if told and len(contacts.held_back(told, at=at)) == len(told):
        raise outbox.RetryLater(PUT_OFF_SECONDS, "the address is disputed")
    task, worker = "consents.of-age.addressed", SystemActor("consents")
    try:
        with vault.opened(purpose=Purpose.LEGAL_DUTY, task=task, actor=worker, at=at, reason="C-12") as vault_session:
            addresses = [(row, str(value)) for row, value in vault_session.decrypt_many(told, "value")]
    except vault.Destroyed:
        return
    except vault.Frozen:
        raise outbox.RetryLater(PUT_OFF_SECONDS, "the data stands still until a representative has answered") from None
    words = message_templates.in_force("consents.of-age")
    for contact, address in addresses:
        root = people_url(contact.language)
        values = {"page": f"{root}/consents/", "rights_page": f"{root}/rights/"}
        words.send_mail(values, to=address, language=contact.language, message_id=f"of-age-{event}-{contact.pk}")


def _text_representative(asked: Mapping[str, str], text: str, *, key: str) -> bool:
    """Text a representative; return whether the provider took it. A number that it never takes is not tried again."""
    provider, number = text_messages.provider(), text_messages.mobile_number(asked["contact"])
    if provider is None:
        raise text_messages.ProviderUnavailable("no provider is set")
    if number is None:
        return False
    try:
        for place, part in enumerate(text_messages.parts_of(text)):
            provider.send(to=number, text=part, key=f"{key}-{place}")
    except text_messages.NotAccepted:
        return False
    return True


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
