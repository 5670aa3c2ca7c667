"""Who delivers each kind of outbox row, how long it is tried, and which system outside it depends on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.jobs.retry_policy import EXTERNAL_RETRIES, INTERNAL_RETRIES, RetryPolicy

# Destinations outside: a row that depends on none is the portal's own work.
INTERNAL = ""
MAIL = "mail"


class Deliverer(Protocol):
    """Carries out one row. Called outside any transaction; must be safe to run twice for the same ``event``."""

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None: ...


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


DELIVERERS: dict[str, DelivererSettings] = {}


def deliverer(
    kind: str,
    *,
    destination: str = INTERNAL,
    patience: RetryPolicy | None = None,
    parked: DeadLetterCallback | None = None,
) -> Callable[[Deliverer], Deliverer]:
    """Register the function that delivers rows of a kind; a kind has one deliverer.

    ``destination`` names the system outside that it waits for (``MAIL``): such rows hold up nobody else's work, and are
    tried for three days unless ``patience`` says otherwise.
    """
    patient = patience or (EXTERNAL_RETRIES if destination else INTERNAL_RETRIES)

    def register(function: Deliverer) -> Deliverer:
        if kind in DELIVERERS:
            raise ValueError(f"two deliverers for {kind}")
        DELIVERERS[kind] = DelivererSettings(function, patient, parked, destination)
        return function

    return register
