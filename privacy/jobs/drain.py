"""Carry out what the outboxes hold: the loop around claim, deliver, settle."""

import logging
import time
from datetime import datetime

from privacy.jobs import actions as jobs
from privacy.jobs.outbox import DELIVERERS, Later
from privacy.ledger import acting

log = logging.getLogger("portal.jobs")


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
    if row.starts > jobs.MOST_STARTS:
        # Earlier starts ended without an answer: the job kills its worker (FLT-17).
        jobs.park(row, why="started too often without an end")
        jobs.record_parked(row, at=at)
        return 0
    deliver = DELIVERERS.get(row.kind)
    if deliver is None:
        jobs.fail(row, why="nobody delivers this kind")
        return 0
    try:
        with acting.on(door="worker"):
            deliver(row.ids, event=row.id, starts=row.starts, at=at)
    except Later as later:
        jobs.postpone(row, seconds=later.seconds, why=str(later))
        return 0
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the others; it is counted and shown
        log.warning("delivery %s (%s) failed at start %s: %s", row.id, row.kind, row.starts, type(error).__name__)
        jobs.fail(row, why=type(error).__name__)
        if row.starts >= jobs.MOST_STARTS:
            jobs.record_parked(row, at=at)
        return 0
    jobs.finish(row)
    return 1
