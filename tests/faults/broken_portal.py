"""The portal's application with a clock that a test can move, and broken on purpose where ``BROKEN`` says how.

Served in the place of ``config.wsgi`` by the fault runs; each way of breaking it must be caught by the checker.
"""

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.wsgi import application  # isort: skip - it sets Django up
from django.db import Error

from devices.actions import binary_copy, reports
from privacy.lib.dates import clock

__all__ = ["application"]

_now = clock.now
CLOCK = Path(os.environ["CLOCK_FILE"])


def now() -> datetime:
    """Return this moment as this host takes it to be."""
    try:
        return _now() + timedelta(seconds=float(CLOCK.read_text()))
    except (OSError, ValueError):
        return _now()


clock.now = now


def answer_before_the_commit() -> None:
    """A wrong order of commits: a batch is acknowledged, and only then made to last."""
    commit = binary_copy.BatchTransaction.commit

    def late(self: binary_copy.BatchTransaction) -> None:
        self._over = True
        wire = self._wire
        wire.django.connection = None  # whoever comes next gets another
        threading.Thread(target=lambda: (time.sleep(0.4), commit(self)), daemon=True).start()

    binary_copy.BatchTransaction.commit = late  # type: ignore[method-assign]


def swallow_errors() -> None:
    """An exception that nobody hears of: a database that is away passes for one that has stored it."""

    def swallowing(verb: Callable[..., Any], answer: Callable[..., Any]) -> Callable[..., Any]:
        def swallowed(*arguments: Any, **options: Any) -> Any:
            try:
                return verb(*arguments, **options)
            except Error:
                return answer(*arguments)

        return swallowed

    reports._store = swallowing(reports._store, lambda *_arguments: True)


BROKEN: dict[str, Callable[[], None]] = {"commit-order": answer_before_the_commit, "exception": swallow_errors}
if how := os.environ.get("BROKEN"):
    BROKEN[how]()
