"""The outbox: put something into it in the transaction of the change, and say who delivers each kind."""

from privacy.jobs.actions import close_dead_letters, close_waiting, enqueue, enqueue_many, is_queued
from privacy.jobs.deliverers import (
    DELIVERERS,
    MAIL,
    DeadLetterCallback,
    Deliverer,
    DelivererSettings,
    RetryLater,
    deliverer,
)
from privacy.jobs.retry_policy import EXTERNAL_RETRIES, INTERNAL_RETRIES

__all__ = [
    "DELIVERERS",
    "EXTERNAL_RETRIES",
    "INTERNAL_RETRIES",
    "MAIL",
    "DeadLetterCallback",
    "Deliverer",
    "DelivererSettings",
    "RetryLater",
    "close_dead_letters",
    "close_waiting",
    "deliverer",
    "enqueue",
    "enqueue_many",
    "is_queued",
]
