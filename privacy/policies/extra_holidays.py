"""The officer's extra holidays as a source of the calendar, and who has to know when they change (T-04).

Deadlines live in apps above this one; they register here and recompute what is open.
"""

from collections.abc import Callable
from datetime import date, datetime

from privacy.policies.models import ExtraHoliday

Listener = Callable[[date, datetime], object]

_listeners: list[Listener] = []


def extra_days() -> frozenset[date]:
    """Return the officer's extra holidays."""
    return frozenset(ExtraHoliday.objects.values_list("day", flat=True))


def on_change(listener: Listener) -> Listener:
    """Call ``listener(day, at)`` in the transaction that adds or withdraws an extra holiday."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def remove_listener(listener: Listener) -> None:
    """Stop telling ``listener``."""
    _listeners.remove(listener)


def notify_listeners(day: date, at: datetime) -> None:
    """Tell every listener that a day became, or ceased to be, a holiday."""
    for listener in _listeners:
        listener(day, at)
