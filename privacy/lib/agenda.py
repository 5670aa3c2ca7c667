"""Everything with a date, from every register: the officer's calendar asks here and never each app.

An app says in its ``agenda.py`` what of its own has a date; ``safeguards`` discovers these modules at start-up::

    agenda.add_source("rights.request", requests_due, title=_("Answer to a request"), permission="rights.view_request")

A source returns what is still open between two days, both inclusive. It carries references and no personal data, for
the calendar also leaves the portal, as a feed.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise


@dataclass(frozen=True)
class Dated:
    """One matter with a date. ``key`` tells it from every other of its source, for ever.

    ``reference`` is what people call it, pseudonymous; ``path`` is its page in the console; ``at`` is the moment, for
    clocks of hours; ``count`` says how many matters of one day stand behind it.
    """

    on: date
    key: str
    reference: str = ""
    path: str = ""
    at: datetime | None = None
    count: int = 1


type Find = Callable[[date, date], Iterable[Dated]]


@dataclass(frozen=True)
class Source:
    """A kind of matters: who may see them, and what the calendar calls them.

    ``owed`` matters are overdue when their day has passed; others, like a notice that ends, are then just over.
    """

    name: str
    find: Find
    title: Promise | str
    permission: str
    owed: bool = True


@dataclass(frozen=True)
class Line:
    """One matter on the calendar, with the source it came from."""

    source: Source
    dated: Dated

    @property
    def title(self) -> str:
        """What the calendar says: the kind of the matter and its reference."""
        return f"{self.source.title} {self.dated.reference}".rstrip()


_sources: dict[str, Source] = {}


def add_source(name: str, find: Find, *, title: Promise | str, permission: str, owed: bool = True) -> None:
    """Ask ``find`` for matters from now on, for holders of ``permission``; the same name again replaces it."""
    _sources[name] = Source(name, find, title, permission, owed)


def sources(may: Callable[[str], bool]) -> list[Source]:
    """Return the sources that somebody may see, in the order of their names."""
    return [_sources[name] for name in sorted(_sources) if may(_sources[name].permission)]


def lines(
    first: date, last: date, *, on: date, may: Callable[[str], bool], names: Collection[str] | None = None
) -> list[Line]:
    """Return what is dated between two days, inclusive, the earliest first, seen on the day ``on`` by somebody."""
    found = [
        Line(source, dated)
        for source in sources(may)
        if names is None or source.name in names
        for dated in source.find(first if source.owed else max(first, on), last)
    ]
    return sorted(found, key=lambda line: (line.dated.on, line.source.name, line.dated.reference, line.dated.key))
