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
    "SELECT e.id, e.time, e.actor, e.subjects, (e.payload::jsonb ->> 'count')::bigint, e.task,"
    " coalesce(e.payload::jsonb ->> 'reason', '') FROM ledger.entry e"
    " WHERE e.time >= %s AND e.time < %s AND e.kind = 'read' AND e.payload::jsonb ->> 'by' = 'user' ORDER BY e.id"
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
_GAPS: LiteralString = (
    "SELECT id + 1, next - 1, time, count(*) OVER (), sum(next - id - 1) OVER (), max(time) OVER ()"
    " FROM (SELECT id, time, lead(id) OVER (ORDER BY id) AS next FROM ledger.entry"
    "  WHERE time >= coalesce((SELECT max(time) FROM ledger.entry WHERE time < %(start)s), %(start)s)"
    "  AND time < %(end)s) numbered WHERE next > id + 1 ORDER BY id LIMIT %(most)s"
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
        # People whom an entry counts and does not name: two such entries may be about the same ones.
        self.unnamed = 0

    def add(self, entry: int, at: datetime, amount: int = 1) -> None:
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
        self.times = [*self.times[:1], at]
        self.amount += amount

    @property
    def people(self) -> int:
        """How many people's data it was: each who is named counts once, of the others as many as were counted."""
        return len(self.subjects) + self.unnamed

    def raised(self, rule: Finding.Rule, account: str, **facts: Any) -> DetectedFinding:
        return DetectedFinding(rule, account, self.times[0], self.times[-1], self.entries, self.amount, facts)


def _read_findings(start: datetime, end: datetime, limits: _Limits) -> Iterator[DetectedFinding]:
    nights: dict[tuple[str, date], _Tally] = {}
    days: dict[tuple[str, date], _Tally] = {}
    pairs: dict[tuple[str, date, str], _Tally] = {}
    own: dict[tuple[str, str], _Tally] = {}
    owned: dict[str, frozenset[str]] = {}
    for source in _own_subjects:
        owned.update(source())
    for entry, at, account, subjects, count, _task, _reason in _rows(_READS, [start, end]):
        day = at.astimezone(KST).date()
        people = count if count is not None else len(subjects or ())
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
        else:
            of_day.unnamed += people
        for subject in subjects or ():
            pairs.setdefault((account, day, subject), _Tally()).add(entry, at)
            if subject in owned.get(account, ()):
                own.setdefault((account, subject), _Tally()).add(entry, at)
    for (account, day), tally in nights.items():
        yield tally.raised(Finding.Rule.OFF_HOURS, account, day=day.isoformat())
    for (account, day), tally in days.items():
        if tally.people > limits("export.reason.subjects", day):
            tally.amount = tally.people
            yield tally.raised(Finding.Rule.BULK, account, day=day.isoformat(), people=tally.people)
    for (account, day, subject), tally in pairs.items():
        if tally.amount > limits("access.repeated.reads", day):
            yield tally.raised(Finding.Rule.REPEATED, account, day=day.isoformat(), subject=subject)
    for (account, subject), tally in own.items():
        yield tally.raised(Finding.Rule.SELF, account, subject=subject)


def _denied_bursts(start: datetime, end: datetime, limits: _Limits) -> Iterator[DetectedFinding]:
    """One finding for each account's burst: so many denials, each within ten minutes of the one before."""
    burst, account = _Tally(), ""
    for entry, at, actor in [*_rows(_DENIALS, [start, end]), (0, end, "")]:
        if burst.times and (actor != account or at - burst.times[-1] > BURST_WINDOW):
            if burst.amount >= limits("access.denials.count", kst_date(burst.times[0])):
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
    gaps = list(_rows(_GAPS, {"start": start, "end": end, "most": MAX_GAPS}))
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
