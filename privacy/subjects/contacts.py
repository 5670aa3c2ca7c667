"""Contacts as the register of holdings sees them: how they are shown to their owner, and when they are due."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from privacy.policies.rulebook import RetentionTerm
from privacy.subjects.models import SLICE, Contact, Subject
from privacy.vault.door import Door


def export(subject_id: UUID, door: Door) -> Iterator[dict[str, Any]]:
    """Yield the person's contacts in clear, for her view package (P1.2)."""
    contacts = Contact.objects.filter(subject_id=subject_id).order_by("kind")
    for contact, value in door.reveal_many(contacts, "value"):
        yield {"kind": contact.kind, "value": value, "recorded_at": contact.recorded_at.isoformat()}


def due(on: date, term: RetentionTerm) -> Iterator[list[UUID]]:
    """Yield people whose registration ended and whose contacts are still here: the purpose is achieved (law D-01).

    Few people give a contact, so the walk is over contacts; ``on`` and ``term`` say nothing more.
    """
    last: UUID | None = None
    while True:
        held = Contact.objects.order_by("subject_id")
        page = held if last is None else held.filter(subject_id__gt=last)
        ids = list(page.values_list("subject_id", flat=True).distinct()[:SLICE])
        if not ids:
            return
        ended = Subject.objects.filter(id__in=ids, state=Subject.State.DESTROYED)
        over = list(ended.values_list("id", flat=True))
        if over:
            yield over
        last = ids[-1]
