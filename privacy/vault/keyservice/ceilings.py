"""How much may be read or looked up in a minute, by process and purpose: the pace of whoever took a process over."""

import time
from collections import deque
from collections.abc import Collection, Mapping
from itertools import takewhile
from threading import Lock

from privacy.vault.keyservice.messages import Reached
from privacy.vault.keyservice.refusals import CeilingReached

SECONDS = 60.0
MOST_KEPT = 200
LOOK_UPS = "look-ups"
DERIVED = "derived-secrets"
# What a process read in all was too much, whatever it was for.
ALL_PURPOSES = "all-purposes"


class Ceilings:
    """Counts people read (each once a minute) and look-ups.

    ``limits`` has what a ``process`` may read in all, and what it may for one purpose (``process.purpose``).
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self.limits = limits
        self.since = time.time()
        self.reached: deque[Reached] = deque(maxlen=MOST_KEPT)
        self._number = 0
        self._noted: dict[tuple[str, str], float] = {}
        self._people: dict[str, dict[bytes, float]] = {}
        self._counted: dict[tuple[str, str], deque[tuple[float, int]]] = {}
        self._lock = Lock()

    def read(self, process: str, purpose: str, people: Collection[bytes]) -> None:
        """Count people as read now, in all and for the purpose. Raises CeilingReached, and counts none, where they are
        too many.
        """
        now = time.monotonic()
        with self._lock:
            counted = []
            for name, bounded in ((process, ALL_PURPOSES), (f"{process}.{purpose}", purpose)):
                limit = self.limits.get(name)
                if limit is None:
                    continue
                known = self._people.setdefault(name, {})
                # They stand in the order in which they were first read.
                for person in list(takewhile(lambda person, known=known: known[person] < now - SECONDS, known)):  # type: ignore[misc]
                    del known[person]
                if len(known.keys() | set(people)) > limit:
                    self._note(process, bounded, limit)
                    raise CeilingReached
                counted.append(known)
            for known in counted:
                for person in people:
                    known.setdefault(person, now)

    def count(self, process: str, what: str, count: int) -> None:
        """Count look-ups of identifiers, or derived secrets. Raises CeilingReached, and counts none, where they are too
        many.
        """
        limit = self.limits.get(f"{process}.{what}")
        if limit is None:
            return
        now = time.monotonic()
        with self._lock:
            known = self._counted.setdefault((process, what), deque())
            while known and known[0][0] < now - SECONDS:
                known.popleft()
            if sum(number for _moment, number in known) + count > limit:
                self._note(process, what, limit)
                raise CeilingReached
            known.append((now, count))

    def _note(self, process: str, purpose: str, limit: int) -> None:
        """Remember that a ceiling was reached: once a minute for one process and what the ceiling bounds."""
        now = time.monotonic()
        # A clock that is set back must not silence them.
        if now < self._noted.get((process, purpose), -SECONDS) + SECONDS:
            return
        self._noted[process, purpose] = now
        self._number += 1
        self.reached.append(Reached(self._number, self.since, time.time(), process, purpose, limit))
