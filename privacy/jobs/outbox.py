"""The outbox: put something into it in the transaction of the change, and say who delivers each kind."""

from privacy.jobs.actions import close_dead_letters, close_waiting, enqueue, enqueue_many, is_queued, note_progress
from privacy.jobs.deliverers import (
    DELIVERERS,
    MAIL,
    TEXT_MESSAGES,
    DeadLetterCallback,
    Deliverer,
    DelivererSettings,
    QueuedWork,
    RetryLater,
    deliverer,
)
from privacy.jobs.retry_policy import EXTERNAL_RETRIES, INTERNAL_RETRIES

__all__ = [
    "DELIVERERS",
    "EXTERNAL_RETRIES",
    "INTERNAL_RETRIES",
    "MAIL",
    "TEXT_MESSAGES",
    "DeadLetterCallback",
    "Deliverer",
    "DelivererSettings",
    "QueuedWork",
    "RetryLater",
    "close_dead_letters",
    "close_waiting",
    "deliverer",
    "enqueue",
    "enqueue_many",
    "is_queued",
    "note_progress",
]
