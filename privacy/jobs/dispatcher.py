"""Carry out what the outboxes hold: the loop around claim, deliver, settle.

A row is claimed as it begins, so that a worker that dies leaves one row behind and no other. It begins only in the
first seconds of a run: each has the rest of the queue's timeout for itself, and the time at which it begins.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.db import DatabaseError

from privacy.jobs import actions as jobs
from privacy.jobs.deliverers import DELIVERERS, INTERNAL, RetryLater
from privacy.jobs.retry_policy import INTERNAL_RETRIES
from privacy.ledger import request_context

log = logging.getLogger("portal.jobs")
POISON_MESSAGE = "started too often without an end"
CLAIM_SECONDS = 15.0
# A delivery that fails after this long: its destination hangs, and is left alone for the rest of the run.
HANGING_SECONDS = 1.0

# One outbox, and the system outside that its rows wait for ("" is our own work).
type Queue = tuple[str, str]
type Clock = Callable[[], datetime]


def dispatch_due(*, at: datetime, seconds: float = CLAIM_SECONDS) -> int:
    """Deliver all that is due at a moment, our own work first; return how many were carried out."""
    done = dispatch_internal(now=lambda: at, seconds=seconds)
    return done + dispatch_external(now=lambda: at, seconds=seconds)[0]


def dispatch_internal(*, now: Clock, seconds: float = CLAIM_SECONDS) -> int:
    """Carry out what needs no system outside; return how many rows were."""
    return _round_robin([(using, INTERNAL) for using in jobs.OUTBOXES], now=now, end=time.monotonic() + seconds)[0]


def dispatch_external(*, now: Clock, seconds: float = CLAIM_SECONDS) -> tuple[int, set[str]]:
    """Deliver what goes outside, each destination in its turn; return how many were, and which destinations hang."""
    return _round_robin(due_external(), now=now, end=time.monotonic() + seconds)


def due_external() -> list[Queue]:
    """Return the outboxes with the destinations outside for which something is due."""
    return [one for one in _due() if one[1] != INTERNAL]


def due_internal() -> list[Queue]:
    """Return the outboxes in which our own work is due."""
    return [one for one in _due() if one[1] == INTERNAL]


def _due() -> Iterator[Queue]:
    for using in jobs.OUTBOXES:
        try:
            yield from [(using, name) for name in jobs.destinations_due(using=using)]
        except DatabaseError as error:
            _log_unreachable(using, error)


def _round_robin(queues: Sequence[Queue], *, now: Clock, end: float) -> tuple[int, set[str]]:
    """Carry out one row of each queue in turn until all are empty; return how many were, and what hangs."""
    going, hanging = list(queues), set[str]()
    done = 0
    while going:
        for queue in list(going):
            if time.monotonic() >= end:
                return done, hanging
            began = time.monotonic()
            try:
                row = jobs.claim(using=queue[0], destination=queue[1])
                delivered = row is not None and _deliver(row, at=now())
            except DatabaseError as error:
                _log_unreachable(queue[0], error)
                row = None
            if row is None:
                going.remove(queue)
            elif delivered:
                done += 1
            elif queue[1] and time.monotonic() - began > HANGING_SECONDS:
                hanging.add(queue[1])
                going = [one for one in going if one[1] not in hanging]
                break
    return done, hanging


def _log_unreachable(using: str, error: DatabaseError) -> None:
    """One database that does not answer stops nobody else's deliveries; the lease of a row that was begun runs out."""
    log.warning("the outbox of %s does not answer: %s", using, type(error).__name__)


def _deliver(row: jobs.ClaimedDelivery, *, at: datetime) -> bool:
    """Carry out one row and settle it; return whether it was delivered.

    The name of an error is kept with the row, its text only where it is ours: a library's message may quote values.
    """
    route = DELIVERERS.get(row.kind)
    if row.is_poison_message:
        _dead_letter(row, why=POISON_MESSAGE, at=at)
        return False
    try:
        if route is None:
            raise LookupError("nobody delivers this kind")
        with request_context.override(door="worker"):
            route.deliver(row.ids, event=row.id, starts=row.starts, at=at)
    except RetryLater as later:
        jobs.postpone(row, seconds=later.seconds, why=str(later))
        return False
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the others; it is counted and shown
        log.warning("delivery %s (%s) failed at start %s: %s", row.id, row.kind, row.starts, type(error).__name__)
        why = type(error).__name__ if route is not None else str(error)
        patience = route.patience if route is not None else INTERNAL_RETRIES
        if not jobs.back_off(row, why=why, patience=patience):
            _dead_letter(row, why=why, at=at)
        return False
    jobs.finish(row)
    return True


def _dead_letter(row: jobs.ClaimedDelivery, *, why: str, at: datetime) -> None:
    """Give a row to a person, and let the app mark its own record; the app's trouble must not stop the worker.

    The app's record comes first: a worker that dies in between parks the row again.
    """
    route = DELIVERERS.get(row.kind)
    if route is not None and route.parked is not None:
        try:
            with request_context.override(door="worker"):
                route.parked(row.ids, why=why, at=at)
        except Exception as error:  # noqa: BLE001 - the row is parked and shown either way
            log.warning("parking %s (%s) was not noted: %s", row.id, row.kind, type(error).__name__)
    jobs.dead_letter(row, why=why, at=at)
