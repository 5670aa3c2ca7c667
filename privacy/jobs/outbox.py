"""The outbox: put something into it in the transaction of the change, and say who delivers each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.jobs.actions import put, put_many
from privacy.jobs.patience import INWARD, OUTWARD, Patience

__all__ = ["DELIVERERS", "INWARD", "OUTWARD", "Deliverer", "Later", "Parked", "Route", "deliverer", "put", "put_many"]


class Deliverer(Protocol):
    """Carries out one row. Called outside any transaction; must be safe to run twice for the same ``event``."""

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None: ...


class Parked(Protocol):
    """Tells the app that one row was given to a person, so that its own record says so too."""

    def __call__(self, ids: Mapping[str, str], *, why: str, at: datetime) -> None: ...


class Later(Exception):
    """Not now: try again after ``seconds``. Does not count as a failure, only as a start."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True)
class Route:
    """Who delivers a kind, how long it is tried, and who hears when it was parked."""

    deliver: Deliverer
    patience: Patience = INWARD
    parked: Parked | None = None


DELIVERERS: dict[str, Route] = {}


def deliverer(
    kind: str, *, patience: Patience = INWARD, parked: Parked | None = None
) -> Callable[[Deliverer], Deliverer]:
    """Register the function that delivers rows of a kind; a kind has one deliverer."""

    def register(function: Deliverer) -> Deliverer:
        if kind in DELIVERERS:
            raise ValueError(f"two deliverers for {kind}")
        DELIVERERS[kind] = Route(function, patience, parked)
        return function

    return register
