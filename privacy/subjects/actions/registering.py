"""What the office can do with a person's registration.

These are building blocks: the verb that calls them (a device's registration, a rights case, a destruction) has asked
for its own permission. Only ``find_false_identity`` is a decision of its own and asks here.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.ids import new_id
from privacy.lib.refusals import Refusal
from privacy.subjects.events import Event
from privacy.subjects.models import Contact, FalseIdentityFinding, Subject
from privacy.vault import actions as vault


class NotActive(Refusal):
    """The registration has ended: nothing more is recorded for it."""

    code = "withdrawn"


class AlreadyDestroyed(Refusal):
    """Nothing of this person is held any more, and nothing will be again."""

    code = "destroyed"


class ContradictoryDates(Refusal):
    """An end before the beginning, or in the future."""

    code = "clock"


@transaction.atomic
def register(*, actor: Actor, at: datetime, subject_id: UUID | None = None) -> Subject:
    """Make a pseudonymous person. With ``subject_id`` the call may be repeated: the same person comes back.

    Raises AlreadyDestroyed for a person who was destroyed: she doesn't come back under the same id.
    """
    subject, made = Subject.objects.get_or_create(id=subject_id or new_id(), defaults={"registered_at": at})
    if subject.state == Subject.State.DESTROYED:
        raise AlreadyDestroyed(_("The data of this registration was destroyed; it can't be registered again."))
    if made:
        ledger.record(Event.REGISTERED, actor=actor, at=at, about=subject, subjects=[subject.reference])
    return subject


@transaction.atomic
def end_service(subject: Subject, *, ended_on: date, actor: Actor, at: datetime) -> Subject:
    """Note the day the service ended: the clock of improvement and analysis data starts (P6.2).

    The first end stands; repeating it changes nothing. Raises ContradictoryDates for a day in the future or before
    the registration.
    """
    row = _taken(subject)
    if ended_on > clock.kst_date(at) or ended_on < clock.kst_date(row.registered_at):
        raise ContradictoryDates(_("A service can't end in the future or before it began."))
    if row.service_ended_on is None:
        row.service_ended_on = ended_on
        row.save(update_fields=["service_ended_on"])
        ledger.record(
            Event.SERVICE_ENDED, actor=actor, at=at, about=row, subjects=[row.reference], facts={"on": str(ended_on)}
        )
    return row


@transaction.atomic
def resume_service(subject: Subject, *, actor: Actor, at: datetime) -> Subject:
    """Take back the end of the service, because a licence was renewed: the clock of P6.2 stops."""
    row = _taken(subject)
    if not row.is_active:
        raise NotActive(_("This registration has ended."))
    if row.service_ended_on is not None:
        before, row.service_ended_on = row.service_ended_on, None
        row.save(update_fields=["service_ended_on"])
        ledger.record(
            Event.SERVICE_RESUMED, actor=actor, at=at, about=row, subjects=[row.reference], facts={"was": str(before)}
        )
    return row


@transaction.atomic
def mark_withdrawn(subject: Subject, *, actor: Actor, at: datetime, case: str = "") -> Subject:
    """End the registration because the person withdrew the consent it rests on (P1.1, law R-24)."""
    return _end(subject, Subject.State.WITHDRAWN, Event.WITHDRAWN, actor=actor, at=at, facts={"case": case})


@transaction.atomic
def find_false_identity(
    subject: Subject,
    *,
    grounds: str,
    evidence_digest: str,
    evidence_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> FalseIdentityFinding:
    """Record that another's identity was used, with evidence; the registration ends (P1.8).

    Raises NotPermitted; Refusal without grounds or evidence; NotActive when the registration has ended already.
    """
    require(actor, "subjects.find_false_identity", about=subject)
    if not grounds.strip() or len(evidence_digest) != 64:
        raise Refusal(_("A finding of false identity needs its grounds and its evidence."), code="no-evidence")
    if not _taken(subject).is_active:
        raise NotActive(_("This registration has ended."))
    finding = FalseIdentityFinding.objects.create(
        subject=subject,
        grounds=grounds.strip(),
        evidence_id=evidence_id,
        evidence_digest=evidence_digest,
        found_by=actor.ref,
        found_at=at,
    )
    facts = {"finding": str(finding.id), "evidence": evidence_digest}
    _end(subject, Subject.State.FALSE_IDENTITY, Event.FALSE_IDENTITY_FOUND, actor=actor, at=at, facts=facts)
    return finding


@transaction.atomic
def mark_destroyed(subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Note that nothing of these people is held any more. Return how many were marked now; safe to repeat."""
    rows = Subject.objects.select_for_update().filter(id__in=subject_ids).with_something_left().order_by("id")
    references = list(rows.values_list("reference", flat=True))
    marked = Subject.objects.filter(reference__in=references).update(state=Subject.State.DESTROYED, destroyed_at=at)
    if marked:
        facts = {"certificate": certificate, "count": marked}
        ledger.record(Event.DESTROYED, actor=actor, at=at, subjects=references, facts=facts)
    return marked


def record_contact(subject: Subject, *, kind: str, value: str, actor: Actor, at: datetime) -> Contact:
    """Keep one way to reach the person, sealed; a newer one of the same kind takes its place.

    The entry commits in the general database first, then the contact in the personal one (lifecycle.md).
    Raises Frozen while a correction of it or a suspension is open: nothing overwrites what is disputed (P1.5).
    """
    row = Subject.objects.get(pk=subject.pk)
    if row.state == Subject.State.DESTROYED:
        raise AlreadyDestroyed(_("The data of this registration was destroyed."))
    if freezes := vault.frozen(row.id, "contact", [kind], at=at):
        raise vault.Frozen(freezes)
    with transaction.atomic(using="personal"):
        held = Contact.objects.select_for_update().filter(subject_id=row.id, kind=kind).first()
        contact = held or Contact(subject_id=row.id, kind=kind, recorded_at=at)
        contact.recorded_at = at
        vault.seal(contact, {"value": value}, at=at)
        with transaction.atomic():
            facts = {"kind": kind, "contact": str(contact.id)}
            ledger.record(Event.CONTACT_RECORDED, actor=actor, at=at, about=row, subjects=[row.reference], facts=facts)
        contact.save()
    return contact


def correct_contact(
    subject_id: UUID, item: str, value: Any, *, event: UUID, actor: Actor, at: datetime, record_id: UUID | None
) -> None:
    """Put the right value in the place of a wrong contact: ``item`` is its kind. The caller's transaction holds it.

    Sealing the same value again changes nothing that is readable, so a repeated ``event`` is harmless.
    """
    rows = Contact.objects.select_for_update().filter(subject_id=subject_id, kind=item)
    for contact in rows if record_id is None else rows.filter(id=record_id):
        vault.seal(contact, {"value": value.strip()}, at=at)
        contact.recorded_at = at
        contact.save(update_fields=["value", "recorded_at"])
        with transaction.atomic():
            facts = {"item": item, "contact": str(contact.id), "event": str(event)}
            ledger.record(Event.CONTACT_CORRECTED, actor=actor, at=at, subjects=[str(subject_id)], facts=facts)


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


def _taken(subject: Subject) -> Subject:
    row = Subject.objects.select_for_update().get(pk=subject.pk)
    if row.state == Subject.State.DESTROYED:
        raise AlreadyDestroyed(_("The data of this registration was destroyed."))
    return row


def _end(
    subject: Subject, state: Subject.State, word: Event, *, actor: Actor, at: datetime, facts: dict[str, Any]
) -> Subject:
    row = _taken(subject)
    if row.is_active:
        row.state, row.ended_at = state, at
        row.service_ended_on = row.service_ended_on or clock.kst_date(at)
        row.save(update_fields=["state", "ended_at", "service_ended_on"])
        ledger.record(word, actor=actor, at=at, about=row, subjects=[row.reference], facts=facts)
    return row
