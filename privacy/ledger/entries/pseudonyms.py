"""One person, several pseudonyms: the apps that give them say which belong together.

Entries name a data subject by id or by a short reference, as the act knew them. Whoever looks for a person's entries
must find both, and the ledger, which stands below every app, can't know them by itself.
"""

from collections.abc import Callable, Collection

type Source = Callable[[str], Collection[str]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Register a function that returns the other pseudonyms of the person behind one, or nothing."""
    _sources.append(source)


def pseudonyms_of(name: str) -> list[str]:
    """Return every pseudonym of the person behind ``name``, itself included."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        found |= waiting
        waiting = {other for one in waiting for source in _sources for other in source(one)} - found
    return sorted(found)
