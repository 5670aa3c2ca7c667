"""Under which event and to which destination of the outbox the tasks of a system go."""

from uuid import UUID

from privacy.jobs import outbox
from privacy.systems.models import Act, ConnectedSystem

EVENT = "systems.task"


def destination_of(system: ConnectedSystem, act: str) -> str:
    """Return the outbox's destination: one system that hangs holds up no other, and a freeze waits for nothing else."""
    return f"system:{system.code}:{'freeze' if act == Act.FREEZE else 'tasks'}"


def enqueue_again(task_id: UUID, system: ConnectedSystem, act: str, *, mark: object) -> None:
    """Have a task sent once more; the same ``mark`` twice is once."""
    outbox.enqueue(
        EVENT, ids={"task": str(task_id)}, key=f"{EVENT}:{task_id}:{mark}", shard=system.code,
        destination=destination_of(system, act),
    )  # fmt: skip
