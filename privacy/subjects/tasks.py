"""What runs later about contacts: the code that proves one, and the word to one that ended. Safe to run twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import TooManyAttempts
from privacy.lib.integrations import mail
from privacy.policies import rulebook
from privacy.subjects import actions as subjects
from privacy.subjects import contacts
from privacy.subjects.actions.contact_codes import CODE_HOURS
from privacy.subjects.actions.contacts import CHANGE_MAIL, CODE_MAIL
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

WORKER = SystemActor("contacts")
PUT_OFF_SECONDS = 30 * 60


@outbox.deliverer(CODE_MAIL, destination=outbox.MAIL)
def mail_code(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Mail a contact the code that proves it; nothing where it ended or is proven."""
    contact = Contact.objects.current().filter(pk=ids["contact"], verified_at=None).first()
    if contact is None or (address := _address(contact, at=at)) is None:
        return
    try:
        code = subjects.issue_contact_code(contact, mark=str(event), actor=WORKER, at=at)
    except TooManyAttempts:
        raise outbox.RetryLater(PUT_OFF_SECONDS, "enough codes were sent in this hour") from None
    until = at + timedelta(hours=rulebook.parameter(CODE_HOURS, clock.kst_date(at)))
    with override(contact.language):
        subject = _("Your code to verify this e-mail address")
    _send(contact, address, subject, "contact_code", {"code": code, "until": until}, message_id=f"contact-{event}")


@outbox.deliverer(CHANGE_MAIL, destination=outbox.MAIL)
def tell_change(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a contact that ended, once, that it gets nothing more."""
    contact = Contact.objects.filter(pk=ids["contact"], ended_at__isnull=False, told_at=None).first()
    if contact is None:
        return
    address = _address(contact, at=at)
    if address is None:
        return
    with override(contact.language):
        subject = _("This e-mail address no longer receives notices about your personal data")
    context = {"is_replaced": contact.is_replaced, "is_proven": contact.verified_at is not None}
    _send(contact, address, subject, "contact_changed", context, message_id=f"contact-{event}")
    subjects.end_change_notice(contact, actor=WORKER, at=at)


def _address(contact: Contact, *, at: datetime) -> str | None:
    """Open the address; nothing where its data was destroyed. Raises RetryLater while a correction disputes it."""
    if contacts.disputed([contact.subject_id], Contact.Kind.EMAIL, at=at):
        raise outbox.RetryLater(PUT_OFF_SECONDS, "the address is disputed")
    task = "subjects.contact.addressed"
    try:
        with vault.opened(
            purpose=Purpose.LEGAL_DUTY, task=task, actor=WORKER, at=at, reason="contacts"
        ) as vault_session:
            return str(vault_session.decrypt(contact, "value"))
    except vault.Destroyed:
        return None


def _send(
    contact: Contact, address: str, subject: str, template: str, context: Mapping[str, object], *, message_id: str
) -> None:
    reference = Subject.objects.values_list("reference", flat=True).get(pk=contact.subject_id)
    mail.send(
        to=address, subject=subject, template=template, context={**context, "reference": reference},
        language=contact.language, message_id=message_id,
    )  # fmt: skip
