"""The worker's alarm clock rings here; no arguments, the tables say what is to be done."""

from privacy.jobs import actions as jobs
from privacy.jobs.drain import drain
from privacy.lib import clock


def tick() -> int:
    """Deliver what is due in the outboxes. Safe to run at any time and by any number of workers."""
    jobs.beat("worker")
    return drain(at=clock.now())
