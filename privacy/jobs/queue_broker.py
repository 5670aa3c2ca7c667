"""The queue holds names of jobs and nothing else: no arguments, no hooks, no pickles (security.md, facts 1 to 3).

django-q2 keeps a signed pickle for each task, and its schedule may name any function of any module. Here a row of the
queue is a name; the worker makes the task of it, for names of ``settings.JOB_FUNCTIONS`` alone. Whoever can write into
the queue's tables, or restores a backup with rows of their own, makes the worker run a job that it runs anyway.
"""

import logging
import time
import uuid
from typing import Any

from django.conf import settings
from django.dispatch import receiver
from django_q.brokers.orm import ORM
from django_q.signals import pre_enqueue
from django_q.signing import SignedPackage

from privacy.jobs.clock_gate import ClockGate, WrongClock
from privacy.lib.dates import clock

logger = logging.getLogger("portal.jobs")
# What a task may carry beside its function: what django-q2 itself adds to it.
OWN_KEYS = {"id", "name", "func", "args", "kwargs", "started", "group", "cluster", "cached", "ack_failure"}
# How long the worker remembers the outcome of a task, in seconds: in its memory, for django-q2's table is not used.
REMEMBERED = 60
# How long to wait before asking again whether the clock is right, in seconds.
WAIT_SECONDS = 5
CLOCK = ClockGate()


class UnknownJob(Exception):
    """A task that is not one of ``settings.JOB_FUNCTIONS``, or that carries arguments or hooks."""


class NamedJobsBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """django-q2's queue in PostgreSQL, with the names of jobs as its payload."""

    def enqueue(self, package: str) -> Any:
        """Queue a task that this process has just packed, by its name."""
        return super().enqueue(_name_of(SignedPackage.loads(package)))

    def dequeue(self) -> list[tuple[int, str]]:
        """Take what is due; rows that name no job of ours are removed and never unpacked.

        Nothing while this machine's clock is wrong: another worker takes it, or this one once the clock is right.
        """
        try:
            CLOCK.check(clock.now())
        except WrongClock as wrong:
            logger.error("no job is taken: %s", wrong)
            time.sleep(WAIT_SECONDS)
            return []
        taken = []
        for row_id, name in super().dequeue() or ():
            if name in settings.JOB_FUNCTIONS:
                taken.append((row_id, SignedPackage.dumps(_task(name))))
            else:
                logger.error("a row of the queue names no job of the portal; it was removed")
                self.delete(row_id)
        return taken


def _task(name: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "name": name.rpartition(".")[2],
        "func": name,
        "args": (),
        "kwargs": {},
        "started": clock.now(),
        "cached": REMEMBERED,
        "ack_failure": True,
    }


def _name_of(task: dict[str, Any]) -> str:
    name = task["func"]
    if name not in settings.JOB_FUNCTIONS or task["args"] or task["kwargs"] or task.keys() - OWN_KEYS:
        raise UnknownJob(f"{name!r} is no job of the portal, or carries arguments. See config/schedules.py.")
    return str(name)


@receiver(pre_enqueue, dispatch_uid="jobs.known_jobs_only")
def refuse_unknown_jobs(*, task: dict[str, Any], **kwargs: Any) -> None:
    """Refuse before django-q2 could run a task at once, as a row of its schedule may ask.

    Raises UnknownJob, and WrongClock where the schedule queues by a wrong clock: it would set the next time by it, too.
    """
    _name_of(task)
    if "group" in task:
        CLOCK.check(clock.now())
