"""A circuit breaker: once the key service left a question without an answer, nobody else waits for as long.

A service that hangs would keep every thread of a process for its whole time-out, and pages that need no key with them.
"""

import time
from threading import Lock

# After a question without an answer one more is asked this soon; until then the others are told at once.
ASKED_AGAIN_SECONDS = 0.5


class CircuitBreaker:
    """What this process knows of one socket: it answers, or one question at a time finds out whether it does again."""

    def __init__(self) -> None:
        self._next = 0.0
        self._silent = False
        self._lock = Lock()

    def is_waited_for(self, *, seconds: float) -> bool:
        """Whether somebody else finds out; else the caller does, within ``seconds``, and says what came of it."""
        if not self._silent:
            return False
        with self._lock:
            now = time.monotonic()
            waited_for = now < self._next
            if not waited_for:
                self._next = now + seconds
            return waited_for

    def trip(self) -> None:
        """A question has had no answer."""
        with self._lock:
            self._silent, self._next = True, time.monotonic() + ASKED_AGAIN_SECONDS

    def reset(self) -> None:
        """It has answered."""
        self._silent = False
