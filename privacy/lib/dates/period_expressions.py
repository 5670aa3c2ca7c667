"""Periods of the civil law as expressions of the database: what waits for a day is found by its day."""

from django.db.models import DateField, Func


class PeriodEnd(Func):
    """The last day, inclusive, of a period of months after the day of an event: see ``periods.period_end``."""

    arity = 2
    output_field = DateField()
    template = (
        "(SELECT CASE WHEN extract(day FROM p.until) = extract(day FROM p.start) THEN p.until - 1 ELSE p.until END"
        " FROM (SELECT g.day + 1 AS start, (g.day + 1 + make_interval(months => g.months))::date AS until"
        " FROM (SELECT %(expressions)s) AS g (day, months)) AS p)"
    )
