"""Tries for a lock that holds everybody else: each waits so shortly that nobody queues behind it for long."""

import time
from collections.abc import Iterator

# How long one try may hold up who comes after it.
LOCK_WAIT = "200ms"


class StillInUse(Exception):
    """What was to be locked was in use by others for as long as was to be waited; nothing has changed."""


def tries(until: float) -> Iterator[None]:
    """Yield for each try, rarer and rarer; raise StillInUse when the time (``time.monotonic``) is over."""
    pause = 0.2
    while True:
        yield
        wait(until, pause)
        pause = min(2 * pause, 10)


def wait(until: float, seconds: float) -> None:
    """Wait before the next try. Raises StillInUse when the time is over."""
    if time.monotonic() > until:
        raise StillInUse
    time.sleep(seconds)
