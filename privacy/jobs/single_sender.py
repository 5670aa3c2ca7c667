"""One worker at a time waits for systems outside, so that the others stay free for the portal's own work."""

from contextlib import AbstractContextManager

from privacy.lib.postgres import advisory_locks

# A two-part key of PostgreSQL's advisory locks; the first part is this app's.
SPACE = 0x4A4F4253
SENDER = 1


def single_sender_lock() -> AbstractContextManager[bool]:
    """Yield whether this worker is the one that sends; the lock ends with the connection, also after kill -9."""
    return advisory_locks.try_lock(SPACE, SENDER)
