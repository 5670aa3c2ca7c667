"""What is remembered of connected systems."""

from privacy.systems.models.systems import AskedChange, ConnectedSystem, Connection, EntryChange, Identifier
from privacy.systems.models.tasks import Act, Answer, Envelope, SystemTask, TaskQuerySet

__all__ = [
    "Act",
    "Answer",
    "AskedChange",
    "ConnectedSystem",
    "Connection",
    "EntryChange",
    "Envelope",
    "Identifier",
    "SystemTask",
    "TaskQuerySet",
]
