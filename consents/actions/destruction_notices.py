"""What the person is told of the destruction that follows a withdrawal: planned, stopped, given up, or carried out.

Each goes to every e-mail address on record (decision 0165). Whoever has a code of the consent can stop a destruction
and let it go on all day, so the number of mails about one plan in an hour is bounded; what is sent then says how it is
by then. The first word of a plan waits for no other (decision 0181).
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from consents import destruction_status
from consents.destruction_status import Status
from consents.events import Event
from consents.models import PlannedDestruction
from privacy.jobs import outbox
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.subjects.models import Contact, Subject

NOTICE = "consents.destruction"
PLANNED, STOPPED, AGREED_AGAIN = "planned", "stopped", "agreed-again"
UNDER_WAY, DESTROYED, HELD, PARTLY = "under-way", "destroyed", "held", "partly"
MOST_IN_AN_HOUR = 3
State = PlannedDestruction.State


def queue_notice(plan: PlannedDestruction, word: str, *, at: datetime) -> None:
    """Queue, in the caller's transaction, a mail about a plan as it is now; none where nothing ever waited."""
    if plan.due_at <= plan.decision.recorded_at:
        return
    ids = {"plan": str(plan.pk), "word": word, "due_at": plan.due_at.isoformat(), "said_at": at.isoformat()}
    outbox.enqueue(NOTICE, ids=ids, key=f"{NOTICE}:{plan.pk}:{word}:{at.isoformat()}")


def queue_for(contacts: Collection[Contact], ids: Mapping[str, str], *, event: UUID) -> None:
    """Queue what one delivery says for those of its addresses that are held back; the others have it at once."""
    named = ",".join(str(contact.pk) for contact in contacts)
    outbox.enqueue(NOTICE, ids={**ids, "contacts": named}, key=f"{NOTICE}:{event}:held-back")


def queue_held(plan: PlannedDestruction, *, at: datetime) -> None:
    """Queue that a hold keeps what was announced to be destroyed, once for each day that it was announced for."""
    if (HELD, plan.due_at.isoformat()) not in _said(plan):
        queue_notice(plan, PLANNED, at=at)


def word_now(plan: PlannedDestruction, ids: Mapping[str, str], *, at: datetime) -> str | None:
    """Return what a queued mail says by now, or None where it is no longer so: another act has a mail of its own.

    What was not told before the destruction began is told then.
    """
    now, word = destruction_status.status(plan, at=at), ids["word"]
    goes_on = plan.state in {State.WAITING, State.UNDER_WAY, State.DESTROYED}
    if word == PLANNED and goes_on and plan.due_at.isoformat() == ids["due_at"]:
        found = PLANNED if now == Status.WAITING else str(now)
        return None if found == HELD and (HELD, ids["due_at"]) in _said(plan) else found
    if word == STOPPED and plan.state == State.STOPPED and plan.stopped_at is not None:
        return str(now) if plan.stopped_at.isoformat() == ids["said_at"] else None
    if word == AGREED_AGAIN and now == Status.AGREED_AGAIN:
        later = PlannedDestruction.objects.open().of(plan.subject_id)
        return None if later.filter(decision__agreement=plan.decision.agreement).exists() else AGREED_AGAIN
    return None


def others(plan: PlannedDestruction, word: str) -> list[PlannedDestruction]:
    """Return the other plans that make it untrue that a plan's data is kept, or is used again."""
    if word not in {STOPPED, AGREED_AGAIN}:
        return []
    kept = (State.AGREED_AGAIN, State.STOPPED) if word == STOPPED else (State.AGREED_AGAIN,)
    before = Q(state=State.DESTROYED, ended_at__lt=plan.decision.recorded_at)
    found = PlannedDestruction.objects.of(plan.subject_id).exclude(pk=plan.pk).exclude(state__in=kept).exclude(before)
    return [one for one in found.select_related("decision__agreement", "decision__version") if _shares_data(plan, one)]


def is_flooded(plan: PlannedDestruction, word: str, *, at: datetime) -> bool:
    """Whether as many mails about a plan went out as may in an hour; what was never said of it is not put off."""
    if word in {UNDER_WAY, PARTLY, DESTROYED}:
        return False
    if _told(plan).filter(time__gt=at - timedelta(hours=1)).count() < MOST_IN_AN_HOUR:
        return False
    return word not in {PLANNED, HELD} or word in {said for said, _due_at in _said(plan)}


def record_told(plan: PlannedDestruction, word: str, *, template: str, actor: Actor, at: datetime) -> None:
    """Put on record that a person was mailed this about a plan, in the words of a template."""
    about = {"agreement": plan.decision.agreement.code, "due_at": plan.due_at.isoformat()}
    facts = {**about, "notice": word, "template": template}
    reference = Subject.objects.values_list("reference", flat=True).get(pk=plan.subject_id)
    ledger.record(Event.DESTRUCTION_TOLD, actor=actor, at=at, about=plan, subjects=[reference], facts=facts)


def _told(plan: PlannedDestruction) -> QuerySet[Entry]:
    return Entry.objects.about(f"{PlannedDestruction.record_label.lower()}:{plan.pk}").filter(
        word=Event.DESTRUCTION_TOLD
    )


def _said(plan: PlannedDestruction) -> set[tuple[str, str]]:
    """Return what was mailed about a plan, each with the day that its destruction was due then."""
    told = map(facts_in, _told(plan).values_list("payload", flat=True))
    return {(str(facts.get("notice")), str(facts.get("due_at"))) for facts in told}


def _shares_data(one: PlannedDestruction, other: PlannedDestruction) -> bool:
    """Whether two plans destroy data of one another; with a required agreement all of it goes."""
    first, second = one.decision.agreement, other.decision.agreement
    return first.required or second.required or not set(first.categories).isdisjoint(second.categories)
