"""Who turns 14 decides alone from then on, and is told so once (C-12, PIPA art. 22-2, decision 0401)."""

from datetime import date, datetime, timedelta

from django.db import transaction

from consents.events import Event
from consents.models import AgeStatement
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.subjects.models import Subject

TOLD = "consents.of-age"
# A worker that was away for so long still tells; after that the device and the pages do.
CATCH_UP = timedelta(days=31)


def tell_of_age(*, on: date, actor: Actor, at: datetime) -> int:
    """Queue a notice for each person who is 14 now and was a child on record; return how many. Safe to repeat."""
    lately = AgeStatement.objects.filter(of_age_from__lte=on, of_age_from__gt=on - CATCH_UP).order_by("id")
    told = 0
    for statement in lately:
        key = f"{TOLD}:{statement.id}"
        person = Subject.objects.not_destroyed().filter(pk=statement.subject_id).first()
        if person is None or outbox.is_queued(key):
            continue
        with transaction.atomic():
            outbox.enqueue(TOLD, ids={"statement": str(statement.id)}, key=key)
            ledger.record(Event.OF_AGE, actor=actor, at=at, about=statement, subjects=[person.reference])
        told += 1
    return told
