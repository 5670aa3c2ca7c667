"""From a moment to an entry's number: numbers rise with time, so a day is found by halving and needs no index."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

# A server's clock is not set further than this while it runs (``timestamp_checks.py``), and a number may be drawn
# before a time.
CLOCK_TOLERANCE = timedelta(minutes=6)
# Everything up to "low" is earlier than the moment, nothing from "high" on is: some twenty looks for five million.
_BINARY_SEARCH = """
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


def lower_bound(moment: datetime) -> int:
    """Return a number that no entry stamped at ``moment`` or later is below."""
    return first_id_from(moment - CLOCK_TOLERANCE)


def upper_bound(moment: datetime) -> int:
    """Return a number that every entry stamped before ``moment`` is below."""
    return first_id_from(moment + CLOCK_TOLERANCE)


def first_id_from(moment: datetime) -> int:
    """Return the number of the first entry of ``moment`` or later, or the next one, where times rise with numbers."""
    with connection.cursor() as cursor:
        cursor.execute(_BINARY_SEARCH, {"moment": moment})
        row: tuple[int] = cursor.fetchone()
    return row[0]
