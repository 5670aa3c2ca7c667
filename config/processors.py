"""Keeping each web worker on one processor.

Python runs one thread of a process at a time. Where the system moves these threads from processor to processor, each
turn begins with empty caches (decision 0046).
"""

import fcntl
import multiprocessing
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path


def settle() -> None:
    """Keep this process, and the threads it begins from now on, to the processor that fewest of its siblings keep to.

    Does nothing for a server that is one process, where there is no choice, or where the system has no such thing.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    if multiprocessing.parent_process() is None or len(allowed) < 2:
        return
    # One at a time: siblings that begin together would all see none settled.
    with suppress(OSError), Path(__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taken = Counter(_kept_to(os.getppid()))
        os.sched_setaffinity(0, {min(allowed, key=lambda processor: (taken[processor], processor))})


def _kept_to(parent: int) -> list[int]:
    """Return the processors to which other children of a process keep."""
    found: list[int] = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with suppress(OSError):
            if int(child) != os.getpid() and len(kept := os.sched_getaffinity(int(child))) == 1:
                found += kept
    return found
