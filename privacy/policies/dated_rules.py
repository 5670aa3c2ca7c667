"""Which dated rows of the law and of the office count: all of them, or those up to a day, as a rehearsal asks.

Numbers, versions, amendments and penalties ask here, so whatever is computed of them is computed by either law.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.db.models import QuerySet

_last_day: ContextVar[date | None] = ContextVar("last day of the rules that are known", default=None)


@contextmanager
def known_until(day: date) -> Iterator[None]:
    """Take no notice, within the block, of a row that holds from a later day."""
    token = _last_day.set(day)
    try:
        yield
    finally:
        _last_day.reset(token)


def is_known(since: date) -> bool:
    """Whether a row that holds from a day counts."""
    last = _last_day.get()
    return last is None or since <= last


def known[Rows: QuerySet[Any]](rows: Rows) -> Rows:
    """Return those of these rows (``effective_on``) that count."""
    last = _last_day.get()
    return rows if last is None else rows.filter(effective_on__lte=last)
