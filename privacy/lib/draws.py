"""Random bytes for what is many and no secret: numbers, nonces. They are drawn a stock at a time.

Each draw from the system lends the interpreter to another thread, in the middle of what should be over soon. Keys and
tokens are drawn one by one, from ``secrets`` or ``os.urandom``: they are not to lie about in a stock.
"""

import os
import threading

STOCK = 1 << 16


class _Stock(threading.local):
    """What this thread has drawn, and how much of it was taken."""

    def __init__(self) -> None:
        self.bytes = b""
        self.taken = 0


_stock = _Stock()


def draw(count: int) -> bytes:
    """Return ``count`` random bytes that nobody else gets. Not for handlers of signals, which may interrupt a draw."""
    first = _stock.taken
    if first + count > len(_stock.bytes):
        _stock.bytes, first = os.urandom(max(STOCK, count)), 0
    _stock.taken = first + count
    return _stock.bytes[first : first + count]


def _forget() -> None:
    """Begin anew in a child process, which would draw what its parent draws."""
    _stock.bytes, _stock.taken = b"", 0


os.register_at_fork(after_in_child=_forget)
