"""Contacts as the register of holdings sees them: shown to their owner, and which of them a notice goes to."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.entries.pseudonyms import pseudonyms_of
from privacy.ledger.models import Entry, names_one_of
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.subjects.events import Event
from privacy.subjects.models import Contact
from privacy.subjects.sources import DataSource, Source
from privacy.vault import actions as vault
from privacy.vault.decryption_session import DecryptionSession
from privacy.vault.models import Freeze

WAIT_HOURS = "contact.wait.hours"


def disputed(subject_ids: Collection[UUID], kind: str, *, at: datetime) -> set[UUID]:
    """Return whose contact of this kind a correction is open about: a notice that duty sends waits for it (P1.5).

    Otherwise a stranger reads it. A suspension stops no duty (law R-20).
    """
    return {
        subject_id
        for subject_id, freezes in vault.active_freezes_by_subject(subject_ids, at=at).items()
        for one in freezes
        if one.cause == Freeze.Cause.CORRECTION and one.category in {"", CONTACT} and one.item in {"", kind}
    }


def wait_after_change(at: datetime) -> timedelta:
    """Return how long a changed contact gets no code of a package, and the one before it is still told (0136, 0164)."""
    return timedelta(hours=rulebook.parameter(WAIT_HOURS, clock.kst_date(at)))


def told_of_destruction(subject_id: UUID, *, at: datetime) -> list[Contact]:
    """Return the addresses that are told that a person's data is going to be destroyed, or no longer is.

    Whoever gave another address and then had everything destroyed must not be the only one who hears of it: one that
    was proven and ended a short while ago is told too.
    """
    since = at - wait_after_change(at)
    proven = Q(verified_at__isnull=False, ended_at__gt=since)
    return list(Contact.objects.emails([subject_id]).filter(Q(ended_at=None) | proven))


def held_back(told: Collection[Contact], *, at: datetime) -> list[Contact]:
    """Return those of a person's addresses that a notice passes over while a correction is open about them.

    Anybody can ask for a correction: it says nothing against an address that the person has proven (0181).
    """
    unproven = [contact for contact in told if contact.verified_at is None]
    return unproven if disputed({contact.subject_id for contact in unproven}, Contact.Kind.EMAIL, at=at) else []


class Recording(NamedTuple):
    """Who put a contact on record as a colleague, or carried out a correction of it (``event``)."""

    by: str
    event: str


def recordings(subject_ids: Collection[UUID], kind: str, *, index: bytes | None) -> list[Recording]:
    """Return whom the audit trail has as having put a value with this index on record for these people, ever.

    The trail has no values. Those who recorded a contact that is gone count too, for nobody can say that it was another
    one; those of which the row still tells another value do not.
    """
    names = sorted({name for one in subject_ids for name in pseudonyms_of(str(one))})
    words = [Event.CONTACT_RECORDED, Event.CONTACT_CORRECTED]
    written = Entry.objects.filter(names_one_of(names), word__in=words).order_by("id")
    first: dict[str, Recording] = {}
    for actor, payload in written.values_list("actor", "payload"):
        facts = facts_in(payload)
        if facts.get("kind") == kind and facts.get("source") in {Contact.Source.OFFICE, Contact.Source.CORRECTION}:
            first.setdefault(str(facts.get("contact")), Recording(actor, str(facts.get("event", ""))))
    known = Contact.objects.filter(id__in=list(first), value_index__isnull=False)
    others = known.exclude(value_index=index) if index is not None else known.none()
    told = {str(contact) for contact in others.values_list("pk", flat=True)}
    return [one for contact, one in first.items() if contact not in told]


def export_contacts(subject_id: UUID, vault_session: DecryptionSession) -> Iterator[dict[str, Any]]:
    """Yield the person's contacts in clear, for her view package (P1.2)."""
    contacts = Contact.objects.of(subject_id).order_by("kind", F("ended_at").asc(nulls_last=True))
    for contact, value in vault_session.decrypt_many(contacts, "value"):
        yield {
            contact.kind: value,
            "purpose": contact.purpose,
            "basis": contact.basis,
            "language": contact.language,
            "source": contact.source,
            "document": contact.document,
            "recorded_at": contact.recorded_at.isoformat(),
            "verified_at": contact.verified_at and contact.verified_at.isoformat(),
            "preferred": contact.is_preferred,
            "ended_at": contact.ended_at and contact.ended_at.isoformat(),
        }


# Who brought a contact, by what its row says.
BROUGHT_BY = {
    Contact.Source.GATEWAY: Source.DEVICE,
    Contact.Source.PERSON: Source.PERSON,
    Contact.Source.OFFICE: Source.OFFICE,
    Contact.Source.CORRECTION: Source.CORRECTION,
}


def sources_of(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield where these people's contacts come from, ended ones that are still held too."""
    held = Contact.objects.filter(subject_id__in=list(subject_ids))
    for source in held.order_by("source").values_list("source", flat=True).distinct():
        yield DataSource(BROUGHT_BY[Contact.Source(source)])
