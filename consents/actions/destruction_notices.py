"""What the person is told of the destruction that follows a withdrawal: planned, stopped, or given up.

Each goes to every e-mail address on record (decision 0165). Whoever has a code of the consent can stop a destruction
and let it go on all day, so the number of mails in an hour is bounded; what is sent then says how it is by then.
"""

from datetime import datetime, timedelta

from consents.models import PlannedDestruction
from privacy.jobs import outbox
from privacy.jobs.models import GeneralOutbox
from privacy.subjects.models import Subject

NOTICE = "consents.destruction"
PLANNED, STOPPED, AGREED_AGAIN = "planned", "stopped", "agreed-again"
MOST_IN_AN_HOUR = 3
State = PlannedDestruction.State


def queue_notice(plan: PlannedDestruction, word: str, *, at: datetime) -> None:
    """Queue, in the caller's transaction, a mail about a plan as it is now; none where nothing ever waited."""
    if plan.due_at <= plan.decision.recorded_at:
        return
    ids = {"plan": str(plan.pk), "word": word, "due_at": plan.due_at.isoformat()}
    outbox.enqueue(NOTICE, ids=ids, key=f"{NOTICE}:{plan.pk}:{word}:{at.isoformat()}", shard=_person(plan))


def still_holds(plan: PlannedDestruction, word: str, due_at: datetime) -> bool:
    """Whether what a queued mail says is so: another act since has a mail of its own."""
    if word == PLANNED:
        return plan.state == State.WAITING and plan.due_at == due_at
    if word == STOPPED:
        return plan.state == State.STOPPED
    later = PlannedDestruction.objects.open().of(plan.subject_id).filter(decision__agreement=plan.decision.agreement)
    return plan.state == State.AGREED_AGAIN and not later.exists()


def is_flooded(plan: PlannedDestruction, *, at: datetime) -> bool:
    """Whether the person had as many of these mails as may go out in an hour."""
    sent = GeneralOutbox.objects.filter(kind=NOTICE, shard=_person(plan), done_at__gt=at - timedelta(hours=1))
    return sent.count() >= MOST_IN_AN_HOUR


def _person(plan: PlannedDestruction) -> str:
    return Subject.objects.values_list("reference", flat=True).get(pk=plan.subject_id)
