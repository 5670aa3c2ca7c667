"""The codes that prove a contact, and what was told to one that ended. Only the worker mails a code."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, ExternalActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.policies import rulebook
from privacy.subjects.actions.code_check import WrongCode, check_code
from privacy.subjects.actions.contacts import CODE_MAIL, RECORD, lock_contact, queue_mail, record
from privacy.subjects.events import Event
from privacy.subjects.models import Contact, ContactCode, Subject

CODES = AccessCodes("contacts")
CODE_HOURS, CODES_HOURLY = "contact.code.hours", "contact.codes.hourly"


class NotByMail(Refusal):
    """A code proves an e-mail address; the others are proven by nobody yet."""

    code = "not-by-mail"


def send_code(contact: Contact, *, actor: Actor, at: datetime) -> None:
    """Let the worker mail another code. Raises NotPermitted, NoSuchContact, NotByMail, TooManyAttempts."""
    if actor.kind == "user":
        require_permission(actor, RECORD)
    with transaction.atomic(using="personal"):
        row = lock_contact(contact)
        if row.kind != Contact.Kind.EMAIL:
            raise NotByMail(_("Only an e-mail address can be verified with a code."))
        _refuse_too_many(row, at=at)
        queue_mail(CODE_MAIL, row, at=at)


def issue_contact_code(contact: Contact, *, mark: str, actor: Actor, at: datetime) -> str:
    """Return the code that the worker mails; the same ``mark`` gets the same code. Raises TooManyAttempts."""
    code = CODES.of(f"{contact.pk}\0{mark}")
    digest = CODES.digest(code)
    with transaction.atomic():
        person = Subject.objects.select_for_update().get(pk=contact.subject_id)
        if not ContactCode.objects.filter(digest=digest).exists():
            _refuse_too_many(contact, at=at)
            hours = rulebook.parameter(CODE_HOURS, clock.kst_date(at))
            ContactCode.objects.create(
                subject_id=person.id, record_id=contact.pk, digest=digest, issued_at=at,
                expires_at=at + timedelta(hours=hours),
            )  # fmt: skip
            record(Event.CONTACT_CODE_ISSUED, contact, actor=actor, at=at)
    return code


def verify_contact(code: str, *, address: str, at: datetime) -> Contact:
    """Note that whoever reads the mailbox typed its code. ``address`` is where the attempt came from.

    Raises WrongCode, TooManyAttempts.
    """
    issued = ContactCode.objects.filter(digest=CODES.digest(code), expires_at__gt=at).first()
    check_code(CODES, code=code, digest=issued.digest if issued else None, address=address, at=at)
    if issued is None:
        raise AssertionError("a code without its digest is never let through")
    with transaction.atomic(using="personal"):
        row = Contact.objects.select_for_update().current().filter(pk=issued.record_id).first()
        if row is None:
            raise WrongCode(_("This code is for a contact that has ended. Record the contact again."))
        if row.verified_at is None:
            row.verified_at = at
            reference = Subject.objects.values_list("reference", flat=True).get(pk=row.subject_id)
            record(Event.CONTACT_VERIFIED, row, actor=ExternalActor("subject", reference), at=at)
            row.save(update_fields=["verified_at"])
    return row


def end_change_notice(contact: Contact, *, actor: Actor, at: datetime) -> None:
    """Note that an ended contact was told."""
    with transaction.atomic(using="personal"):
        record(Event.CONTACT_CHANGE_TOLD, contact, actor=actor, at=at)
        Contact.objects.filter(pk=contact.pk).update(told_at=at)


def delete_old_codes(*, at: datetime) -> int:
    """Remove codes that prove nothing any more and count for no hour. Return how many."""
    removed, _each = ContactCode.objects.filter(expires_at__lt=at - timedelta(days=1)).delete()
    return removed


def _refuse_too_many(contact: Contact, *, at: datetime) -> None:
    since = at - timedelta(hours=1)
    issued = ContactCode.objects.filter(subject_id=contact.subject_id, issued_at__gt=since).count()
    if issued >= rulebook.parameter(CODES_HOURLY, clock.kst_date(at)):
        raise TooManyAttempts(_("Too many codes were sent in the last hour. Try again later."))
