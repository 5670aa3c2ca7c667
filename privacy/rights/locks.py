"""What one process does at a time: a right's package, reading the mailbox, and asking for text messages."""

from contextlib import AbstractContextManager

from privacy.lib.postgres import advisory_locks
from privacy.rights.models import Right

# The first part of PostgreSQL's two-part advisory locks is this app's.
SPACE = 0x52494748
INBOX_SPACE = SPACE + 1
INBOX, TEXTS = 1, 2


def inbox() -> AbstractContextManager[bool]:
    """Yield whether this process alone reads the office's mailbox."""
    return advisory_locks.try_lock(INBOX_SPACE, INBOX)


def texts() -> AbstractContextManager[bool]:
    """Yield whether this process alone asks what people wrote by text message."""
    return advisory_locks.try_lock(INBOX_SPACE, TEXTS)


def package_build(right: Right) -> AbstractContextManager[bool]:
    """Yield whether this process alone makes the package of a right; the lock ends with the connection, if killed."""
    return advisory_locks.try_lock(SPACE, int.from_bytes(right.id.bytes[-4:], signed=True))
