"""Delivering outside, several destinations at once: one that hangs holds up no other, nor what comes meanwhile.

Each destination has a lane of its own: what goes to it goes one after the other (a system's freezes and its other tasks
are two). Where there are more than lanes, who has waited longest comes first. The lanes are threads of the one worker
that sends (``single_sender.single_sender_lock``), with connections of their own.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.db import connections

from privacy.jobs import actions as jobs
from privacy.jobs import dispatcher
from privacy.jobs.dispatcher import CLAIM_SECONDS, HANGING_SECONDS, Clock, Queue
from privacy.ledger.entries import autocommit

# So many destinations at once; beside them the thread that looks what is due.
LANES = 8
# How often it is looked what has come, in seconds, and how long a lane goes on while others wait for one.
LOOK_SECONDS, SLICE_SECONDS = 0.5, 2.0
# While a destination hangs, the others begin until then: what begins last has half of the queue's timeout left.
LAST_SECONDS = 32.0


@dataclass
class Lanes:
    """One run: what is under way, and what became of it."""

    now: Clock
    began: float = field(default_factory=time.monotonic)
    busy: dict[Future[tuple[int, set[str]]], Queue] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    done: int = 0

    def run(self, pool: ThreadPoolExecutor) -> None:
        """Deliver until nothing is due and nothing under way."""
        while True:
            for queue in self._ready():
                BEGUN[queue] = time.monotonic()
                self.busy[pool.submit(self._one, queue)] = queue
            if not self.busy:
                return
            ended, _going = wait(self.busy, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for lane in ended:
                done, hanging = lane.result()
                self.done += done
                self.hanging |= hanging
                del self.busy[lane]

    def _ready(self) -> list[Queue]:
        """Return what may begin now, no more than there are lanes for."""
        passed = time.monotonic() - self.began
        if passed >= (LAST_SECONDS if self.busy else CLAIM_SECONDS):
            return []
        taken, free = set(self.busy.values()), LANES - len(self.busy)
        due = [one for one in dispatcher.due_external() if one not in taken and one[1] not in self.hanging]
        if passed >= CLAIM_SECONDS:
            due = [one for one in due if one not in SLOW]
        return sorted(due, key=lambda one: BEGUN.get(one, 0.0))[:free]

    def _one(self, queue: Queue) -> tuple[int, set[str]]:
        began = time.monotonic()
        try:
            return dispatcher.dispatch_queue(queue, now=self.now, seconds=SLICE_SECONDS)
        finally:
            (SLOW.add if time.monotonic() - began > SLICE_SECONDS + HANGING_SECONDS else SLOW.discard)(queue)
            autocommit.close()
            connections.close_all()


# Whom this process last waited for: a row that begins late must not be one that takes long.
SLOW: set[Queue] = set()
# When each last began here: who has waited longest comes first.
BEGUN: dict[Queue, float] = {}


def deliver_outside(*, now: Clock) -> tuple[int, set[str]]:
    """Deliver what is due outside; return how many rows were carried out, and which destinations hang.

    In a transaction everything is delivered by its own connection, one destination after the other.
    """
    if any(connections[using].in_atomic_block for using in jobs.OUTBOXES):
        return dispatcher.dispatch_external(now=now)
    lanes = Lanes(now)
    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        lanes.run(pool)
    return lanes.done, lanes.hanging
