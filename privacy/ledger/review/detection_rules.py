"""The rules by which findings are raised for a review (law S-05, S-07). Each is one question to the entries.

Night, bulk and repetition are dated numbers of the rulebook; each entry is measured by those of its own day.

What the ledger can't know, which subject is whose account's own, is answered by sources that other apps add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from django.db import connections

from privacy.ledger.models import Finding
from privacy.lib.dates.clock import KST, kst_date, midnight
from privacy.lib.dates.holidays import is_rest_day
from privacy.lib.registries import parameters

# Within how long of each other denials are one burst: the guide gives no number (ISMS 2.9.5).
BURST_WINDOW = timedelta(minutes=10)
# How far before a period the denials are read with which one of its bursts began.
BURST_LOOKBACK = timedelta(days=1)
# Entries are numbered in another order than they are stamped only within moments.
NUMBERED_WITHIN = timedelta(minutes=1)
MIN_REASON_LENGTH = 10
MAX_ENTRIES = 50
MAX_GAPS = 500
EXPORT_ACTS = ("exported", "downloaded", "printed", "unmasked")

OwnSubjectsSource = Callable[[], Mapping[str, frozenset[str]]]
_own_subjects: list[OwnSubjectsSource] = []


def add_own_subjects_source(source: OwnSubjectsSource) -> None:
    """Ask ``source`` which subjects are an account holder's own, as ``{account: {subject, …}}``."""
    if source not in _own_subjects:
        _own_subjects.append(source)


def own_subjects() -> dict[str, frozenset[str]]:
    """Return which subjects are an account holder's own, as all sources say together."""
    owned: dict[str, frozenset[str]] = {}
    for source in _own_subjects:
        for account, subjects in source().items():
            owned[account] = owned.get(account, frozenset()) | subjects
    return owned


@dataclass
class DetectedFinding:
    """A finding before it is kept."""

    rule: Finding.Rule
    account: str
    first_at: datetime
    last_at: datetime
    entries: list[int]
    count: int
    facts: dict[str, Any] = field(default_factory=dict)


_READS: LiteralString = (
    "SELECT e.id, e.time, e.actor, e.subjects, cardinality(p.people), (e.payload::jsonb ->> 'count')::bigint"
    " FROM ledger.entry e LEFT JOIN ledger.entry_people p ON p.entry_id = e.id"
    " WHERE e.time >= %s AND e.time < %s AND e.kind = 'read' AND e.payload::jsonb ->> 'by' = 'user' ORDER BY e.id"
)
_PEOPLE_OF_A_DAY: LiteralString = (
    "SELECT count(DISTINCT person) FROM ledger.entry e LEFT JOIN ledger.entry_people p ON p.entry_id = e.id"
    " CROSS JOIN LATERAL unnest(coalesce(e.subjects, p.people)) AS person"
    " WHERE e.time >= %s AND e.time < %s AND e.kind = 'read' AND e.payload::jsonb ->> 'by' = 'user' AND e.actor = %s"
)
_DENIALS: LiteralString = (
    "SELECT e.id, e.time, e.actor FROM ledger.entry e WHERE e.time >= %s AND e.time < %s AND e.kind = 'denied'"
    " ORDER BY e.actor, e.id"
)
_EXPORTS: LiteralString = (
    "SELECT e.id, e.time, e.actor, coalesce(e.task, e.word), coalesce(e.payload::jsonb ->> 'reason', '')"
    " FROM ledger.entry e WHERE e.time >= %s AND e.time < %s AND e.payload::jsonb ->> 'by' = 'user' AND"
    " (substring(e.word from '[a-z-]+$') = ANY(%s) OR substring(e.task from '[a-z-]+$') = ANY(%s)) ORDER BY e.id"
)
# From the highest number of the time before to the highest of the period.
_GAPS: LiteralString = (
    "SELECT id + 1, next - 1, time, count(*) OVER (), sum(next - id - 1) OVER (), max(time) OVER ()"
    " FROM (SELECT id, time, lead(id) OVER (ORDER BY id) AS next,"
    "   max(id) FILTER (WHERE time < %(start)s) OVER () AS before,"
    "   max(id) FILTER (WHERE time < %(end)s) OVER () AS last"
    "  FROM ledger.entry WHERE time < %(end)s + %(within)s AND time >="
    "   coalesce((SELECT max(time) FROM ledger.entry WHERE time < %(start)s), %(start)s) - %(within)s) numbered"
    " WHERE next > id + 1 AND next <= last AND (before IS NULL OR id >= before) ORDER BY id LIMIT %(most)s"
)


def detect_findings(period_from: date, period_until: date) -> Iterator[DetectedFinding]:
    """Yield what every rule notices in a period, given as its first and last day in Korea."""
    start = midnight(period_from)
    end = midnight(period_until + timedelta(1))
    limits = _Limits()
    yield from _read_findings(start, end, limits)
    yield from _denied_bursts(start, end, limits)
    yield from _exports_without_reason(start, end)
    yield from _gaps(start, end)


class _Limits:
    """The numbers of the rulebook by day, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, date], int] = {}

    def __call__(self, code: str, on: date) -> int:
        if (code, on) not in self._known:
            self._known[code, on] = parameters.number(code, on)
        return self._known[code, on]

    def off_hours(self, at: datetime) -> bool:
        """Whether a moment is at night, on a weekend or on a holiday in Korea."""
        here = at.astimezone(KST)
        begins, ends = self("access.night.from", here.date()), self("access.night.until", here.date())
        night = begins <= here.hour < ends if begins <= ends else here.hour >= begins or here.hour < ends
        return night or is_rest_day(here.date())


class _Tally:
    """Collects what belongs to one finding: an account, a day, sometimes a subject."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.times: list[datetime] = []
        self.amount = 0
        self.subjects: set[str] = set()
        # People in the lists beside entries, which may be the same ones, and whom an entry counts and nobody names.
        self.listed = 0
        self.unnamed = 0

    def add(self, entry: int, at: datetime, amount: int = 1) -> None:
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
        self.times = [*self.times[:1], at]
        self.amount += amount

    @property
    def people(self) -> int:
        """How many people's data it was at most: each whom an entry names counts once, of the others all."""
        return len(self.subjects) + self.listed + self.unnamed

    def raised(self, rule: Finding.Rule, account: str, **facts: Any) -> DetectedFinding:
        return DetectedFinding(rule, account, self.times[0], self.times[-1], self.entries, self.amount, facts)


def _read_findings(start: datetime, end: datetime, limits: _Limits) -> Iterator[DetectedFinding]:
    nights: dict[tuple[str, date], _Tally] = {}
    days: dict[tuple[str, date], _Tally] = {}
    pairs: dict[tuple[str, date, str], _Tally] = {}
    own: dict[tuple[str, str], _Tally] = {}
    owned = own_subjects()
    for entry, at, account, subjects, listed, count in _rows(_READS, [start, end]):
        day = at.astimezone(KST).date()
        # An entry that names people counts their rows.
        people = len(subjects) if subjects else listed or count or 0
        if limits.off_hours(at):
            nights.setdefault((account, day), _Tally()).add(entry, at)
        if people > limits("access.bulk.subjects", day):
            once = _Tally()
            once.add(entry, at, people)
            yield once.raised(Finding.Rule.BULK, account, people=people)
        of_day = days.setdefault((account, day), _Tally())
        of_day.add(entry, at)
        if subjects:
            of_day.subjects.update(subjects)
        elif listed:
            of_day.listed += people
        else:
            of_day.unnamed += people
        for subject in subjects or ():
            pairs.setdefault((account, day, subject), _Tally()).add(entry, at)
            if subject in owned.get(account, ()):
                own.setdefault((account, subject), _Tally()).add(entry, at)
    for (account, day), tally in nights.items():
        yield tally.raised(Finding.Rule.OFF_HOURS, account, day=day.isoformat())
    for (account, day), tally in days.items():
        limit = limits("export.reason.subjects", day)
        if tally.people > limit and (people := _people_of_day(account, day, tally)) > limit:
            tally.amount = people
            yield tally.raised(Finding.Rule.BULK, account, day=day.isoformat(), people=people)
    for (account, day, subject), tally in pairs.items():
        if tally.amount > limits("access.repeated.reads", day):
            yield tally.raised(Finding.Rule.REPEATED, account, day=day.isoformat(), subject=subject)
    for (account, subject), tally in own.items():
        yield tally.raised(Finding.Rule.SELF, account, subject=subject)


def _people_of_day(account: str, day: date, tally: _Tally) -> int:
    """Return how many people's data an account opened on a day: who is in several lists counts once."""
    if not tally.listed:
        return tally.people
    days = [midnight(day), midnight(day + timedelta(1))]
    ((named,),) = _rows(_PEOPLE_OF_A_DAY, [*days, account])
    return int(named) + tally.unnamed


def _denied_bursts(start: datetime, end: datetime, limits: _Limits) -> Iterator[DetectedFinding]:
    """One finding for each account's burst: so many denials, each within ten minutes of the one before.

    It belongs to the period in which it ends.
    """
    burst, account = _Tally(), ""
    after = end + BURST_WINDOW
    denials = _rows(_DENIALS, [start - BURST_LOOKBACK, after])
    for entry, at, actor in [*denials, (0, after + BURST_WINDOW, "")]:
        if burst.times and (actor != account or at - burst.times[-1] > BURST_WINDOW):
            is_many = burst.amount >= limits("access.denials.count", kst_date(burst.times[0]))
            if is_many and start <= burst.times[-1] < end:
                yield burst.raised(Finding.Rule.DENIED, account)
            burst = _Tally()
        account = actor
        burst.add(entry, at)


def _exports_without_reason(start: datetime, end: datetime) -> Iterator[DetectedFinding]:
    words = list(EXPORT_ACTS)
    for entry, at, account, task, reason in _rows(_EXPORTS, [start, end, words, words]):
        if len(reason.strip()) < MIN_REASON_LENGTH:
            tally = _Tally()
            tally.add(entry, at)
            yield tally.raised(Finding.Rule.REASON, account, task=task)


def _gaps(start: datetime, end: datetime) -> Iterator[DetectedFinding]:
    """Numbers that were drawn and have no entry: of changes that were undone. Listed, because nothing else may be.

    All are counted; of very many the first ranges are listed. Those before a period's first entry are its own.
    """
    gaps = list(_rows(_GAPS, {"start": start, "end": end, "within": NUMBERED_WITHIN, "most": MAX_GAPS}))
    if gaps:
        *_first, first_at, number, missing, last_at = gaps[0]
        facts: dict[str, Any] = {"ranges": [[gap[0], gap[1]] for gap in gaps]}
        if number > len(gaps):
            facts["more_ranges"] = number - len(gaps)
        yield DetectedFinding(Finding.Rule.GAP, "", max(first_at, start), max(last_at, start), [], int(missing), facts)


def _rows(query: LiteralString, parameters: list[Any] | dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connections["default"].chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        yield from cursor
