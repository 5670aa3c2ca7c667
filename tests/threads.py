"""Two threads that would meet where nothing keeps them apart."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

PATIENCE_SECONDS = 0.3


class MeetingPlace:
    """Called within what a lock guards: it waits for a second thread, which the lock keeps out. ``met`` says whether
    one came all the same.
    """

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2, timeout=PATIENCE_SECONDS)
        self.met = False

    def __call__(self, *_args: Any, **_kwargs: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait()
            self.met = True


def outcomes(*calls: Callable[[], Any]) -> list[Any]:
    """Return what each call gave or raised; all of them run at once, each in a thread of its own."""
    found: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
