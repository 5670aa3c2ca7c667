"""Who makes a package: one at a time for each right, whoever began first."""

from contextlib import AbstractContextManager

from privacy.lib.postgres import advisory_locks
from privacy.rights.models import Right

# The first part of PostgreSQL's two-part advisory locks is this app's.
SPACE = 0x52494748


def package_build(right: Right) -> AbstractContextManager[bool]:
    """Yield whether this process alone makes the package of a right; the lock ends with the connection, if killed."""
    return advisory_locks.try_lock(SPACE, int.from_bytes(right.id.bytes[-4:], signed=True))
