"""Counting the decisions of days that are over, for the charts."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import TruncDate

from consents.events import Event
from consents.models import DailyDecisionCount, Decision
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock

# One counts at a time; who comes second finds nothing left to count.
_ADVISORY_LOCK = 7_340_027


def count_decisions(*, on: date, actor: Actor, at: datetime) -> int:
    """Count the days before ``on`` that are not counted yet; return how many decisions that were.

    A day that was missed is made up for. A day without any decision gets a row of zero, so that it is known as counted.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        since = DailyDecisionCount.objects.aggregate(last=Max("until"))["last"]
        first = since or Decision.objects.aggregate(first=Min("recorded_at"))["first"]
        until = clock.midnight(on)
        if first is None or first >= until:
            return 0
        rows = (
            Decision.objects.filter(recorded_at__gte=first, recorded_at__lt=until)
            .order_by()
            .values_list(TruncDate("recorded_at", tzinfo=clock.KST), "choice")
            .annotate(number=Count("pk"))
        )
        numbers = {(day, choice): number for day, choice, number in rows}
        days = [clock.kst_date(first) + timedelta(days=place) for place in range((on - clock.kst_date(first)).days)]
        DailyDecisionCount.objects.bulk_create(
            DailyDecisionCount(
                day=day,
                until=clock.midnight(day + timedelta(days=1)),
                choice=choice,
                number=numbers.get((day, choice), 0),
            )
            for day in days
            for choice in Decision.Choice.values
        )
        counted: int = sum(numbers.values())
        ledger.record(Event.COUNTED, actor=actor, at=at, facts={"days": len(days), "decisions": counted})
    return counted
