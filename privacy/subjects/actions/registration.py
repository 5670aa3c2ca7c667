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
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.subjects.events import Event
from privacy.subjects.models import FalseIdentityFinding, Subject


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
    rows = Subject.objects.select_for_update().filter(any_of("id", subject_ids)).not_destroyed().order_by("id")
    references = list(rows.values_list("reference", flat=True))
    marked = Subject.objects.filter(reference__in=references).update(state=Subject.State.DESTROYED, destroyed_at=at)
    if marked:
        facts = {"certificate": certificate, "count": marked}
        ledger.record(Event.DESTROYED, actor=actor, at=at, subjects=references, facts=facts)
    return marked


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
