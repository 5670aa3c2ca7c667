"""Periods by the Civil Act: the vectors of the law, and an independent, slow definition of each rule (T-01…T-10)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lib.dates import holidays, periods

SEOUL = ZoneInfo("Asia/Seoul")
days = st.dates(min_value=date(2020, 12, 1), max_value=date(2040, 12, 31))
events = st.dates(min_value=date(1999, 12, 1), max_value=date(2101, 1, 31))


@pytest.fixture(autouse=True)
def no_extra_holidays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the law's own holidays."""
    monkeypatch.setattr(holidays, "_sources", [])


# --- answers: days -------------------------------------------------------------------------------------------


# Ten days from receipt: the vectors of the law, and every kind of holiday. The whole office is held to them.
TEN_DAYS = [
    ("2026-09-14", "2026-09-28"),  # Thursday before Chuseok, three holidays and a Sunday
    ("2026-11-24", "2026-12-04"),  # a Friday, nothing rolls
    ("2026-11-25", "2026-12-07"),  # a Saturday
    ("2026-11-26", "2026-12-07"),  # a Sunday
    ("2026-12-15", "2026-12-28"),  # Christmas on a Friday, then a weekend
    ("2026-12-22", "2027-01-04"),  # New Year's Day on a Friday
    ("2026-02-06", "2026-02-19"),  # the three days of Seollal
    ("2026-02-19", "2026-03-03"),  # 1 March on a Sunday: its substitute on Monday is one too
    ("2026-04-21", "2026-05-04"),  # Labour Day on a Friday
    ("2026-05-15", "2026-05-26"),  # Buddha's Birthday on a Sunday, its substitute on Monday
    ("2026-07-07", "2026-07-20"),  # Constitution Day, a holiday again since 2026
    ("2026-08-05", "2026-08-18"),  # Liberation Day on a Saturday, substitute on Monday
    ("2026-09-23", "2026-10-06"),  # National Foundation Day on a Saturday, substitute on Monday
    ("2026-05-24", "2026-06-04"),  # local elections on Wednesday 3 June
    ("2024-02-19", "2024-02-29"),  # a leap day
]


@pytest.mark.law("T-01")
@pytest.mark.parametrize(
    ("received", "number", "due"),
    [
        *((received, 10, due) for received, due in TEN_DAYS),
        ("2026-11-24", 30, "2026-12-24"),
        ("2026-11-24", 14, "2026-12-08"),
        ("2026-11-24", 0, "2026-11-24"),
    ],
)
def test_an_answer_is_due_on_the_day_the_law_says(received: str, number: int, due: str) -> None:
    assert periods.answer_due(date.fromisoformat(received), days=number) == date.fromisoformat(due)


def counted_one_by_one(received_on: date, number: int) -> date:
    """Count on the fingers: day one is the day after; a rest day at the end passes to the next (157, 159, 161)."""
    day, counted = received_on, 0
    while counted < number:
        day += timedelta(1)
        counted += 1
    calendar = {day + timedelta(step) for step in range(40) if is_open(day + timedelta(step))}
    return min(calendar)


def is_open(day: date) -> bool:
    return day.isoweekday() not in (6, 7) and day not in holidays.public_holidays(day.year)


@pytest.mark.law("T-02", "T-05")
@given(received=days, number=st.integers(0, 400))
def test_an_answer_is_due_where_counting_one_by_one_ends(received: date, number: int) -> None:
    assert periods.answer_due(received, days=number) == counted_one_by_one(received, number)


@pytest.mark.law("T-04")
@given(received=days, number=st.integers(0, 400))
def test_an_answer_never_comes_due_early_or_on_a_rest_day(received: date, number: int) -> None:
    due, target = periods.answer_due(received, days=number), periods.answer_due_unrolled(received, days=number)
    assert target == received + timedelta(number)
    assert due >= target
    assert not holidays.is_rest_day(due)
    assert all(holidays.is_rest_day(target + timedelta(step)) for step in range((due - target).days))


@given(received=days, number=st.integers(0, 60))
def test_who_asks_later_is_never_answered_earlier(received: date, number: int) -> None:
    assert periods.answer_due(received, days=number) <= periods.answer_due(received + timedelta(1), days=number)


@pytest.mark.law("T-05")
def test_days_between_are_calendar_days_not_working_days() -> None:
    # T-05: ten working days from here would be 2026-12-08.
    assert periods.answer_due(date(2026, 11, 24), days=10) == date(2026, 12, 4)


# --- retention: months and years ------------------------------------------------------------------------------


@pytest.mark.law("T-01", "T-07", "T-02")
@pytest.mark.parametrize(
    ("event", "months", "years", "end"),
    [
        ("2026-04-30", 1, 0, "2026-05-31"),  # the period starts on the first: it ends with the month, 160(1)
        ("2024-05-15", 24, 0, "2026-05-15"),
        ("2024-05-15", 0, 2, "2026-05-15"),
        ("2021-11-24", 0, 5, "2026-11-24"),
        ("2026-01-31", 1, 0, "2026-02-28"),  # from 1 February to its end
        ("2026-01-30", 1, 0, "2026-02-28"),  # from 31 January: February has no 31st, 160(3)
        ("2026-01-29", 1, 0, "2026-02-28"),  # from 30 January: no 30th either
        ("2026-01-28", 1, 0, "2026-02-28"),  # from 29 January: no 29th either
        ("2026-01-27", 1, 0, "2026-02-27"),
        ("2024-01-28", 1, 0, "2024-02-28"),  # from 29 January to the day before 29 February
        ("2024-01-29", 1, 0, "2024-02-29"),
        ("2024-02-28", 0, 1, "2025-02-28"),  # from 29 February: the next year has none
        ("2024-02-29", 0, 1, "2025-02-28"),  # from 1 March to the end of February
        ("2023-02-28", 0, 1, "2024-02-29"),  # from 1 March to the end of a February with a leap day
        ("2024-02-29", 0, 4, "2028-02-29"),
        ("2026-08-31", 1, 0, "2026-09-30"),
        ("2026-12-31", 3, 0, "2027-03-31"),
        ("2026-11-30", 12, 0, "2027-11-30"),
        ("2026-10-03", 1, 0, "2026-11-03"),
        ("2026-11-24", 0, 0, "2026-11-24"),
        ("2026-08-29", 0, 0, "2026-08-29"),
    ],
)
@pytest.mark.clause("P6.1")
def test_a_period_ends_on_the_day_the_law_says(event: str, months: int, years: int, end: str) -> None:
    ended = periods.period_end(date.fromisoformat(event), months=months, years=years)
    assert ended == date.fromisoformat(end)


def walked_through(event_on: date, months: int) -> date:
    """Walk day by day until the month's corresponding day comes, or the month is over without one (160)."""
    start = day = event_on + timedelta(1)
    wanted = start.year * 12 + start.month + months
    while True:
        here = day.year * 12 + day.month
        if here > wanted or (here == wanted and day.day == start.day):
            return day - timedelta(1)
        day += timedelta(1)


@pytest.mark.law("T-07")
@given(event=events, months=st.integers(1, 40))
def test_a_period_ends_where_walking_through_the_calendar_ends(event: date, months: int) -> None:
    assert periods.period_end(event, months=months) == walked_through(event, months)


@given(event=events, months=st.integers(0, 240), years=st.integers(0, 20))
def test_a_year_is_twelve_months(event: date, months: int, years: int) -> None:
    assert periods.period_end(event, months=months, years=years) == periods.period_end(
        event, months=months + 12 * years
    )


@given(event=events, months=st.integers(0, 240))
def test_a_later_event_never_ends_earlier(event: date, months: int) -> None:
    assert periods.period_end(event, months=months) <= periods.period_end(event + timedelta(1), months=months)


@pytest.mark.law("T-10")
@given(event=events, months=st.integers(1, 240))
def test_a_retention_period_is_never_rolled(event: date, months: int) -> None:
    """T-10: it may well end on a Sunday, and holding on until Monday would be holding too long."""
    end = periods.period_end(event, months=months)
    longest = {1: 31}.get(months, 31 * months)
    assert timedelta(28 * months) <= end - event <= timedelta(longest)
    assert end == walked_through(event, months)


@pytest.mark.law("T-10")
def test_a_period_that_ends_on_a_sunday_ends_on_that_sunday() -> None:
    assert periods.period_end(date(2026, 10, 29), months=1) == date(2026, 11, 29)
    assert date(2026, 11, 29).isoweekday() == 7


# --- the same day, hours, ages --------------------------------------------------------------------------------


@pytest.mark.law("C-19")
@pytest.mark.parametrize(
    ("consented", "latest"),
    [
        ("2024-03-10", "2026-03-09"),
        ("2024-03-01", "2026-02-28"),
        ("2026-03-01", "2028-02-29"),
        ("2024-02-29", "2026-02-28"),
        ("2024-01-01", "2025-12-31"),
    ],
)
@pytest.mark.clause("P8.12")
def test_a_consent_is_confirmed_before_the_same_day_two_years_later(consented: str, latest: str) -> None:
    assert periods.anniversary_eve(date.fromisoformat(consented), years=2) == date.fromisoformat(latest)


@pytest.mark.law("T-06")
def test_hours_run_through_weekends_and_holidays() -> None:
    """T-06: aware on a Friday evening before Chuseok, due on Monday evening."""
    aware = datetime(2026, 9, 25, 19, 30, tzinfo=SEOUL)
    assert periods.hours_due(aware, hours=72) == datetime(2026, 9, 28, 19, 30, tzinfo=SEOUL)
    assert periods.hours_due(aware, hours=24) - aware == timedelta(hours=24)


@pytest.mark.law("T-03")
def test_a_day_is_over_at_midnight_in_korea() -> None:
    """T-03: an answer due on the 4th is in time until 15:00 UTC of that day."""
    assert periods.end_of_day(date(2026, 12, 4)) == datetime(2026, 12, 4, 15, 0, tzinfo=UTC)


def test_days_left_count_down_to_the_last_day() -> None:
    assert periods.days_left(date(2026, 12, 4), date(2026, 11, 24)) == 10
    assert periods.days_left(date(2026, 12, 4), date(2026, 12, 4)) == 0
    assert periods.days_left(date(2026, 12, 4), date(2026, 12, 5)) == -1


@pytest.mark.law("T-08")
@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2012-11-24", "2026-11-23", 13),
        ("2012-11-24", "2026-11-24", 14),
        ("2012-02-29", "2026-02-28", 13),
        ("2012-02-29", "2026-03-01", 14),
        ("2012-02-29", "2024-02-29", 12),
    ],
)
def test_age_is_counted_in_full_years(born: str, on: str, years: int) -> None:
    """T-08: under fourteen means before the fourteenth birthday."""
    assert periods.age(date.fromisoformat(born), date.fromisoformat(on)) == years


# --- what is no day ------------------------------------------------------------------------------------------


@pytest.mark.law("T-02")
def test_a_moment_is_not_taken_for_a_day() -> None:
    moment = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # already the 25th in Korea
    for wrong in (
        lambda: periods.answer_due(moment, days=10),
        lambda: periods.period_end(moment, months=1),
        lambda: periods.anniversary_eve(moment, years=2),
        lambda: periods.end_of_day(moment),
        lambda: periods.age(moment, date(2026, 11, 24)),
    ):
        with pytest.raises(TypeError):
            wrong()


def test_there_are_no_negative_periods() -> None:
    with pytest.raises(ValueError, match="negative"):
        periods.answer_due(date(2026, 11, 24), days=-1)
    with pytest.raises(ValueError, match="negative"):
        periods.period_end(date(2026, 11, 24), months=-1)
    with pytest.raises(ValueError, match="negative"):
        periods.period_end(date(2026, 11, 24), years=-1, months=24)


def test_a_moment_without_a_zone_has_no_deadline() -> None:
    with pytest.raises(ValueError, match="zone"):
        periods.hours_due(datetime(2026, 11, 24, 12, 0), hours=72)
