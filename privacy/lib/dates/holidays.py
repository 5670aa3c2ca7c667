"""The days on which a period does not end in Korea: Saturdays, Sundays and public holidays (Civil Act 161, law T-04).

The calendar package knows the law's holidays with their substitutes. What no package can know (temporary holidays,
by-elections) comes from sources that are added at start-up.
"""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import lru_cache

Source = Callable[[], Collection[date]]

_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Ask ``source`` for further holidays from now on; adding the same one again changes nothing."""
    if source not in _sources:
        _sources.append(source)


def remove_source(source: Source) -> None:
    """Stop asking ``source``."""
    _sources.remove(source)


@lru_cache(maxsize=128)
def public_holidays(year: int) -> frozenset[date]:
    """Return the public holidays of a year in Korea, substitutes and past temporary holidays included."""
    import holidays

    return frozenset(holidays.country_holidays("KR", years=year, expand=False, categories=("public",)))


def declared_holidays() -> frozenset[date]:
    """Return the holidays that the added sources know."""
    return frozenset(day for source in _sources for day in source())


def is_rest_day(day: date) -> bool:
    """Whether ``day`` is a Saturday, a Sunday or a holiday."""
    return _is_rest_day_by_law(day) or day in declared_holidays()


def next_working_day(day: date) -> date:
    """Return ``day`` if it is a working day, otherwise the first working day after it (law T-04: rolling on)."""
    extra: frozenset[date] | None = None
    while True:
        if not _is_rest_day_by_law(day):
            # The sources are asked once, and only where the calendar alone does not decide.
            if extra is None:
                extra = declared_holidays()
            if day not in extra:
                return day
        day += timedelta(1)


def _is_rest_day_by_law(day: date) -> bool:
    return day.weekday() >= 5 or day in public_holidays(day.year)
