"""Numbers of the law and of the office, dated, for apps below the rulebook: the policies app answers at start-up.

Whoever stands above it asks ``privacy.policies.rulebook`` itself.
"""

from collections.abc import Callable
from datetime import date

type Source = Callable[[str, date], int]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Register a function that returns the number of a code in force on a day."""
    if source not in _sources:
        _sources.append(source)


def number(code: str, on: date) -> int:
    """Return the number in force on a day, such as ``grants.longest.months``; raise what the source raises."""
    for source in _sources:
        return source(code, on)
    raise LookupError(code)
