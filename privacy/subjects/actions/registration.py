"""What the office can do with a person's registration.

These are building blocks: the verb that calls them (a device's registration, a rights case, a destruction) has asked
for its own permission. Only ``find_false_identity`` is a decision of its own and asks here.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import CONTACT
from privacy.subjects.events import Event
from privacy.subjects.models import Contact, FalseIdentityFinding, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


class RegistrationEnded(Refusal):
    """The registration has ended: nothing more is recorded for it."""

    code = "withdrawn"


class SubjectDestroyed(Refusal):
    """Nothing of this person is held any more, and nothing will be again."""

    code = "destroyed"


class ContradictoryDates(Refusal):
    """An end before the beginning, or in the future."""

    code = "clock"


@transaction.atomic
def register(*, actor: Actor, at: datetime, subject_id: UUID | None = None) -> Subject:
    """Make a pseudonymous person. With ``subject_id`` the call may be repeated: the same person comes back.

    Raises SubjectDestroyed for a person who was destroyed: she doesn't come back under the same id.
    """
    subject, made = Subject.objects.get_or_create(id=subject_id or new_id(), defaults={"registered_at": at})
    if subject.state == Subject.State.DESTROYED:
        raise SubjectDestroyed(_("The data of this registration was destroyed; it can't be registered again."))
    if made:
        ledger.record(Event.REGISTERED, actor=actor, at=at, about=subject, subjects=[subject.reference])
    return subject


@transaction.atomic
def end_service(subject: Subject, *, ended_on: date, actor: Actor, at: datetime) -> Subject:
    """Note the day the service ended: the clock of improvement and analysis data starts (P6.2).

    The first end stands; repeating it changes nothing. Raises ContradictoryDates for a day in the future or before
    the registration, SubjectDestroyed.
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
    """Take back the end of the service, because a licence was renewed: the clock of P6.2 stops.

    Raises RegistrationEnded, SubjectDestroyed.
    """
    row = _taken(subject)
    if not row.is_active:
        raise RegistrationEnded(_("This registration has ended."))
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
def resume_registration(subject: Subject, *, actor: Actor, at: datetime, case: str = "") -> Subject:
    """Let a registration go on that a withdrawal ended, because the person agreed again before anything was destroyed.

    The end of the service that came with the withdrawal is taken back too. Raises SubjectDestroyed.
    """
    row = _taken(subject)
    if row.state == Subject.State.WITHDRAWN and row.ended_at is not None:
        if row.service_ended_on == clock.kst_date(row.ended_at):
            row.service_ended_on = None
        row.state, row.ended_at = Subject.State.ACTIVE, None
        row.save(update_fields=["state", "ended_at", "service_ended_on"])
        ledger.record(Event.RESUMED, actor=actor, at=at, about=row, subjects=[row.reference], facts={"case": case})
    return row


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

    Raises NotPermitted; Refusal without grounds or evidence; RegistrationEnded when the registration has ended already.
    """
    require_permission(actor, "subjects.find_false_identity", about=subject)
    if not grounds.strip() or len(evidence_digest) != 64:
        raise Refusal(_("A finding of false identity needs its grounds and its evidence."), code="no-evidence")
    if not _taken(subject).is_active:
        raise RegistrationEnded(_("This registration has ended."))
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
    rows = Subject.objects.select_for_update().filter(id__in=subject_ids).not_destroyed().order_by("id")
    references = list(rows.values_list("reference", flat=True))
    marked = Subject.objects.filter(reference__in=references).update(state=Subject.State.DESTROYED, destroyed_at=at)
    if marked:
        facts = {"certificate": certificate, "count": marked}
        ledger.record(Event.DESTROYED, actor=actor, at=at, subjects=references, facts=facts)
    return marked


def record_contact(subject: Subject, *, kind: str, value: str, actor: Actor, at: datetime) -> Contact:
    """Keep one way to reach the person, sealed; a newer one of the same kind takes its place.

    The entry commits in the general database first, then the contact in the personal one (docs/ledger.md).
    Raises SubjectDestroyed, and Frozen while a correction of it or a suspension is open: nothing overwrites what is
    disputed (P1.5).
    """
    row = Subject.objects.get(pk=subject.pk)
    if row.state == Subject.State.DESTROYED:
        raise SubjectDestroyed(_("The data of this registration was destroyed."))
    if freezes := vault.active_freezes(row.id, CONTACT, [kind], at=at):
        raise vault.Frozen(freezes)
    with transaction.atomic(using="personal"):
        # Two who write the first contact of a kind at once: the second waits, and finds the first one's.
        _take_turns(row.id, kind)
        held = Contact.objects.select_for_update().filter(subject_id=row.id, kind=kind).first()
        contact = held or Contact(subject_id=row.id, kind=kind, recorded_at=at)
        contact.recorded_at = at
        vault.encrypt(contact, {"value": value}, at=at)
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
        vault.encrypt(contact, {"value": value.strip()}, at=at)
        contact.recorded_at = at
        contact.save(update_fields=["value", "value_index", "recorded_at"])
        with transaction.atomic():
            facts = {"item": item, "contact": str(contact.id), "event": str(event)}
            ledger.record(Event.CONTACT_CORRECTED, actor=actor, at=at, subjects=[str(subject_id)], facts=facts)


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


def _take_turns(subject_id: UUID, kind: str) -> None:
    with connections["personal"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"contact {subject_id} {kind}"])


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
        raise SubjectDestroyed(_("The data of this registration was destroyed."))
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
