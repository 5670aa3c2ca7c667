"""Whose contacts have served their purpose: their data was destroyed; asked by the sweep, only reads."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from privacy.lib.dates import clock
from privacy.policies.rulebook import RetentionPeriod
from privacy.subjects.models import BATCH_SIZE, Contact, Subject


def contacts_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield people whose data was destroyed and whose contacts are still here: the purpose is achieved (law D-01).

    Few people give a contact, so the walk is over contacts; ``term`` says nothing more.
    """
    last: UUID | None = None
    while True:
        held = Contact.objects.order_by("subject_id")
        page = held if last is None else held.filter(subject_id__gt=last)
        ids = list(page.values_list("subject_id", flat=True).distinct()[:BATCH_SIZE])
        if not ids:
            return
        later = clock.midnight(on + timedelta(days=1))
        ended = Subject.objects.filter(id__in=ids, state=Subject.State.DESTROYED).exclude(destroyed_at__gte=later)
        over = list(ended.values_list("id", flat=True))
        if over:
            yield over
        last = ids[-1]
