"""Everything with a date, from every register: the officer's calendar and first page ask here and never each app.

An app says in its ``deadlines.py`` what of its own has a date; ``safeguards`` discovers these modules at start-up::

    deadlines.add_query(
        "rights.request", Request.objects.unanswered, on="due_on", reference="number",
        page="admin:rights_request_change", title=_("Answer to a request"), permission="rights.view_request",
    )

A source tells what is still open. It carries references and no personal data, for the calendar also leaves the portal,
as a feed. What stands in rows is asked for in one statement for all registers; what has to be computed (the terms of an
incident) is a function between two days, both inclusive (``add_source``).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, DateField, DateTimeField, F, QuerySet, TextField, Value, Window
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.functional import Promise

from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import EARLIEST
from privacy.lib.record_labels import record_label

# How many matters of one kind the first page names, and how many days ahead it looks.
URGENT_SHOWN, URGENT_WITHIN = 3, timedelta(days=7)


@dataclass(frozen=True)
class Deadline:
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

    @property
    def due_at(self) -> datetime:
        """The moment at which it is late: that of its clock, or the end of its day in Korea."""
        return self.at or clock.midnight(self.on + timedelta(days=1))


type Find = Callable[[date, date], Iterable[Deadline]]


@dataclass(frozen=True)
class DeadlineQuery:
    """Open matters that stand in rows: which, the field of their day or moment, what they are called, their page.

    ``page_key`` is the field that tells the page of which record it is; without one, the page is of no record.
    """

    open: Callable[[], QuerySet[Any]]
    page: str
    on: str = ""
    at: str = ""
    reference: Any = ""
    page_key: str = "pk"
    format_reference: Callable[[str], object] = str

    def found(self, first: date | None, last: date) -> QuerySet[Any]:
        """Return the matters of the days from ``first`` to ``last``, the earliest first."""
        if self.at:
            wanted: dict[str, object] = {f"{self.at}__lt": clock.midnight(last + timedelta(days=1))}
            begin: dict[str, object] = {f"{self.at}__gte": clock.midnight(first)} if first else {}
        else:
            wanted = {f"{self.on}__lte": last}
            begin = {f"{self.on}__gte": first} if first else {}
        return self.open().filter(**wanted, **begin).order_by(self.at or self.on, "pk")

    def told(self, rows: QuerySet[Any], name: str) -> QuerySet[Any, Any]:
        """Return rows as the same columns for every register: source, key, page, day, moment, reference, how many."""
        reference = F(self.reference) if isinstance(self.reference, str) and self.reference else self.reference
        return rows.values_list(
            Value(name),
            Cast("pk", TextField()),
            Cast(self.page_key or Value(""), TextField()),
            Cast(Value(None), DateField()) if self.at else F(self.on),
            F(self.at) if self.at else Cast(Value(None), DateTimeField()),
            Cast(reference or Value(""), TextField()),
            Window(Count("*")),
        )

    def dated(self, row: tuple[Any, ...]) -> Deadline:
        """Return one matter from its columns."""
        _name, key, page_key, on, at, reference, _total = row
        day = on if at is None else clock.kst_date(at)
        page = reverse(self.page, args=[page_key] if page_key else [])
        return Deadline(day, key, str(self.format_reference(reference or "")), page, at)

    def between(self, first: date, last: date) -> Iterator[Deadline]:
        """Yield the matters between two days."""
        for row in self.told(self.found(first, last), "").iterator():
            yield self.dated(row)


@dataclass(frozen=True)
class DeadlineSource:
    """A kind of matters: who may see them, and what the calendar calls them.

    ``owed`` matters are overdue when their day has passed; others, like a notice that ends, are then just over. What
    the portal does by itself on its day (``is_automatic``) waits for nobody: it is on the calendar alone.
    What the portal does again and again waits for somebody once its day has passed (``only_overdue``).
    ``clocks`` names the fields of models whose days it tells, as ``app.Model.field``.
    """

    name: str
    find: Find
    title: Promise | str
    permission: str
    owed: bool = True
    rows: DeadlineQuery | None = None
    is_automatic: bool = False
    only_overdue: bool = False
    clocks: tuple[str, ...] = ()

    def last_day(self, last: date, on: date) -> date:
        """Return up to which day it is asked, of a period that ends with ``last``, seen on the day ``on``."""
        return min(last, on - timedelta(days=1)) if self.only_overdue else last


@dataclass(frozen=True)
class SourcedDeadline:
    """One matter on the calendar, with the source it came from."""

    source: DeadlineSource
    dated: Deadline

    @property
    def title(self) -> str:
        """What the calendar says: the kind of the matter and its reference."""
        return f"{self.source.title} {self.dated.reference}".rstrip()


@dataclass(frozen=True)
class UrgentDeadlines:
    """Matters of one kind that are late or soon due: the most urgent ones by name, and how many more there are."""

    lines: list[SourcedDeadline]
    more: int


_sources: dict[str, DeadlineSource] = {}


def add_source(
    name: str,
    find: Find,
    *,
    title: Promise | str,
    permission: str,
    owed: bool = True,
    is_automatic: bool = False,
    clocks: Collection[str] = (),
) -> None:
    """Ask ``find`` for matters from now on, for holders of ``permission``; the same name again replaces it."""
    _sources[name] = DeadlineSource(
        name, find, title, permission, owed, is_automatic=is_automatic, clocks=tuple(clocks)
    )


def add_query(
    name: str,
    rows: Callable[[], QuerySet[Any]],
    *,
    title: Promise | str,
    permission: str,
    page: str,
    on: str = "",
    at: str = "",
    reference: Any = "",
    page_key: str = "pk",
    format_reference: Callable[[str], object] = str,
    owed: bool = True,
    only_overdue: bool = False,
    clocks: Collection[str] = (),
) -> None:
    """Ask for the open matters that stand in ``rows``, for holders of ``permission``; see ``DeadlineQuery``.

    ``reference`` is a field or an expression; ``format_reference`` turns what it gives into words in the language of
    the reader.
    """
    told = DeadlineQuery(rows, page, on, at, reference, page_key, format_reference)
    label = record_label(rows().model)
    own = () if clocks else (f"{label}.{at or on}",)
    _sources[name] = DeadlineSource(
        name, told.between, title, permission, owed, told, only_overdue=only_overdue, clocks=(*own, *clocks)
    )


def sources(may: Callable[[str], bool] = lambda _permission: True) -> list[DeadlineSource]:
    """Return the sources that somebody may see, in the order of their names."""
    return [_sources[name] for name in sorted(_sources) if may(_sources[name].permission)]


def deadlines_between(
    first: date, last: date, *, on: date, may: Callable[[str], bool], names: Collection[str] | None = None
) -> list[SourcedDeadline]:
    """Return what is dated between two days, inclusive, the earliest first, seen on the day ``on`` by somebody."""
    found = [
        SourcedDeadline(source, dated)
        for source in sources(may)
        if names is None or source.name in names
        for dated in source.find(first if source.owed else max(first, on), source.last_day(last, on))
    ]
    return sorted(found, key=lambda line: (line.dated.on, line.source.name, line.dated.reference, line.dated.key))


def urgent_deadlines(on: date, *, may: Callable[[str], bool]) -> list[UrgentDeadlines]:
    """Return, for each kind of matters, those that are late or due within a week, the most urgent kind first."""
    until = on + URGENT_WITHIN
    waiting = [source for source in sources(may) if not source.is_automatic]
    found: dict[str, list[Deadline]] = {}
    totals: dict[str, int] = {}
    tables = [
        source.rows.told(source.rows.found(None if source.owed else on, source.last_day(until, on)), source.name)[
            :URGENT_SHOWN
        ]
        for source in waiting
        if source.rows is not None
    ]
    if tables:
        for row in tables[0].union(*tables[1:], all=True).order_by():
            rows = _sources[row[0]].rows
            assert rows is not None
            found.setdefault(row[0], []).append(rows.dated(row))
            totals[row[0]] = row[-1]
    for source in waiting:
        if source.rows is None:
            told = list(source.find(EARLIEST if source.owed else on, source.last_day(until, on)))
            if told:
                found[source.name] = sorted(told, key=lambda dated: dated.due_at)[:URGENT_SHOWN]
                totals[source.name] = len(told)
    kinds = [
        UrgentDeadlines(
            [
                SourcedDeadline(_sources[name], dated)
                for dated in sorted(dated, key=lambda one: (one.due_at, one.reference))
            ],
            totals[name] - len(dated),
        )
        for name, dated in found.items()
    ]
    return sorted(kinds, key=lambda kind: (kind.lines[0].dated.due_at, kind.lines[0].source.name))
