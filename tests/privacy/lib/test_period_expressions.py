"""The end of a period is the same day in the database as in the portal."""

from datetime import date, timedelta

from django.db.models import Value

from privacy.lib.dates import periods
from privacy.lib.dates.period_expressions import PeriodEnd
from privacy.policies.models import Parameter
from tests.base import PortalTestCase

MONTHS = (0, 1, 6, 11, 12, 13, 24)


class PeriodEndTests(PortalTestCase):
    def test_of_each_day_of_four_years(self) -> None:
        row = Parameter.objects.order_by("pk")[:1]
        for number in range(0, 4 * 366, 16):
            days = [date(2023, 12, 1) + timedelta(number + one) for one in range(16)]
            asked = {f"d{at}m{months}": (day, months) for at, day in enumerate(days) for months in MONTHS}
            named = {name: PeriodEnd(Value(day), Value(months)) for name, (day, months) in asked.items()}
            (told,) = row.annotate(**named).values(*named)
            assert told == {name: periods.period_end(day, months=months) for name, (day, months) in asked.items()}
