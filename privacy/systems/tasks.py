"""What runs later: calling the connected systems. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.jobs import outbox
from privacy.jobs.retry_policy import RetryPolicy
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.systems import actions as systems
from privacy.systems import connector_client
from privacy.systems.actions.answering import EARLIER, EARLIER_IN_TROUBLE, KEPT_FOR_NOW
from privacy.systems.connector_client import AskAgain, CannotDo, FreezeEnded, SystemUnreachable
from privacy.systems.models import SystemTask
from privacy.systems.outgoing import EVENT
from privacy.systems.protocol import WrongAnswer

WORKER = SystemActor("systems")
# A system may be away for a weekend or be moved: it is asked for a month, and late long before.
PATIENCE = RetryPolicy(first=15, longest=1_800, hours=30 * 24)
# Act, read-back, acknowledgement; the outbox's lease is longer than three calls that hang.
CALLS = 3
EARLIER_SECONDS, CONFLICT_SECONDS = 10, 5
TROUBLE_SECONDS = CONTRADICTED_SECONDS = 3_600
KEPT_SECONDS = 21_600
WAITS_FOR = {EARLIER: EARLIER_SECONDS, EARLIER_IN_TROUBLE: TROUBLE_SECONDS, KEPT_FOR_NOW: KEPT_SECONDS}
MOST_CONTRADICTIONS = 8


def park_task(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show a task that a month of asking did not bring to an end."""
    task = SystemTask.objects.select_related("system").get(id=ids["task"])
    systems.record_failure(task, task.trouble or why, final=True, actor=WORKER, at=at)


@outbox.deliverer(EVENT, destination="system", patience=PATIENCE, parked=park_task)
def deliver_task(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Ask a system what a task asks next, until it is over; what failed is asked again under the same key."""
    for _call in range(CALLS):
        task = SystemTask.objects.select_related("system").get(id=ids["task"])
        asked = systems.next_call(task, actor=WORKER, at=at)
        if asked.wait:
            raise outbox.RetryLater(WAITS_FOR[asked.wait], asked.wait)
        if asked.call is None:
            return
        systems.record_sent(task, at=at)
        try:
            signed = connector_client.call(asked.call, at=at)
            task = systems.record_answer(task, asked.call, signed, actor=WORKER, at=at)
        except AskAgain as later:
            raise outbox.RetryLater(later.seconds, "accepted") from later
        except FreezeEnded:
            systems.drop_freeze(task, actor=WORKER, at=at)
            return
        except CannotDo as refused:
            if refused.conflict:
                systems.begin_anew(task, at=at)
                raise outbox.RetryLater(CONFLICT_SECONDS, str(refused)) from refused
            systems.record_failure(task, str(refused), final=True, actor=WORKER, at=at)
            return
        except (SystemUnreachable, WrongAnswer) as error:
            systems.record_failure(task, str(error), final=False, actor=WORKER, at=at)
            raise
        if task.state == SystemTask.State.CONTRADICTED:
            if task.contradictions >= MOST_CONTRADICTIONS:
                return
            raise outbox.RetryLater(CONTRADICTED_SECONDS, "contradicted")
        if task.state == SystemTask.State.FAILED:
            return
        if task.trouble in WAITS_FOR:
            raise outbox.RetryLater(WAITS_FOR[task.trouble], task.trouble)
    if task.is_open:
        raise outbox.RetryLater(CONFLICT_SECONDS, "more-to-ask")


def remove_left_over() -> int:
    """Remove identifiers of tasks that have ended, where a kill left them; return how many."""
    return systems.remove_left_over(actor=WORKER, at=clock.now())
