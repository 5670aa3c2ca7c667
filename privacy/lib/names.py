"""What codes are called: a page shows the name of a category, purpose or item, not its code.

The app that knows the names registers a source at start-up; whoever shows a code asks here, from any layer::

    names.add_source("purpose", lambda code, on: …)
    names.of("purpose", "error-analysis", on=today)
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date

type Source = Callable[[str, date], object]

# The kinds of codes that are shown by name, as the fields that hold them are called.
KINDS = ("category", "purpose", "item")
_sources: defaultdict[str, list[Source]] = defaultdict(list)


def add_source(kind: str, source: Source) -> None:
    """Ask ``source`` for the names of a kind; it returns nothing for a code that it doesn't know."""
    if source not in _sources[kind]:
        _sources[kind].append(source)


def of(kind: str, code: str, *, on: date) -> str:
    """Return the name of a code on a day in the language of the reader, or the code where nobody knows a name."""
    for source in _sources.get(kind, ()):
        if name := source(code, on):
            return str(name)
    return code
