"""The rules by which findings are raised for a review (law S-05, S-07). Each is one question to the entries.

What the ledger can't know is answered by sources that other apps add: which subject is whose account's own, how often
reviews are due, how many subjects there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, LiteralString

from django.db import connections

from privacy.ledger.models import Finding
from privacy.lib.clock import KST, midnight
from privacy.lib.holidays import is_rest_day

# Examples of the guide (ISMS 2.9.5); the office sets its own in the management plan.
NIGHT = (time(22), time(6))
BULK_AT_ONCE = 100
BULK_IN_A_DAY = 1_000
REPEATED_IN_A_DAY = 10
DENIALS_IN_TEN_MINUTES = 5
SHORTEST_REASON = 10
MOST_ENTRIES = 50
MOST_GAPS = 500
TAKING_OUT = ("exported", "downloaded", "printed", "unmasked")

OwnSubjects = Callable[[], Mapping[str, frozenset[str]]]
_own_subjects: list[OwnSubjects] = []


def add_own_subjects(source: OwnSubjects) -> None:
    """Ask ``source`` which subjects are an account holder's own, as ``{account: {subject, …}}``."""
    if source not in _own_subjects:
        _own_subjects.append(source)


@dataclass
class Raised:
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
_TAKEN_OUT: LiteralString = (
    "SELECT e.id, e.time, e.actor, coalesce(e.task, e.word), coalesce(e.payload::jsonb ->> 'reason', '')"
    " FROM ledger.entry e WHERE e.time >= %s AND e.time < %s AND e.payload::jsonb ->> 'by' = 'user' AND"
    " (substring(e.word from '[a-z-]+$') = ANY(%s) OR substring(e.task from '[a-z-]+$') = ANY(%s)) ORDER BY e.id"
)
_GAPS: LiteralString = (
    "SELECT id + 1, next - 1, time FROM (SELECT id, time, lead(id) OVER (ORDER BY id) AS next FROM ledger.entry"
    " WHERE time >= %s AND time < %s) numbered WHERE next > id + 1 ORDER BY id LIMIT %s"
)


def raise_findings(period_from: date, period_until: date) -> Iterator[Raised]:
    """Yield what every rule notices in a period, given as its first and last day in Korea."""
    start = midnight(period_from)
    end = midnight(period_until + timedelta(1))
    yield from _about_reads(start, end)
    yield from _denied_bursts(start, end)
    yield from _taken_out_without_reason(start, end)
    yield from _gaps(start, end)


def is_off_hours(at: datetime) -> bool:
    """Whether a moment is at night, on a weekend or on a holiday in Korea."""
    here = at.astimezone(KST)
    return here.time() >= NIGHT[0] or here.time() < NIGHT[1] or is_rest_day(here.date())


class _Tally:
    """Collects what belongs to one finding: an account, a day, sometimes a subject."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.times: list[datetime] = []
        self.amount = 0

    def add(self, entry: int, at: datetime, amount: int = 1) -> None:
        if len(self.entries) < MOST_ENTRIES:
            self.entries.append(entry)
        self.times = [*self.times[:1], at]
        self.amount += amount

    def raised(self, rule: Finding.Rule, account: str, **facts: Any) -> Raised:
        return Raised(rule, account, self.times[0], self.times[-1], self.entries, self.amount, facts)


def _about_reads(start: datetime, end: datetime) -> Iterator[Raised]:
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
        if is_off_hours(at):
            nights.setdefault((account, day), _Tally()).add(entry, at)
        if people > BULK_AT_ONCE:
            once = _Tally()
            once.add(entry, at, people)
            yield once.raised(Finding.Rule.BULK, account, people=people)
        days.setdefault((account, day), _Tally()).add(entry, at, people)
        for subject in subjects or ():
            pairs.setdefault((account, day, subject), _Tally()).add(entry, at)
            if subject in owned.get(account, ()):
                own.setdefault((account, subject), _Tally()).add(entry, at)
    for (account, day), tally in nights.items():
        yield tally.raised(Finding.Rule.OFF_HOURS, account, day=day.isoformat())
    for (account, day), tally in days.items():
        if tally.amount > BULK_IN_A_DAY:
            yield tally.raised(Finding.Rule.BULK, account, day=day.isoformat(), people=tally.amount)
    for (account, day, subject), tally in pairs.items():
        if tally.amount > REPEATED_IN_A_DAY:
            yield tally.raised(Finding.Rule.REPEATED, account, day=day.isoformat(), subject=subject)
    for (account, subject), tally in own.items():
        yield tally.raised(Finding.Rule.SELF, account, subject=subject)


def _denied_bursts(start: datetime, end: datetime) -> Iterator[Raised]:
    """One finding for each account's burst: more than so many denials within ten minutes of each other."""
    burst, account = _Tally(), ""
    for entry, at, actor in [*_rows(_DENIALS, [start, end]), (0, end, "")]:
        if burst.times and (actor != account or at - burst.times[-1] > timedelta(minutes=10)):
            if burst.amount >= DENIALS_IN_TEN_MINUTES:
                yield burst.raised(Finding.Rule.DENIED, account)
            burst = _Tally()
        account = actor
        burst.add(entry, at)


def _taken_out_without_reason(start: datetime, end: datetime) -> Iterator[Raised]:
    words = list(TAKING_OUT)
    for entry, at, account, task, reason in _rows(_TAKEN_OUT, [start, end, words, words]):
        if len(reason.strip()) < SHORTEST_REASON:
            tally = _Tally()
            tally.add(entry, at)
            yield tally.raised(Finding.Rule.REASON, account, task=task)


def _gaps(start: datetime, end: datetime) -> Iterator[Raised]:
    """Numbers that were drawn and have no entry: of changes that were undone. Listed, because nothing else may be."""
    gaps = list(_rows(_GAPS, [start, end, MOST_GAPS]))
    if gaps:
        missing = sum(last - first + 1 for first, last, _at in gaps)
        ranges = [[first, last] for first, last, _at in gaps]
        yield Raised(Finding.Rule.GAP, "", gaps[0][2], gaps[-1][2], [], missing, {"ranges": ranges})


def _rows(query: LiteralString, parameters: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connections["default"].chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        yield from cursor
