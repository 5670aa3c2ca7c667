"""The monthly partitions of reports: which there are, made ahead, dropped when they are over.

The functions that do it belong to the owner of the tables (migration 0002); the portal owns none.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache

from django.db import connections

from privacy.lib.dates import clock

TABLES = ("devices_report", "devices_applog")
MONTHS_AHEAD = 3
FIRST = date(2000, 1, 1).toordinal()


def month_of(moment: datetime) -> date:
    """Return the first day of the month in Korea in which something happened."""
    return first_of_month(clock.kst_date(moment))


@lru_cache(maxsize=4096)
def day_of(number: int) -> date:
    """Return a calendar day in Korea by its number since 2000; beyond the calendar, its nearest end."""
    return date.fromordinal(min(max(FIRST + number, 1), date.max.toordinal()))


@lru_cache(maxsize=4096)
def first_of_month(day: date) -> date:
    """Return the first day of a day's month: one object for each month."""
    return day.replace(day=1)


@lru_cache(maxsize=4096)
def partition_name(table: str, month: date) -> str:
    """Return the name of the table that holds a month's rows of ``table``, whether it was made yet or not."""
    return f"{table}_{month:%Y_%m}"


def months_from(on: date, count: int = MONTHS_AHEAD) -> list[date]:
    """Return the month of a day and ``count`` months after it."""
    return [date(on.year + (on.month - 1 + step) // 12, (on.month - 1 + step) % 12 + 1, 1) for step in range(count + 1)]


def in_month(month: date) -> dict[str, datetime]:
    """Return the condition that an event lies in a month in Korea."""
    after = months_from(month, 1)[1]
    return {
        "occurred_at__gte": clock.midnight(month),
        "occurred_at__lt": clock.midnight(after),
    }


def existing_months(table: str) -> list[date]:
    """Return the months for which a table has a partition, the oldest first."""
    with connections["personal"].cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 7) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        return [date(int(name[:4]), int(name[5:]), 1) for (name,) in cursor.fetchall()]


def create_partitions(wanted: Iterable[date]) -> int:
    """Make the partitions of some months in every table; return how many were missing."""
    made = 0
    with connections["personal"].cursor() as cursor:
        for month in wanted:
            for table in TABLES:
                cursor.execute("SELECT devices_make_month(%s, %s)", [table, month])
                made += int(cursor.fetchone()[0])
    return made


def drop_partition(table: str, month: date) -> int:
    """Drop a month that is over, with all its rows; return how many went. Safe to repeat."""
    with connections["personal"].cursor() as cursor:
        cursor.execute("SELECT devices_drop_month(%s, %s)", [table, month])
        return int(cursor.fetchone()[0])


def cluster_partition(table: str, month: date) -> bool:
    """Put a month that is over in the order of device and time; return whether it was not yet.

    Nobody reads or writes that month meanwhile; reports of other months come in as ever.
    """
    with connections["personal"].cursor() as cursor:
        cursor.execute("SELECT devices_order_month(%s, %s)", [table, month])
        return bool(cursor.fetchone()[0])
