"""Who delivers each kind of outbox row, how long it is tried, and which system outside it depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.jobs.retry_policy import EXTERNAL_RETRIES, INTERNAL_RETRIES, RetryPolicy

# Destinations outside: a row that depends on none is the portal's own work.
INTERNAL = ""
MAIL = "mail"
TEXT_MESSAGES = "text-messages"


class Deliverer(Protocol):
    """Carries out one row. Called outside any transaction; must be safe to run twice for the same ``event``."""

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None: ...


class QueuedWork(Protocol):
    """One of several rows that are carried out together."""

    @property
    def id(self) -> UUID: ...
    @property
    def ids(self) -> Mapping[str, str]: ...
    @property
    def progress(self) -> str: ...


class GroupDeliverer(Protocol):
    """Carries out several rows of one kind and one shard; otherwise like ``Deliverer``.

    Returns why a row is not done, by its id; a row that it leaves out is done. What it raises is said of all rows.
    """

    def __call__(self, rows: Sequence[QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]: ...


class DeadLetterCallback(Protocol):
    """Tells the app that one row is given to a person, so that its own record says so too; safe to run twice."""

    def __call__(self, ids: Mapping[str, str], *, why: str, at: datetime) -> None: ...


class RetryLater(Exception):
    """Not now: try again after ``seconds``. No failure, and the time is not taken from the row's patience."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True)
class DelivererSettings:
    """Who delivers a kind, how long it is tried, on which system it depends, and who hears when it was parked."""

    deliver: Deliverer
    patience: RetryPolicy = INTERNAL_RETRIES
    parked: DeadLetterCallback | None = None
    destination: str = INTERNAL
    together: GroupDeliverer | None = None


DELIVERERS: dict[str, DelivererSettings] = {}


def deliverer(
    kind: str,
    *,
    destination: str = INTERNAL,
    patience: RetryPolicy | None = None,
    parked: DeadLetterCallback | None = None,
    together: GroupDeliverer | None = None,
) -> Callable[[Deliverer], Deliverer]:
    """Register the function that delivers rows of a kind; a kind has one deliverer.

    ``destination`` names the system outside that it waits for (``MAIL``, ``TEXT_MESSAGES``): such rows hold up nobody
    else's work, and are tried for three days unless ``patience`` says otherwise, and three times where there is no such
    mailbox. ``together`` carries out several rows that are due at once; a single one, and what a worker died over again
    and again, is still delivered by itself.
    """
    patient = patience or (EXTERNAL_RETRIES if destination else INTERNAL_RETRIES)

    def register(function: Deliverer) -> Deliverer:
        if kind in DELIVERERS:
            raise ValueError(f"two deliverers for {kind}")
        DELIVERERS[kind] = DelivererSettings(function, patient, parked, destination, together)
        return function

    return register
