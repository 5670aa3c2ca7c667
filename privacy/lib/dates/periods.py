"""Periods by the Civil Act, articles 155–161 (law T-01…T-10). Every deadline of the portal is computed here.

Days are calendar days in Korea. A period given in days ends on a working day; a period of retention never rolls,
because rolling would lengthen the holding (T-10). Hours run at once and never pause (T-06).
"""

from calendar import monthrange
from datetime import MAXYEAR, date, datetime, timedelta

from privacy.lib.dates import holidays
from privacy.lib.dates.clock import midnight


def first_of_next_month(day: date) -> date:
    """Return the first day of the month after that of a day."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def answer_due(received_on: date, *, days: int) -> date:
    """Return the last day to answer what was received on a day (T-02, T-04, T-05).

    The day of receipt does not count, every calendar day after it does; a last day that is a Saturday, a Sunday or a
    holiday moves to the next day that is none.
    """
    return holidays.next_working_day(answer_due_unrolled(received_on, days=days))


def answer_due_unrolled(received_on: date, *, days: int) -> date:
    """Return the same last day without rolling: the office's own target, safe under every reading (T-04)."""
    _must_be_a_day(received_on)
    if days < 0:
        raise ValueError("A period has no negative number of days.")
    return received_on + timedelta(days)


def period_end(event_on: date, *, months: int = 0, years: int = 0) -> date:
    """Return the last day, inclusive, of a period of months and years after an event (T-07); never rolled (T-10).

    The period starts on the day after the event and ends the day before the corresponding day of its last month, or
    at the end of that month where it has no such day. A period of nothing ends with the day of the event.
    """
    _must_be_a_day(event_on)
    if months < 0 or years < 0:
        raise ValueError("A period has no negative number of months or years.")
    start = event_on + timedelta(1)
    year, month = divmod(start.year * 12 + start.month - 1 + 12 * years + months, 12)
    if year > MAXYEAR:
        return date.max
    month += 1
    last = monthrange(year, month)[1]
    if start.day > last:
        return date(year, month, last)
    return date(year, month, start.day) - timedelta(1)


def anniversary_eve(event_on: date, *, months: int = 0, years: int = 0) -> date:
    """Return the day before the same day months or years later: the latest re-confirmation of a consent (C-19)."""
    _must_be_a_day(event_on)
    return period_end(event_on - timedelta(1), months=months, years=years)


def latest_event(last_on: date, *, months: int = 0, years: int = 0) -> date:
    """Return the latest day of an event whose period has its last day on ``last_on`` or before: see ``period_end``."""
    _must_be_a_day(last_on)
    shifted = last_on.year * 12 + last_on.month - 1 - 12 * years - months
    if shifted < 12:
        # Before the calendar begins nothing happened: no such period is over.
        return date.min
    event_on = date(shifted // 12, shifted % 12 + 1, 1) + timedelta(last_on.day + 2)
    while period_end(event_on, years=years, months=months) > last_on:
        event_on -= timedelta(1)
    return event_on


def hours_due(from_at: datetime, *, hours: int) -> datetime:
    """Return the moment a period of hours is over: it starts at once and rests on no day (T-06, Civil Act 156)."""
    if from_at.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return from_at + timedelta(hours=hours)


def end_of_day(day: date) -> datetime:
    """Return the moment at which a period with this last day is over: 24:00 in Korea (T-03, Civil Act 159)."""
    _must_be_a_day(day)
    return midnight(day + timedelta(1))


def days_left(due_on: date, on: date) -> int:
    """Return how many days remain on ``on``: 0 on the last day, negative when it has passed."""
    return (due_on - on).days


def age(born_on: date, on: date) -> int:
    """Return full years of age on a day; the day of birth counts (T-08, Civil Act 158).

    Who was born on 29 February completes a year with the end of 28 February, and is older from 1 March.
    """
    _must_be_a_day(born_on)
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _must_be_a_day(day: date) -> None:
    # A datetime is a date to Python; its day would be the day in UTC, which in Korea may be yesterday (T-02).
    if isinstance(day, datetime):
        raise TypeError("Give the calendar day in Korea, not a moment.")
