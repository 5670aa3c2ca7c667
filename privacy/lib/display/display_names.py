"""What codes are called: a page shows the name of a category, purpose or item, not its code.

The app that knows the names registers a source at start-up; whoever shows a code asks here, from any layer::

    display_names.add_source("purpose", lambda code, on: …)
    display_names.display_name("purpose", "error-analysis", on=today)
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import batched

type Source = Callable[[str, date], object]

# The kinds of codes that are shown by name, as the fields that hold them are called.
KINDS = ("category", "purpose", "item")
_sources: defaultdict[str, list[Source]] = defaultdict(list)
type BulkSource = Callable[[Collection[str]], Mapping[str, object]]
_many: defaultdict[str, list[BulkSource]] = defaultdict(list)
# People are known by reference wherever they are read about; rows carry their ids.
SUBJECT = "subject"
SLICE = 1_000


def add_source(kind: str, source: Source) -> None:
    """Ask ``source`` for the names of a kind; it returns nothing for a code that it doesn't know."""
    if source not in _sources[kind]:
        _sources[kind].append(source)


def add_bulk_source(kind: str, source: BulkSource) -> None:
    """Ask ``source`` for the names of many codes of a kind at once; it leaves out what it doesn't know."""
    if source not in _many[kind]:
        _many[kind].append(source)


def display_names_of(kind: str, codes: Collection[str]) -> dict[str, str]:
    """Return the names of many codes in one question; what has none is left out."""
    sources = _many.get(kind, ()) if codes else ()
    return {code: str(name) for source in sources for code, name in source(codes).items()}


def with_subjects[Row](
    rows: Iterable[Row], ids_of: Callable[[Row], Iterable[str]]
) -> Iterator[tuple[Row, dict[str, str]]]:
    """Yield rows, each with the references of the people behind the ids that it names, asked in slices."""
    for part in batched(rows, SLICE):
        known = display_names_of(SUBJECT, {one for row in part for one in ids_of(row)})
        for row in part:
            yield row, known


def display_name(kind: str, code: str, *, on: date) -> str:
    """Return the name of a code on a day in the language of the reader, or the code where nobody knows a name."""
    for source in _sources.get(kind, ()):
        if name := source(code, on):
            return str(name)
    return code
