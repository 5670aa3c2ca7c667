"""Being told to end (SIGTERM, SIGINT) while waiting."""

import os
import select
import signal
from types import FrameType


class ShutdownSignal:
    """The end of this process, once somebody asks for it; made in the main thread.

    A handler runs between any two steps of the main thread, also while this holds a lock. So it takes none: an event of
    ``threading`` would wait for itself for ever.
    """

    def __init__(self) -> None:
        self.asked = False
        self._hearing, self._telling = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait ``seconds`` (for ever, if none are given), or until the end is asked for; return whether it is."""
        if not self.asked:
            select.select([self._hearing], [], [], seconds)
        return self.asked

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            os.write(self._telling, b".")
