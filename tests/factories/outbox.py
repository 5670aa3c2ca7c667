"""Time for the outbox, which judges by the database's clock: what waits is moved into the past instead."""

from datetime import timedelta

from django.db import connections
from django.db.models import F

from privacy.jobs.actions import OUTBOXES
from privacy.jobs.dispatcher import dispatch_due
from tests.factories.accounts import NOON
from tests.process_roles import as_process


def let_pass(time: timedelta) -> None:
    """Let time pass for every row of every outbox."""
    for using, model in OUTBOXES.items():
        model._default_manager.using(using).update(
            **{
                name: F(name) - time
                for name in ("created_at", "not_before", "lease_until", "failing_since", "retried_at")
            }
        )


def next_wait() -> timedelta | None:
    """Return how long nothing will happen, or None when nothing waits."""
    waits = []
    for using, model in OUTBOXES.items():
        with connections[using].cursor() as cursor:
            cursor.execute(
                f"SELECT min(GREATEST(not_before, lease_until) - now()) FROM {model._meta.db_table}"
                " WHERE done_at IS NULL AND parked_at IS NULL"
            )
            (wait,) = cursor.fetchone()
        if wait is not None:
            waits.append(max(wait, timedelta()))
    return min(waits, default=None)


def work_for(time: timedelta, *, most: int = 200) -> list[timedelta]:
    """Let the worker look whenever something is due, for this long; return after how long each look was."""
    passed, looks = timedelta(), []
    while len(looks) < most:
        wait = next_wait()
        if wait is None or passed + wait > time:
            break
        let_pass(wait)
        passed += wait
        looks.append(passed)
        with as_process("worker"):
            dispatch_due(at=NOON + passed)
    let_pass(time - passed)
    return looks
