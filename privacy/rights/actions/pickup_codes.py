"""The code that hands out an access package: it goes to the person, through a page of the office only as a last way.

Where the person has a mailbox, the worker draws the code and mails it; where a device, that confirms the download. Who
has neither gets it by text message on a number that has waited (decisions 0433, 0434), or is told by a colleague who
has neither decided the request nor recorded it (decision 0105).
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from devices.models import Device
from privacy.accounts.second_person import require_second_person
from privacy.jobs import outbox
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.lib.integrations import text_messages
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.rights import matching
from privacy.rights.actions.cases import lock_case, particulars_of, people_of, record
from privacy.rights.actors import CODES
from privacy.rights.events import Event
from privacy.rights.models import Package, Request, Right, Step
from privacy.rights.refusals import ParticularsGone, SamePerson, WrongState
from privacy.subjects import contacts
from privacy.subjects.models import Contact, ContactQuerySet, Subject
from privacy.subjects.replaced_values import index_of
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

DELIVERY, BY_TEXT = "rights.pickup-code", "rights.pickup-code-text"
CHANNELS = {DELIVERY: "email", BY_TEXT: "text"}
KINDS = {DELIVERY: Contact.Kind.EMAIL, BY_TEXT: Contact.Kind.PHONE}


class NewCode(NamedTuple):
    """A code that nobody has yet, and until when it will open its package."""

    code: str
    until: datetime


def issue_pickup_code(package: Package, *, actor: Actor, at: datetime) -> str:
    """Return a code for a person without mailbox and device, to be told by telephone, in person or by letter.

    Raises WrongState where the person has one of them, SamePerson for who decided or recorded the request, and
    NotASecondPerson for who does not count as another person than they.
    """
    require_permission(actor, "rights.carry_out_request", about=package)
    right, case = package.right, package.right.request
    if mailbox(case, actor=actor, at=at):
        raise WrongState(
            _(
                "This person has an e-mail address on record. Press “Send the pick-up code” to send "
                "the code there; nobody here sees it."
            )
        )
    if has_device(case):
        raise WrongState(_("This person confirms the download on the device, so no code is needed."))
    same = SamePerson(
        _("You decided or recorded this request, so someone else must issue the code: another officer or handler.")
    )
    earlier = (right.decided_by, case.received_by)
    names = [require_second_person(actor, asked_by=one, about=package, same=same, at=at) for one in earlier]
    made = new_code(at=at)
    with transaction.atomic():
        issued_by = next((name for name in names if name != actor.ref), actor.ref)
        _keep(_lock(package), made, issued_by=issued_by, actor=actor, at=at)
    return made.code


def send_pickup_code(package: Package, *, actor: Actor, at: datetime) -> None:
    """Let the worker draw a code and mail or text it; nobody here sees it.

    Where it goes to an address or number that a colleague wrote down, with the request, on record or with a request to
    correct it, it could be their own, so another person sends it. Raises WrongState, and SamePerson or NotASecondPerson
    for who wrote it down.
    """
    require_permission(actor, "rights.carry_out_request", about=package)
    case = package.right.request
    way = DELIVERY if mailbox(case, actor=actor, at=at) else BY_TEXT if mobile(case, actor=actor, at=at) else ""
    if not way:
        raise WrongState(
            _(
                "We have no e-mail address and no mobile number of this person to which a code may go. Have them "
                "confirm the download on the device, or issue a code."
            )
        )
    recorders = sorted(_recorders_of_address(package, way, at=at))
    same = SamePerson(_("You recorded where this code goes, so someone else must send it: another officer or handler."))
    names = [require_second_person(actor, asked_by=one, about=package, same=same, at=at) for one in recorders]
    sender = next((name for name in names if name != actor.ref), actor.ref)
    with transaction.atomic():
        row = _lock(package)
        ids = {"package": str(row.id), "told": str(_times_told(row)), "recorder": " ".join(recorders)}
        outbox.enqueue(way, ids=ids, key=f"{way}:{row.id}:{at.isoformat()}", shard=row.right.request.reference)
        is_on_record = bool(_recent(_on_record(case, way), at=at))
        facts = {"channel": CHANNELS[way], "address": "record" if is_on_record else "request"}
        facts |= {"emergency": sender} if sender != actor.ref else {}
        record(row.right.request, Event.PICKUP_CODE_ASKED, actor=actor, at=at, right=row.right, facts=facts)


def is_still_asked(package: Package, ids: Mapping[str, str]) -> bool:
    """Whether a code that was asked for (``ids``) is to go out: a colleague told none since, whose place it would take.

    Nor for a package that is gone.
    """
    return package.removed_at is None and package.downloaded_at is None and not _was_told_since(package, ids)


def address_of_code(package: Package, way: str, ids: Mapping[str, str], *, actor: Actor, at: datetime) -> str:
    """Return where the worker sends a code that was asked for, or nothing.

    Not to what a colleague wrote down, unless another person than that colleague sent it there.
    """
    case = package.right.request
    if not _recorders_of_address(package, way, at=at) <= set(ids.get("recorder", "").split()):
        return ""
    return (mailbox if way == DELIVERY else mobile)(case, actor=actor, at=at)


def new_code(*, at: datetime) -> NewCode:
    """Return a code that opens nothing yet: it counts when the message that takes it to the person was taken over."""
    hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
    return NewCode(CODES.of(new_form_nonce()), at + timedelta(hours=hours))


@transaction.atomic
def keep_sent_code(
    package: Package, sent: NewCode, ids: Mapping[str, str], *, template: str = "", actor: Actor, at: datetime
) -> None:
    """Let the code open the package that a message, worded by a template, has taken to the person.

    Only the worker calls it. A code that a colleague told meanwhile keeps its place. Raises WrongState.
    """
    if actor.kind != "system":
        raise WrongState(_("The portal generates a code in the background and sends it to the person."))
    row = _lock(package)
    if not _was_told_since(row, ids):
        _keep(row, sent, issued_by=actor.ref, template=template, actor=actor, at=at)


def mailbox(case: Request, *, actor: Actor, at: datetime) -> str:
    """Return where a code is mailed to: the preferred address on record of the person, else the one given in the case.

    An address that a correction disputes, that nobody has verified, or that was changed or ended a short while ago is
    not used, and none in its place. The opening is on record.
    """
    people = people_of(case)
    recent = _recent(Contact.objects.emails(people), at=at)
    if not all(row.receives_packages(at) for row in recent):
        return ""
    known = recent[0] if recent else None
    if known is not None and contacts.disputed(people, Contact.Kind.EMAIL, at=at):
        return ""
    return _opened(case, known, "email", actor=actor, at=at)


def mobile(case: Request, *, actor: Actor, at: datetime) -> str:
    """Return the mobile number that a code is texted to, for who has no mailbox and no device; or nothing.

    It is the proven number on record, or the one given in the case where no number and no e-mail address is on record.
    Either has waited as a changed contact does. Where the person has proven an e-mail address, none is used, though a
    correction disputes it, and none while any address waits: else the number would be the way around that (decision
    0434). The opening is on record.
    """
    people, wait = people_of(case), contacts.wait_after_change(at)
    if not text_messages.are_sent() or has_device(case) or _has_device_in_use(people):
        return ""
    emails = _recent(Contact.objects.emails(people), at=at)
    numbers = _recent(Contact.objects.phones(people), at=at)
    known = numbers[0] if numbers else None
    if any(row.verified_at is not None or row.ended_at is not None or row.package_from > at for row in emails):
        return ""
    if not all(row.receives_packages(at) and row.recorded_at + wait <= at for row in numbers):
        return ""
    if known is None and (emails or at < case.received_at + wait):
        return ""
    if known is not None and contacts.disputed(people, Contact.Kind.PHONE, at=at):
        return ""
    return text_messages.mobile_number(_opened(case, known, "phone", actor=actor, at=at)) or ""


def _times_told(package: Package) -> int:
    """Return how often a colleague was shown a code of this package."""
    issued = package.right.request.steps.filter(word=Event.PICKUP_CODE_ISSUED, position=package.right.position)
    return issued.exclude(by__contains=":").count()


def _was_told_since(package: Package, ids: Mapping[str, str]) -> bool:
    return _times_told(package) > int(ids.get("told") or 0)


def _recorders_of_address(package: Package, way: str, *, at: datetime) -> set[str]:
    """Return which colleagues may have written down where a code goes, now or ever; empty for nobody of us (0444)."""
    case = package.right.request
    known = next(iter(_recent(_on_record(case, way), at=at)), None)
    if known is None:
        found = _who_wrote(Request.objects.filter(pk=case.pk))
    elif known.source == Contact.Source.OFFICE:
        found = {known.recorded_by}
    elif known.source == Contact.Source.CORRECTION:
        found = _who_corrected(known) or {known.recorded_by, package.right.decided_by}
    else:
        found = set()
    index = None if known is None else index_of(known, "value")
    for one in contacts.recordings(people_of(case), KINDS[way], index=index):
        found |= (_who_asked(one.event) if one.event else set()) or {one.by}
    # The portal itself, which ends what was begun, writes nothing of its own.
    return {one for one in found if one and ":" not in one}


def _who_corrected(contact: Contact) -> set[str]:
    """Return who wrote the requests that a contact like this be corrected, until it was; empty where none is known."""
    asked = Right.objects.filter(kind=Right.Kind.CORRECTION, category=CONTACT, item=contact.kind)
    cases = Request.objects.of_subject(contact.subject_id).filter(received_at__lte=contact.recorded_at)
    return _who_wrote(cases.filter(id__in=asked.values("request")))


def _who_asked(event: str) -> set[str]:
    """Return who wrote the request of a correction that was carried out; empty where it is gone."""
    return _who_wrote(Request.objects.filter(id__in=Right.objects.filter(event_id=event).values("request")))


def _who_wrote(cases: QuerySet[Request]) -> set[str]:
    """Return who recorded cases, or took their words down again; a person's own request has nobody ("")."""
    again = Step.objects.filter(request__in=cases.values("id"), word=Event.WORDS_WRITTEN)
    return set(cases.values_list("received_by", flat=True)) | set(again.values_list("by", flat=True))


def _on_record(case: Request, way: str) -> ContactQuerySet:
    people = people_of(case)
    return Contact.objects.emails(people) if way == DELIVERY else Contact.objects.phones(people)


@transaction.atomic
def mark_code_not_taken(package: Package, *, why: str, channel: str, actor: Actor, at: datetime) -> None:
    """Note that no message took a code to the person: the office sends it again, or gives one another way."""
    case = lock_case(package.right.request_id)
    facts = {"channel": channel, "why": why[:80]}
    record(case, Event.PICKUP_CODE_NOT_TAKEN, actor=actor, at=at, right=package.right, facts=facts)


def _opened(case: Request, known: Contact | None, given: str, *, actor: Actor, at: datetime) -> str:
    """Return a contact on record, or where none is known what the case itself gives under this name."""
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.pickup-code.addressed", actor=actor, at=at, reason=f"request {case.number}"
    ) as vault_session:
        if known is not None:
            return str(vault_session.decrypt(known, "value"))
        try:
            return str((vault_session.decrypt(particulars_of(case), "contact") or {}).get(given, ""))
        except ParticularsGone:
            return ""


def has_device(case: Request) -> bool:
    """Whether a device can confirm the download: the one by which the person asked."""
    return case.matched_record_id is not None and case.target_kind not in matching.CONTACTS


def _has_device_in_use(people: Collection[UUID]) -> bool:
    """Whether one of these has a device: whoever holds it asks by it, so that a number alone gets no code."""
    active = Subject.objects.active().filter(id__in=people).values_list("id", flat=True)
    return Device.objects.of_subjects(active).filter(service_ended_on=None).exists()


def _recent(held: ContactQuerySet, *, at: datetime) -> list[Contact]:
    """Return those in use, and those that ended a short while ago without another in their place."""
    wait = contacts.wait_after_change(at)
    kept = held.filter(is_replaced=False)
    return [row for row in kept if row.ended_at is None or row.has_ended_within(wait, at)]


def _lock(package: Package) -> Package:
    case = lock_case(package.right.request_id)
    row = Package.objects.select_for_update(of=("self",)).select_related("right").get(id=package.id)
    row.right.request = case
    if row.removed_at is not None or row.downloaded_at is not None:
        raise WrongState(_("This package was already downloaded or removed. A new request is needed to build another."))
    return row


def _keep(
    row: Package, made: NewCode, *, issued_by: str, template: str = "", actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Let a code open a locked package, and no other before it."""
    row.passphrase_digest = CODES.digest(made.code)
    row.code_issued_by = issued_by
    row.expires_at = made.until
    row.save(update_fields=["passphrase_digest", "code_issued_by", "expires_at"])
    facts = {"template": template} if template else {}
    record(row.right.request, Event.PICKUP_CODE_ISSUED, actor=actor, at=at, right=row.right, facts=facts)
