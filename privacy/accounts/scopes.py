"""Which category may be opened for which purpose: the rulebook says so from above, through this register."""

from collections.abc import Callable, Collection
from datetime import date

type Scope = tuple[str, str]
_sources: list[Callable[[date], Collection[Scope]]] = []


def add_source(source: Callable[[date], Collection[Scope]]) -> None:
    """Register a function that returns the pairs of category and purpose that exist on a day."""
    _sources.append(source)


def grantable_scopes(on: date) -> set[Scope]:
    """Return every pair of category and purpose that access can be granted for on a day."""
    return {scope for source in _sources for scope in source(on)}
