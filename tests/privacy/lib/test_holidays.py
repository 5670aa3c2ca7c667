"""The calendar: holidays with their substitutes, checked against the law's own rules, and what the officer adds."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from privacy.lib.dates import holidays, periods

# New Year's Day and Chuseok by the lunar calendar, and Buddha's Birthday.
SEOLLAL = (
    "2026-02-17 2027-02-07 2028-01-27 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08"
)
CHUSEOK = (
    "2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12 2031-10-01 2032-09-19 2033-09-08 2034-09-27 2035-09-16"
)
BUDDHA = "2026-05-24 2027-05-13 2028-05-02 2029-05-20 2030-05-09 2031-05-28 2032-05-16 2033-05-06 2034-05-25 2035-05-15"
# (month, day, whether a weekend gives a substitute): Holidays Act, articles 2 and 3, and the Decree's 1 May.
FIXED = (
    (1, 1, False), (3, 1, True), (5, 1, True), (5, 5, True), (6, 6, False), (7, 17, True), (8, 15, True), (10, 3, True),
    (10, 9, True), (12, 25, True),
)  # fmt: skip


def lunar(table: str, year: int) -> date:
    return next(date.fromisoformat(day) for day in table.split() if day.startswith(str(year)))


def by_the_act(year: int) -> set[date]:
    """The holidays of a year, from the articles themselves: first all of them, then the substitutes in their order."""
    single = [(date(year, month, day), moves) for month, day, moves in FIXED]
    single.append((lunar(BUDDHA, year), True))
    feasts = [lunar(table, year) + timedelta(step) for table in (SEOLLAL, CHUSEOK) for step in (-1, 0, 1)]
    taken = {day for day, _ in single} | set(feasts)
    everything = sorted([(day, moves, 5) for day, moves in single] + [(day, True, 6) for day in feasts])
    for index, (day, moves, weekday) in enumerate(everything):
        overlaps = any(other == day for other, _, _ in everything[:index])
        if moves and (day.weekday() >= weekday or (overlaps and day.weekday() < 5)):
            substitute = day + timedelta(1)
            while substitute in taken or substitute.weekday() >= 5:
                substitute += timedelta(1)
            taken.add(substitute)
    return taken


@pytest.mark.law("T-04")
@pytest.mark.parametrize("year", range(2026, 2036))
def test_the_calendar_is_the_one_of_the_act(year: int) -> None:
    elections = {day for day in holidays.public_holidays(year) if day.weekday() == 2} - by_the_act(year)
    assert {day for day in holidays.public_holidays(year) if day.weekday() < 5} - elections == {
        day for day in by_the_act(year) if day.weekday() < 5
    }
    assert len(elections) <= 2  # term-expiry elections are on Wednesdays


@pytest.mark.law("T-04")
@pytest.mark.parametrize(
    ("day", "rests"),
    [
        ("2026-11-27", False),  # Friday
        ("2026-11-28", True),  # Saturday
        ("2026-11-29", True),  # Sunday
        ("2026-07-17", True),  # Constitution Day, again since 2026
        ("2025-07-17", False),
        ("2026-05-01", True),  # Labour Day, since 2026
        ("2025-05-01", False),
        ("2026-10-05", True),  # substitute for 3 October
        ("2027-01-01", True),
        ("2028-01-03", False),  # 1 January on a Saturday gives no substitute
        ("2027-06-07", False),  # nor does 6 June on a Sunday
        ("2020-08-17", True),  # a temporary holiday of the past
    ],
)
def test_rest_days(day: str, rests: bool) -> None:
    assert holidays._is_rest_day_by_law(date.fromisoformat(day)) is rests


@pytest.fixture
def source() -> Iterator[set[date]]:
    """A source that a test fills."""
    days: set[date] = set()

    def told() -> set[date]:
        return days

    before, holidays._sources[:] = list(holidays._sources), []
    holidays.add_source(told)
    holidays.add_source(told)
    assert len(holidays._sources) == 1
    yield days
    holidays.remove_source(told)
    holidays._sources[:] = before


def test_an_added_holiday_moves_a_deadline(source: set[date]) -> None:
    assert periods.answer_due(date(2026, 11, 24), days=10) == date(2026, 12, 4)
    source.add(date(2026, 12, 4))
    assert holidays.is_rest_day(date(2026, 12, 4))
    assert periods.answer_due(date(2026, 11, 24), days=10) == date(2026, 12, 7)


@pytest.mark.law("T-10")
def test_an_added_holiday_never_moves_a_retention_period(source: set[date]) -> None:
    source.add(date(2026, 12, 4))
    assert periods.period_end(date(2026, 11, 4), months=1) == date(2026, 12, 4)
