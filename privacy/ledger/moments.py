"""From a moment to an entry's number: numbers rise with time, so a day is found by halving and needs no index."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

# A server's clock is not set further than this while it runs (``dating.py``), and a number may be drawn before a time.
STEP = timedelta(minutes=6)
# Everything up to ``low`` is earlier than the moment, nothing from ``high`` on is: some twenty looks for five million.
_HALVING = """
WITH RECURSIVE looked (low, high) AS (
    SELECT 0::bigint, coalesce((SELECT id FROM ledger.entry ORDER BY id DESC LIMIT 1), 0) + 1
    UNION ALL
    SELECT CASE WHEN next.time < %(moment)s THEN next.id ELSE low END,
           CASE WHEN next.time < %(moment)s THEN high ELSE (low + high) / 2 END
    FROM looked, LATERAL (SELECT id, time FROM ledger.entry WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1) AS next
    WHERE high - low > 1
)
SELECT high FROM looked ORDER BY high - low LIMIT 1
"""


def number_before(moment: datetime) -> int:
    """Return a number that no entry stamped at ``moment`` or later is below."""
    return first_from(moment - STEP)


def number_after(moment: datetime) -> int:
    """Return a number that every entry stamped before ``moment`` is below."""
    return first_from(moment + STEP)


def first_from(moment: datetime) -> int:
    """Return the number of the first entry of ``moment`` or later, or the next one, where times rise with numbers."""
    with connection.cursor() as cursor:
        cursor.execute(_HALVING, {"moment": moment})
        row: tuple[int] = cursor.fetchone()
    return row[0]
