"""What other apps tell this one: a connected system's task has ended."""

from datetime import datetime

from privacy.jobs import outbox
from privacy.systems.models import Act, SystemTask

ADDENDUM = "retention.addendum"


def system_task_ended(sender: object, *, task: SystemTask, at: datetime, **kwargs: object) -> None:
    """Queue the addendum, in the transaction of the end: it is signed once that can be read."""
    if task.act == Act.DESTROY:
        outbox.enqueue(ADDENDUM, ids={"task": str(task.id)}, key=f"{ADDENDUM}:{task.id}", shard=task.case)
