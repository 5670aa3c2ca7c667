"""The wait before data is destroyed on request: it is closed at once, and the person and every officer are told.

Whoever destroys on request (a rights case, a withdrawal) keeps the end of its wait with its own record, and destroys
and stops there; what all of them share is here (decision 0105).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, SystemActor
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.retention.destruction import blockers
from privacy.retention.events import Event
from privacy.vault import actions as vault
from privacy.vault.models import Freeze

WAIT = "withdrawal.wait.hours"
PERSON_TOLD = "retention.wait.person"
OFFICER_TOLD = "retention.wait.officer"


def end_of_wait(at: datetime) -> datetime:
    """Return until when a destruction that is released now can be stopped."""
    return at + timedelta(hours=rulebook.parameter(WAIT, clock.kst_date(at)))


def close_data(
    subject_ids: Iterable[UUID], categories: Collection[str], *, case: str, actor: Actor, at: datetime
) -> None:
    """Close what is to be destroyed, in the caller's transaction: from now on it is neither used nor provided."""
    for subject_id in subject_ids:
        for category in categories:
            vault.freeze(subject_id=subject_id, category=category, cause="suspension", case=case, actor=actor, at=at)


def reopen_data(*, case: str, actor: Actor, at: datetime) -> int:
    """Lift what ``close_data`` closed: it was stopped, or it is destroyed."""
    return vault.unfreeze(case=case, actor=actor, at=at)


def is_waiting(said: Mapping[str, str], *, at: datetime) -> bool:
    """Whether what a queued mail says still holds: what it announces was neither stopped nor ended since."""
    if said["word"] == "stopped":
        return True
    closed = Freeze.objects.active(at).filter(case=said["case"])
    return closed.filter(frozen_at__lte=datetime.fromisoformat(said["closed_at"])).exists()


def word_now(said: Mapping[str, str], *, at: datetime) -> str:
    """Return what a queued mail says by now: no day where a hold covers what it announces to be destroyed."""
    if said["word"] != "planned":
        return said["word"]
    closed = Freeze.objects.active(at).filter(case=said["case"]).values_list("subject_id", "category")
    is_held = any(blockers.is_on_hold([person], [category] if category else None, at=at) for person, category in closed)
    return "held" if is_held else "planned"


def announce(
    subject_ids: Iterable[UUID], *, word: str, kept: bool, case: str, page: str, until: datetime, at: datetime
) -> None:
    """Queue, in the caller's transaction, a mail to each person's address on record and to every officer.

    ``word`` is ``planned`` (destroyed after ``until``), ``held`` (a hold keeps it, no day is set) or ``stopped``; the
    first two are no longer told once it was stopped. ``kept`` says that a law preserves some of it. ``page`` is where
    an officer stops it, within the portal.
    """
    said = {
        "word": word,
        "kept": "yes" if kept else "",
        "case": case,
        "page": page,
        "until": until.isoformat(),
        "closed_at": at.isoformat(),
    }
    key = f"{word}:{case}:{at.isoformat()}"
    for subject_id in subject_ids:
        outbox.enqueue(
            PERSON_TOLD, ids={**said, "subject": str(subject_id)}, key=f"{PERSON_TOLD}:{key}:{subject_id}", shard=case
        )
    for officer in User.objects.holding("officer", on=clock.kst_date(at)).order_by("reference"):
        outbox.enqueue(
            OFFICER_TOLD, ids={**said, "to": officer.reference}, key=f"{OFFICER_TOLD}:{key}:{officer.reference}"
        )


def record_told(said: Mapping[str, str], *, word: str, template: str, at: datetime) -> None:
    """Put on record that a person was mailed what becomes of their data, and in the words of which template."""
    facts = {"case": said["case"], "notice": word, "template": template}
    with transaction.atomic():
        ledger.record(
            Event.PERSON_TOLD, actor=SystemActor("retention"), at=at, subjects=[UUID(said["subject"])], facts=facts
        )
