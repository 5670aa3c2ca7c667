"""The codes that prove a contact, and what was told to one that ended. Only the worker sends a code."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, ExternalActor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts
from privacy.lib.identifiers.access_codes import AccessCodes
from privacy.lib.integrations import text_messages
from privacy.policies import rulebook
from privacy.subjects.actions.access_code_attempts import WrongCode, check_code
from privacy.subjects.actions.contacts import CODES as SENT_BY
from privacy.subjects.actions.contacts import RECORD, lock_contact, queue_message, record
from privacy.subjects.events import Event
from privacy.subjects.models import Contact, ContactCode, Subject

CODES = AccessCodes("contacts")
SENT_AGAIN_WITHIN = timedelta(minutes=5)
CODE_HOURS, CODES_HOURLY = "contact.code.hours", "contact.codes.hourly"


class NotVerifiable(Refusal):
    """A code proves an e-mail address or, where the portal sends text messages, a mobile number."""

    code = "not-verifiable"


def send_code(contact: Contact, *, actor: Actor, at: datetime) -> None:
    """Let the worker send another code. Raises NotPermitted, NoSuchContact, NotVerifiable, TooManyAttempts."""
    if actor.kind == "user":
        require_permission(actor, RECORD)
    with transaction.atomic(using="personal"):
        row = lock_contact(contact)
        if row.kind != Contact.Kind.EMAIL and not (row.kind == Contact.Kind.PHONE and text_messages.are_sent()):
            raise NotVerifiable(_("This contact can't be verified with a code."))
        _refuse_too_many(row, at=at)
        queue_message(SENT_BY, row, at=at)


def issue_contact_code(contact: Contact, *, mark: str, template: str = "", actor: Actor, at: datetime) -> str:
    """Return the code that the worker sends; the same ``mark`` gets the same code. Raises TooManyAttempts.

    ``template`` says whose words it is sent with.
    """
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
            record(Event.CONTACT_CODE_ISSUED, contact, actor=actor, at=at, template=template)
    return code


def verify_contact(code: str, *, address: str, at: datetime) -> Contact:
    """Note that whoever reads the mailbox or phone typed its code. ``address`` is where the attempt came from.

    A code works once; sent again by a second click it says the same and changes nothing. Raises WrongCode,
    TooManyAttempts.
    """
    issued = ContactCode.objects.filter(digest=CODES.digest(code), expires_at__gt=at - SENT_AGAIN_WITHIN).first()
    if issued is not None and issued.expires_at <= at and not _has_verified(issued):
        issued = None
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
    # Its digest stays, so that a worker who tries again makes it no second time.
    ContactCode.objects.filter(pk=issued.pk, expires_at__gt=at).update(expires_at=at)
    return row


def _has_verified(issued: ContactCode) -> bool:
    """Whether this code proved its contact, at the moment at which it ended."""
    return Contact.objects.current().filter(pk=issued.record_id, verified_at=issued.expires_at).exists()


def end_change_notice(contact: Contact, *, template: str = "", actor: Actor, at: datetime) -> None:
    """Note that an ended contact was told, with the words of which template."""
    with transaction.atomic(using="personal"):
        record(Event.CONTACT_CHANGE_TOLD, contact, actor=actor, at=at, template=template)
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
