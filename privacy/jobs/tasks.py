"""The worker's alarm clocks ring here; no arguments, the tables say what is to be done.

Safe to run at any time and by any number of workers.
"""

from privacy.jobs import actions as jobs
from privacy.jobs import dispatcher, lanes
from privacy.jobs.single_sender import single_sender_lock
from privacy.lib.dates import clock


def dispatch_internal() -> int:
    """Carry out our own work that is due in the outboxes."""
    jobs.record_heartbeat("worker")
    done = dispatcher.dispatch_internal(now=clock.now)
    if dispatcher.due_internal():
        jobs.wake_internal_worker()
    return done


def dispatch_external() -> int:
    """Deliver what goes outside. One worker does at a time, so that a system that hangs leaves the others free."""
    jobs.record_heartbeat("worker")
    with single_sender_lock() as alone:
        if not alone:
            return 0
        done, hanging = lanes.deliver_outside(now=clock.now)
    # What came while this worker held the lock found nobody; what hangs waits for the schedule.
    if any(destination not in hanging for _using, destination in dispatcher.due_external()):
        jobs.wake_external_worker()
    return done
