"""What can be done with the ways to reach a person: recorded, proven by a code, preferred, ended, corrected, removed.

Another value is another row, so a code that proved one value proves no other. The earlier contact is told,
and goes once the wait is over; a code of a package waits before it may go to the new one (decision 0136).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _

from privacy.jobs import outbox
from privacy.jobs.models import PersonalOutbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import text_messages
from privacy.policies.categories import CONTACT
from privacy.subjects import contacts
from privacy.subjects.actions.registration import RegistrationEnded, SubjectDestroyed
from privacy.subjects.contact_validation import can_be_texted, validate_contact
from privacy.subjects.events import Event
from privacy.subjects.models import Contact, ContactCode, Subject
from privacy.subjects.replaced_values import index_of, remember, was_replaced
from privacy.vault import actions as vault
from privacy.vault import destruction_vetoes
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import UnderHold

RECORD = "subjects.record_contact"
CODE_MAIL, CHANGE_MAIL = "subjects.contact.code", "subjects.contact.changed"
CODE_TEXT, CHANGE_TEXT = "subjects.contact.code-text", "subjects.contact.changed-text"
# By what a code goes, and by what an earlier contact is told; a letter is written by a person.
CODES = {Contact.Kind.EMAIL: CODE_MAIL, Contact.Kind.PHONE: CODE_TEXT}
CHANGES = {Contact.Kind.EMAIL: CHANGE_MAIL, Contact.Kind.PHONE: CHANGE_TEXT}
# Until then an address that nobody proved was told of by no other mail than the one with its code.
ONLY_CODES = timedelta(days=1)
BASES = {
    Contact.Source.GATEWAY: Contact.Basis.CONTRACT,
    Contact.Source.PERSON: Contact.Basis.REQUEST,
    Contact.Source.OFFICE: Contact.Basis.LEGAL_DUTY,
    Contact.Source.CORRECTION: Contact.Basis.REQUEST,
}


class MissingDocument(Refusal):
    """What the office records of a person says from which document it comes."""

    code = "no-document"


class NoSuchContact(Refusal):
    """There is no such contact any more: it ended, or another replaced it."""

    code = "no-contact"


def record_contact(
    subject: Subject,
    *,
    kind: str,
    value: str,
    source: str = Contact.Source.PERSON,
    document: str = "",
    language: str = "ko",
    is_preferred: bool = False,
    actor: Actor,
    at: datetime,
) -> Contact:
    """Keep one way to reach the person, sealed, and send a code to prove it; one of the same kind ends.

    The same value again changes nothing but what is said about it; a gateway that repeats what a correction has
    replaced changes nothing at all. The entry commits in the general database first, then the contact in the personal
    one (docs/ledger.md). Raises NotPermitted and MissingDocument for the office,
    RegistrationEnded for a gateway and the person once nothing more is collected, InvalidContact, SubjectDestroyed, and
    Frozen while a correction of it or a suspension is open: nothing overwrites what is disputed (P1.5).
    """
    if actor.kind == "user":
        require_permission(actor, RECORD, about=subject)
    if source == Contact.Source.OFFICE and not document.strip():
        raise MissingDocument(_("State which document or call this contact comes from."), pointer="/document")
    value = value.strip()
    validate_contact(kind, value)
    row = Subject.objects.get(pk=subject.pk)
    if row.state == Subject.State.DESTROYED:
        raise SubjectDestroyed(_("The data of this registration was destroyed."))
    if not row.is_active and source in {Contact.Source.GATEWAY, Contact.Source.PERSON}:
        raise RegistrationEnded(_("This registration has ended."))
    if freezes := vault.active_freezes(row.id, CONTACT, [kind], at=at):
        raise vault.Frozen(freezes)
    basis = BASES[Contact.Source(source)]
    said = {"language": language, "source": source, "document": document.strip(), "basis": basis}
    with transaction.atomic(using="personal"):
        # Two who write the first contact of a person at once: the second waits, and finds the first one's.
        _take_turns(row.id)
        if source == Contact.Source.GATEWAY and (right := _repeated(row.id, kind, value)) is not None:
            record(Event.CONTACT_REPETITION_IGNORED, right, actor=actor, at=at)
            return right
        made = _put(row.id, kind, value, said=said, word=Event.CONTACT_RECORDED, facts={}, actor=actor, at=at)
        others = Contact.objects.current().of(row.id).exclude(pk=made.pk)
        if is_preferred or not others.filter(is_preferred=True).exists():
            _prefer(made, actor=actor, at=at)
    return made


def correct_contact(
    subject_id: UUID, item: str, value: Any, *, event: UUID, actor: Actor, at: datetime, record_id: UUID | None
) -> None:
    """Put the right value in the place of a wrong contact: ``item`` is its kind. The caller's transaction holds it.

    The same value again changes nothing, so a repeated ``event`` is harmless.
    """
    held = Contact.objects.current().of(subject_id).filter(kind=item).first()
    if held is None or record_id not in {None, held.id}:
        return
    said = {"language": held.language, "source": Contact.Source.CORRECTION, "document": "", "basis": held.basis}
    facts = {"event": str(event)}
    made = _put(
        subject_id, item, str(value).strip(), said=said, word=Event.CONTACT_CORRECTED, facts=facts, actor=actor, at=at
    )
    if held.is_preferred and made.pk != held.pk:
        _prefer(made, actor=actor, at=at)


def prefer_contact(contact: Contact, *, actor: Actor, at: datetime) -> Contact:
    """Make a contact the one that is used first. Raises NotPermitted, NoSuchContact."""
    if actor.kind == "user":
        require_permission(actor, RECORD)
    with transaction.atomic(using="personal"):
        row = lock_contact(contact)
        _prefer(row, actor=actor, at=at)
    return row


def end_contact(contact: Contact, *, actor: Actor, at: datetime) -> Contact:
    """End a contact: it is told once and gets nothing more. Raises NotPermitted, NoSuchContact, Frozen."""
    if actor.kind == "user":
        require_permission(actor, RECORD)
    if freezes := vault.active_freezes(contact.subject_id, CONTACT, [contact.kind], at=at):
        raise vault.Frozen(freezes)
    with transaction.atomic(using="personal"):
        row = lock_contact(contact)
        record(Event.CONTACT_ENDED, row, actor=actor, at=at)
        _end(row, is_replaced=False, at=at)
    return row


def index_contacts(*, actor: Actor, at: datetime, most: int = 200) -> int:
    """Give contacts from before the index theirs, so that they are found; safe to repeat. Returns how many."""
    waiting = list(Contact.objects.filter(value_index=None).order_by("id")[:most])
    indexes: dict[UUID, bytes] = {}
    # Whose key is destroyed has nothing to be found by; at the head they would keep everybody behind them waiting.
    with (
        suppress(vault.Destroyed),
        vault.opened(purpose=Purpose.RIGHTS, task="subjects.contact.indexed", actor=actor, at=at) as vault_session,
    ):
        for contact, value in vault_session.decrypt_many(waiting, "value"):
            try:
                indexes[contact.id] = vault.blind_index("contact", value)
            except vault.InvalidIdentifier:
                continue
    if waiting:
        with transaction.atomic():
            people = [contact.subject_id for contact in waiting]
            ledger.record(Event.CONTACTS_INDEXED, actor=actor, at=at, subjects=people, facts={"rows": len(waiting)})
    done = 0
    for contact in waiting:
        # The same value only: one that was written meanwhile has its index.
        unchanged = Contact.objects.filter(id=contact.id, value_index=None, recorded_at=contact.recorded_at)
        done += unchanged.update(value_index=indexes.get(contact.id, b""))
    return done


def remove_contacts(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the contacts of people who are being destroyed. Return the rows removed; safe to repeat."""
    with transaction.atomic(using="personal"):
        held = Contact.objects.filter(subject_id__in=subject_ids).count()
        if held:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": held}
                ledger.record(Event.CONTACTS_REMOVED, actor=actor, at=at, subjects=subject_ids, facts=facts)
        removed, _each = Contact.objects.filter(subject_id__in=subject_ids).delete()
    return removed


def remove_ended_contacts(*, actor: Actor, at: datetime, most: int = 200) -> int:
    """Remove the contacts that ended and have waited: nothing is said there any more. Return how many; safe to repeat.

    Kept are those whose last word is still under way, those that a correction disputes or a suspension closes, and
    those of people on hold.
    """
    over = Contact.objects.filter(ended_at__lte=at - contacts.wait_after_change(at)).order_by("ended_at")
    under_way = (
        PersonalOutbox.objects.waiting().filter(kind__in=CHANGES.values()).values_list("ids__contact", flat=True)
    )
    removed = 0
    for row in over.exclude(id__in=list(under_way)):
        if removed == most:
            break
        if vault.active_freezes(row.subject_id, CONTACT, [row.kind], at=at):
            continue
        with suppress(UnderHold), destruction_vetoes.lock_vetoes(), transaction.atomic(using="personal"):
            destruction_vetoes.refuse_if_vetoed([row.subject_id], [CONTACT], at=at)
            record(Event.CONTACT_EXPIRED, row, actor=actor, at=at)
            removed += row.delete()[0]
    return removed


def _put(
    subject_id: UUID, kind: str, value: str, *, said: dict[str, str], word: Event, facts: dict[str, str], actor: Actor,
    at: datetime,
) -> Contact:  # fmt: skip
    """Write the contact of a kind, inside a transaction on the personal database; return the one that is used now."""
    earlier = Contact.objects.select_for_update().of(subject_id).filter(kind=kind)
    held = earlier.current().first()
    if held is not None and earlier.current().filter(value_index=vault.blind_index("contact", value)).exists():
        if held.language != said["language"]:
            held.language = said["language"]
            record(word, held, actor=actor, at=at, **facts)
            held.save(update_fields=["language"])
        return held
    made = Contact(subject_id=subject_id, kind=kind, recorded_at=at, recorded_by=actor.ref, **said)
    vault.encrypt(made, {"value": value}, at=at)
    if held is not None:
        was = index_of(held, "value") if word == Event.CONTACT_CORRECTED else None
        made.replaced = remember(held.replaced, kind, was=was, now=index_of(made, "value"))
    made.package_from = at + contacts.wait_after_change(at) if earlier.exists() else at
    record(word, made, actor=actor, at=at, **facts)
    for one in earlier.filter(is_replaced=False):
        record(Event.CONTACT_ENDED, one, actor=actor, at=at, replaced_by=str(made.id))
        _end(one, is_replaced=True, at=at)
    made.save(force_insert=True)
    if kind == Contact.Kind.EMAIL or (kind == Contact.Kind.PHONE and can_be_texted(value)):
        queue_message(CODES, made, at=at)
    return made


def _repeated(subject_id: UUID, kind: str, value: str) -> Contact | None:
    """Return the right contact, where this value is one that a correction has replaced."""
    held = Contact.objects.current().of(subject_id).filter(kind=kind).exclude(replaced={}).first()
    if held is None or not was_replaced(held.replaced, kind, vault.blind_index("contact", value)):
        return None
    return held


def _prefer(row: Contact, *, actor: Actor, at: datetime) -> None:
    if row.is_preferred:
        return
    before = Contact.objects.of(row.subject_id).filter(is_preferred=True)
    record(Event.CONTACT_PREFERRED, row, actor=actor, at=at, was=", ".join(str(one.id) for one in before))
    before.update(is_preferred=False)
    row.is_preferred = True
    row.save(update_fields=["is_preferred"])


def _end(row: Contact, *, is_replaced: bool, at: datetime) -> None:
    """End a contact and have it told; what another replaced goes at once where it never had a mail of ours."""
    was_used, is_told = row.ended_at is None, _has_heard(row, until=row.ended_at or at)
    if is_replaced and not is_told:
        row.delete()
        return
    row.ended_at, row.is_preferred, row.is_replaced = row.ended_at or at, False, is_replaced
    row.save(update_fields=["ended_at", "is_preferred", "is_replaced"])
    if was_used and is_told:
        queue_message(CHANGES, row, at=at)


def _has_heard(row: Contact, *, until: datetime) -> bool:
    """Whether a contact has had a message of ours: others are not told, or ever new ones would flood strangers."""
    if row.kind not in CHANGES or (row.kind == Contact.Kind.PHONE and not text_messages.are_sent()):
        return False
    if row.verified_at is not None:
        return True
    if row.kind == Contact.Kind.EMAIL and row.recorded_at < until - ONLY_CODES:
        return True
    return ContactCode.objects.filter(record_id=row.pk).exists()


def queue_message(kinds: Mapping[Contact.Kind, str], row: Contact, *, at: datetime) -> None:
    """Queue a message to a contact by its own way, in the caller's transaction on the personal database."""
    kind = kinds[Contact.Kind(row.kind)]
    key = f"{kind}:{row.pk}:{at.isoformat()}"
    outbox.enqueue(kind, ids={"contact": str(row.pk)}, key=key, using="personal")


def lock_contact(contact: Contact) -> Contact:
    """Lock a contact that is used. Raises NoSuchContact."""
    row = Contact.objects.select_for_update().current().filter(pk=contact.pk).first()
    if row is None:
        raise NoSuchContact(_("This contact has ended."))
    return row


def record(word: Event, row: Contact, *, actor: Actor, at: datetime, **facts: str) -> None:
    """Put an act on a contact on the audit trail, without its value."""
    reference = Subject.objects.values_list("reference", flat=True).get(pk=row.subject_id)
    said = {"kind": row.kind, "contact": str(row.id), "source": row.source, **facts}
    with transaction.atomic():
        ledger.record(word, actor=actor, at=at, subjects=[reference], facts=said)


def _take_turns(subject_id: UUID) -> None:
    with connections["personal"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"contact {subject_id}"])
