"""What runs later about contacts: the code that proves one, and the word to one that ended. Safe to run twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.lib.http.people_url import people_url
from privacy.lib.integrations import text_messages
from privacy.policies import message_templates, rulebook
from privacy.policies.message_templates import Wording
from privacy.subjects import actions as subjects
from privacy.subjects import contacts
from privacy.subjects.actions.contact_codes import CODE_HOURS
from privacy.subjects.actions.contacts import CHANGE_MAIL, CHANGE_TEXT, CODE_MAIL, CODE_TEXT
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

WORKER = SystemActor("contacts")
PUT_OFF_SECONDS = 30 * 60


@outbox.deliverer(CODE_MAIL, destination=outbox.MAIL)
def mail_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Mail a contact the code that proves it; nothing where it ended or is proven."""
    contact = _unproven(ids)
    if contact is None or (address := _address(contact, at=at)) is None:
        return
    words = message_templates.in_force("subjects.code-mail")
    values = _code(contact, words.version, event=event, at=at)
    _send(contact, address, words, values, message_id=f"contact-{event}")


@outbox.deliverer(CHANGE_MAIL, destination=outbox.MAIL)
def tell_change(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a contact that ended, once, that it gets nothing more."""
    contact = _untold(ids)
    if contact is None or (address := _address(contact, at=at)) is None:
        return
    words = message_templates.in_force(f"subjects.{'replaced' if contact.is_replaced else 'removed'}-mail")
    with override(contact.language):
        still = _("For some time, we still tell it if the data is going to be destroyed.")
    values = {"still_told": still if contact.verified_at is not None else ""}
    _send(contact, address, words, values, message_id=f"contact-{event}")
    subjects.end_change_notice(contact, template=words.version, actor=WORKER, at=at)


@outbox.deliverer(CODE_TEXT, destination=outbox.TEXT_MESSAGES)
def text_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Text a mobile number the code that proves it; nothing where it ended, is proven or receives no texts."""
    contact = _unproven(ids)
    if contact is None or (number := _mobile(contact, at=at)) is None:
        return
    words = message_templates.in_force("subjects.code-text")
    _text(contact, number, words, _code(contact, words.version, event=event, at=at), key=f"contact-{event}")


@outbox.deliverer(CHANGE_TEXT, destination=outbox.TEXT_MESSAGES)
def text_change(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a number that ended, once, that it gets nothing more."""
    contact = _untold(ids)
    if contact is None or (number := _mobile(contact, at=at)) is None:
        return
    words = message_templates.in_force(f"subjects.{'replaced' if contact.is_replaced else 'removed'}-text")
    if _text(contact, number, words, {}, key=f"contact-{event}"):
        subjects.end_change_notice(contact, template=words.version, actor=WORKER, at=at)


def _unproven(ids: Mapping[str, str]) -> Contact | None:
    return Contact.objects.current().filter(pk=ids["contact"], verified_at=None).first()


def _untold(ids: Mapping[str, str]) -> Contact | None:
    return Contact.objects.filter(pk=ids["contact"], ended_at__isnull=False, told_at=None).first()


def _code(contact: Contact, template: str, *, event: UUID, at: datetime) -> dict[str, str]:
    """Return the code to send, where and until when it counts. Raises RetryLater where enough went out."""
    try:
        code = subjects.issue_contact_code(contact, mark=str(event), template=template, actor=WORKER, at=at)
    except TooManyAttempts:
        raise outbox.RetryLater(PUT_OFF_SECONDS, "enough codes were sent in this hour") from None
    until = at + timedelta(hours=rulebook.parameter(CODE_HOURS, clock.kst_date(at)))
    with override(contact.language):
        return {
            "code": code, "until": datetime_text(until), "page": f"{people_url()}/consents/contacts/verify/",
        }  # fmt: skip


def _mobile(contact: Contact, *, at: datetime) -> str | None:
    number = _address(contact, at=at)
    return None if number is None else text_messages.mobile_number(number)


def _text(contact: Contact, number: str, words: Wording, values: Mapping[str, str], *, key: str) -> bool:
    """Text a number; return whether the provider took it. A number that it never takes is not tried again."""
    provider = text_messages.provider()
    if provider is None:
        raise text_messages.ProviderUnavailable("no provider is set")
    told = {**values, "reference": _reference(contact), "portal": f"{people_url(contact.language)}/"}
    text = words.fill("text", told, language=contact.language)
    try:
        for number_of_part, part in enumerate(text_messages.parts_of(text)):
            provider.send(to=number, text=part, key=f"{key}-{number_of_part}")
    except text_messages.NotAccepted:
        return False
    return True


def _address(contact: Contact, *, at: datetime) -> str | None:
    """Open the address; nothing where its data was destroyed. Raises RetryLater while a correction disputes it."""
    if contacts.disputed([contact.subject_id], contact.kind, at=at):
        raise outbox.RetryLater(PUT_OFF_SECONDS, "the address is disputed")
    task = "subjects.contact.addressed"
    try:
        with vault.opened(
            purpose=Purpose.LEGAL_DUTY, task=task, actor=WORKER, at=at, reason="contacts"
        ) as vault_session:
            return str(vault_session.decrypt(contact, "value"))
    except vault.Destroyed:
        return None


def _send(contact: Contact, address: str, words: Wording, values: Mapping[str, str], *, message_id: str) -> None:
    told = {**values, "reference": _reference(contact)}
    words.send_mail(told, to=address, language=contact.language, message_id=message_id)


def _reference(contact: Contact) -> str:
    return Subject.objects.values_list("reference", flat=True).get(pk=contact.subject_id)
