"""The connection on which reads and denials are recorded stays open between the requests of a test.

The tests' connections end with each request (``CONN_MAX_AGE``), because threads that serve come and go. In the main
thread nothing is served by others: there this one lasts, as in production, until its databases are gone.
"""

import threading
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.ledger.entries import autocommit


def keep(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let a new connection last if it is the one for records of the main thread."""
    held = getattr(autocommit._local, "held", None)
    if held is not None and held.wrapper is connection and threading.current_thread() is threading.main_thread():
        connection.close_at = None
