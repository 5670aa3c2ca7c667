"""Random bytes for what is many and no secret: numbers, nonces. They are drawn a stock at a time.

Each draw from the system lends the interpreter to another thread, in the middle of what should be over soon. Keys and
tokens are drawn one by one, from ``secrets`` or ``os.urandom``: they are not to lie about in a stock.
"""

import os
import threading

POOL_BYTES = 1 << 16


class _Pool(threading.local):
    """What this thread has drawn, and how much of it was taken."""

    def __init__(self) -> None:
        self.bytes = b""
        self.taken = 0


_pool = _Pool()


def random_bytes(count: int) -> bytes:
    """Return ``count`` random bytes that nobody else gets. Not for handlers of signals, which may interrupt a draw."""
    first = _pool.taken
    if first + count > len(_pool.bytes):
        _pool.bytes, first = os.urandom(max(POOL_BYTES, count)), 0
    _pool.taken = first + count
    return _pool.bytes[first : first + count]


def _forget() -> None:
    """Begin anew in a child process, which would draw what its parent draws."""
    _pool.bytes, _pool.taken = b"", 0


os.register_at_fork(after_in_child=_forget)
