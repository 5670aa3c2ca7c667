"""Carry out what the outboxes hold: the loop around claim, deliver, settle.

A row is claimed as it begins, so that a worker that dies leaves one row behind and no other; kinds that say so are
carried out in groups of rows. It begins only in the first seconds of a run: each has the rest of the queue's timeout
for itself, and the time at which it begins.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import DatabaseError

from privacy.jobs import actions as jobs
from privacy.jobs.deliverers import DELIVERERS, INTERNAL, GroupDeliverer, RetryLater
from privacy.jobs.retry_policy import INTERNAL_RETRIES, NO_MAILBOX_RETRIES
from privacy.ledger import request_context
from privacy.lib.integrations import mail

log = logging.getLogger("portal.jobs")
POISON_MESSAGE = "started too often without an end"
CLAIM_SECONDS = 15.0
# A delivery that fails after this long: its destination hangs, and is left alone for the rest of the run.
HANGING_SECONDS = 1.0


class Outcome(StrEnum):
    """What became of one row: done, put off by its own deliverer, or failed."""

    DELIVERED, POSTPONED, FAILED = "delivered", "postponed", "failed"


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


def dispatch_queue(queue: Queue, *, now: Clock, seconds: float) -> tuple[int, set[str]]:
    """Deliver to one destination alone; return how many rows were carried out, and the destination if it hangs."""
    return _round_robin([queue], now=now, end=time.monotonic() + seconds)


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
                outcomes = _begin(row, destination=queue[1], now=now) if row is not None else []
            except DatabaseError as error:
                _log_unreachable(queue[0], error)
                row = None
            if row is None:
                going.remove(queue)
                continue
            done += outcomes.count(Outcome.DELIVERED)
            failed = set(outcomes) == {Outcome.FAILED}
            if failed and queue[1] and time.monotonic() - began > HANGING_SECONDS:
                hanging.add(queue[1])
                going = [one for one in going if one[1] not in hanging]
                break
    return done, hanging


def _log_unreachable(using: str, error: DatabaseError) -> None:
    """One database that does not answer stops nobody else's deliveries; the lease of a row that was begun runs out."""
    log.warning("the outbox of %s does not answer: %s", using, type(error).__name__)


def _begin(row: jobs.ClaimedDelivery, *, destination: str, now: Clock) -> list[Outcome]:
    """Carry out a row, with others of its kind that are due where it has them carried out together."""
    route = DELIVERERS.get(row.kind)
    if route is not None and route.together is not None:
        others = jobs.claim_more(row, destination=destination)
        # What was done of a row already is known to those who carry out several.
        if others or (row.progress and not row.is_poison_message):
            return _deliver_together(route.together, [row, *others], at=now())
    return [_deliver(row, at=now())]


def _deliver_together(together: GroupDeliverer, rows: Sequence[jobs.ClaimedDelivery], *, at: datetime) -> list[Outcome]:
    """Carry out rows of one kind and settle each."""
    said: Mapping[UUID, Exception]
    try:
        with request_context.override(door="worker"):
            said = together(rows, at=at)
    except Exception as error:  # noqa: BLE001 - as of a single row
        said = dict.fromkeys((row.id for row in rows), error)
    jobs.finish(*(row for row in rows if row.id not in said))
    waits: dict[tuple[float, str], list[jobs.ClaimedDelivery]] = {}
    for row in rows:
        if isinstance(later := said.get(row.id), RetryLater):
            waits.setdefault((later.seconds, str(later)), []).append(row)
    for (seconds, why), some in waits.items():
        jobs.postpone(*some, seconds=seconds, why=why)
    return [_outcome(row, said.get(row.id), at=at) for row in rows]


def _outcome(row: jobs.ClaimedDelivery, error: Exception | None, *, at: datetime) -> Outcome:
    if error is None:
        return Outcome.DELIVERED
    return Outcome.POSTPONED if isinstance(error, RetryLater) else _failed(row, error, at=at)


def _deliver(row: jobs.ClaimedDelivery, *, at: datetime) -> Outcome:
    """Carry out one row and settle it."""
    route = DELIVERERS.get(row.kind)
    if row.is_poison_message:
        _dead_letter(row, why=POISON_MESSAGE, at=at)
        return Outcome.FAILED
    try:
        if route is None:
            raise LookupError("nobody delivers this kind")
        with request_context.override(door="worker"):
            route.deliver(row.ids, event=row.id, starts=row.starts, at=at)
    except RetryLater as later:
        jobs.postpone(row, seconds=later.seconds, why=str(later))
        return Outcome.POSTPONED
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the others; it is counted and shown
        return _failed(row, error, at=at)
    jobs.finish(row)
    return Outcome.DELIVERED


def _failed(row: jobs.ClaimedDelivery, error: Exception, *, at: datetime) -> Outcome:
    """Let a row wait after an error, or give it to a person.

    The name of an error is kept with the row, its text only where it is ours: a library's message may quote values.
    """
    log.warning("delivery %s (%s) failed at start %s: %s", row.id, row.kind, row.starts, type(error).__name__)
    route = DELIVERERS.get(row.kind)
    why = type(error).__name__ if route is not None else str(error)
    patience = route.patience if route is not None else INTERNAL_RETRIES
    if mail.has_no_mailbox(error):
        patience = NO_MAILBOX_RETRIES
    if not jobs.back_off(row, why=why, patience=patience):
        _dead_letter(row, why=why, at=at)
    return Outcome.FAILED


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
