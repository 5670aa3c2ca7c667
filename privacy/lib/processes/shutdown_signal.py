"""Being told to end (SIGTERM, SIGINT) while waiting."""

import os
import select
import signal
from types import FrameType


class ShutdownSignal:
    """The end of this process, once somebody asks for it; made in the main thread.

    A handler runs between any two steps of the main thread, also while this holds a lock. So it takes none: an event of
    ``threading`` would wait for itself for ever. And a signal that comes just before the wait is handled only after it:
    so the interpreter itself writes into the pipe that is waited for, at the moment when the signal comes.
    """

    def __init__(self) -> None:
        self.asked = False
        self._hearing, self._telling = os.pipe()
        os.set_blocking(self._telling, False)
        signal.set_wakeup_fd(self._telling, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait ``seconds`` (for ever, if none are given), or until the end is asked for; return whether it is.

        Another signal that the process handles ends the wait early.
        """
        if not self.asked and select.select([self._hearing], [], [], seconds)[0] and not self.asked:
            os.read(self._hearing, 4096)
        return self.asked

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
