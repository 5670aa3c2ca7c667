"""The outbox: put something into it in the transaction of the change, and say who delivers each kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from privacy.jobs.actions import put

__all__ = ["DELIVERERS", "Deliverer", "Later", "deliverer", "put"]


class Deliverer(Protocol):
    """Carries out one row. Called outside any transaction; must be safe to run twice for the same ``event``."""

    def __call__(self, ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None: ...


class Later(Exception):
    """Not now: try again after ``seconds``. Does not count as a failure, only as a start."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


DELIVERERS: dict[str, Deliverer] = {}


def deliverer(kind: str) -> Callable[[Deliverer], Deliverer]:
    """Register the function that delivers rows of a kind; a kind has one deliverer."""

    def register(function: Deliverer) -> Deliverer:
        if kind in DELIVERERS:
            raise ValueError(f"two deliverers for {kind}")
        DELIVERERS[kind] = function
        return function

    return register
