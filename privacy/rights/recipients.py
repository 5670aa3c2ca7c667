"""Requesters as people who can be told something: by the number of their case, at the address they gave."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from privacy.campaigns import recipients
from privacy.campaigns.recipients import RecipientKind
from privacy.ledger.actors import Actor
from privacy.rights.models import Particulars, Request
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose


def with_contact(ids: Collection[UUID] | None = None) -> QuerySet[Particulars]:
    """Return the words of these people, or of all, that hold a contact."""
    held = Particulars.objects.filter(about=Particulars.About.CASE, contact__isnull=False)
    return held if ids is None else held.filter(subject_id__in=ids)


def address(one: UUID, actor: Actor, at: datetime, reason: str) -> str | None:
    """Open the e-mail address in a case; nothing where none was given, or when its term is over."""
    return _opened([one], "email", actor, at, reason).get(one)


def postal_addresses(ids: Collection[UUID], actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the postal addresses of those who gave one."""
    return _opened(ids, "address", actor, at, reason)


def _opened(ids: Collection[UUID], part: str, actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    words = list(with_contact(ids).order_by("id"))
    if not words:
        return {}
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="rights.requester.addressed", actor=actor, at=at, reason=reason
    ) as vault_session:
        opened = [(one.subject_id, contact or {}) for one, contact in vault_session.decrypt_many(words, "contact")]
    return {one: contact[part] for one, contact in opened if contact.get(part)}


def gone(ids: Collection[UUID]) -> set[UUID]:
    """Return the closed cases of which no word is left: nobody can tell their requesters."""
    closed = set(Request.objects.filter(id__in=ids, closed_at__isnull=False).values_list("id", flat=True))
    held = Particulars.objects.filter(subject_id__in=closed, about=Particulars.About.CASE)
    return closed - set(held.values_list("subject_id", flat=True))


recipients.declare(
    "requesters",
    RecipientKind(
        named=lambda names: dict(Request.objects.filter(number__in=names).values_list("number", "id")),
        references=lambda ids: dict(Request.objects.filter(id__in=ids).values_list("id", "number")),
        reachable=lambda ids: set(with_contact(ids).values_list("subject_id", flat=True)),
        address=address,
        writable=lambda ids, _at: set(with_contact(ids).values_list("subject_id", flat=True)),
        postal_addresses=postal_addresses,
        with_postal_address=with_contact,
        languages=lambda ids: dict(Request.objects.filter(id__in=ids).values_list("id", "language")),
        gone=gone,
    ),
)
