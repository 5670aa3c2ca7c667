"""Carry out what the outboxes hold: the loop around claim, deliver, settle."""

import logging
import time
from datetime import datetime

from privacy.jobs import actions as jobs
from privacy.jobs.outbox import DELIVERERS, Later, Route
from privacy.ledger import acting

log = logging.getLogger("portal.jobs")
KILLS = "started too often without an end"


def drain(*, at: datetime, seconds: float = 45.0, limit: int = 20) -> int:
    """Deliver what is due in every outbox, for at most ``seconds``; return how many were carried out.

    The name of an error is kept with the row, its text only where it is ours: a library's message may quote values.
    """
    end = time.monotonic() + seconds
    done = 0
    for using in jobs.OUTBOXES:
        while time.monotonic() < end:
            rows = jobs.claim(using=using, limit=limit)
            for row in rows:
                done += _deliver(row, at=at)
            if not rows:
                break
    return done


def _deliver(row: jobs.Claimed, *, at: datetime) -> int:
    route = DELIVERERS.get(row.kind)
    if row.kills_its_worker:
        jobs.park(row, why=KILLS)
        _parked(row, route, why=row.last_error or KILLS, at=at)
        return 0
    if route is None:
        jobs.fail(row, why="nobody delivers this kind")
        return 0
    try:
        with acting.on(door="worker"):
            route.deliver(row.ids, event=row.id, starts=row.starts, at=at)
    except Later as later:
        jobs.postpone(row, seconds=later.seconds, why=str(later))
        return 0
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the others; it is counted and shown
        log.warning("delivery %s (%s) failed at start %s: %s", row.id, row.kind, row.starts, type(error).__name__)
        why = type(error).__name__
        if jobs.fail(row, why=why, patience=route.patience):
            _parked(row, route, why=why, at=at)
        return 0
    jobs.finish(row)
    return 1


def _parked(row: jobs.Claimed, route: Route | None, *, why: str, at: datetime) -> None:
    """Leave the word on the ledger, and let the app mark its own record; its trouble must not stop the worker."""
    jobs.record_parked(row, at=at)
    if route is not None and route.parked is not None:
        try:
            with acting.on(door="worker"):
                route.parked(row.ids, why=why, at=at)
        except Exception as error:  # noqa: BLE001 - the row is parked and shown either way
            log.warning("parking %s (%s) was not noted: %s", row.id, row.kind, type(error).__name__)
