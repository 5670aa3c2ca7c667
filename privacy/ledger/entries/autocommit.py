"""The connection on which reads and denials are recorded: apart from every transaction, always autocommit.

A read is on record before its data is fetched, and stays there whatever becomes of the request (ledger.md, Writing).
"""

import os
from typing import Any

from asgiref.local import Local
from django.core.signals import request_finished, request_started
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

ALIAS = "default"
# A lock or a stuck disk must end as "the door stays shut", not as a page that never comes.
_LIMITS = "-c lock_timeout=2s -c statement_timeout=5s"
_local = Local()


class _Held:
    """A thread's recording connection, closed when the thread ends; ``key`` says where it leads."""

    def __init__(self, key: tuple[str, ...], wrapper: BaseDatabaseWrapper) -> None:
        self.key = key
        self.wrapper = wrapper
        self._process = os.getpid()

    def __del__(self) -> None:
        # In a process forked meanwhile it is the other one's.
        if self.wrapper.connection is not None and self._process == os.getpid():
            self.wrapper.connection.close()


def connection() -> BaseDatabaseWrapper:
    """Return this thread's recording connection, made on first use from the settings of ``default``."""
    main = connections[ALIAS]
    key = tuple(str(main.settings_dict.get(name)) for name in ("HOST", "PORT", "NAME", "USER"))
    held: _Held | None = getattr(_local, "held", None)
    if held is not None and held.key == key:
        # once a request: the server may have gone and come since
        held.wrapper.close_if_health_check_failed()
        return held.wrapper
    close()
    made = main.copy()
    options: dict[str, Any] = made.settings_dict["OPTIONS"]
    options["options"] = f"{options.get('options', '')} {_LIMITS}".strip()
    made.settings_dict["ATOMIC_REQUESTS"] = False
    made.settings_dict["AUTOCOMMIT"] = True
    _local.held = _Held(key, made)
    return made


def close() -> None:
    """Close this thread's recording connection."""
    held = getattr(_local, "held", None)
    if held is not None:
        held.wrapper.close()
        del _local.held


def _close_if_stale(**kwargs: Any) -> None:
    held = getattr(_local, "held", None)
    if held is not None:
        held.wrapper.close_if_unusable_or_obsolete()


request_started.connect(_close_if_stale, dispatch_uid="ledger-apart-started")
request_finished.connect(_close_if_stale, dispatch_uid="ledger-apart-finished")
