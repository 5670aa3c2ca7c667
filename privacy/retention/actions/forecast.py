"""Counting ahead: how many people become due in each of the coming months."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count

from privacy.lib.dates import periods
from privacy.policies.categories import ARCHIVE
from privacy.policies.rulebook import Rulebook
from privacy.retention.models import ArchivedRecord, Forecast
from privacy.subjects import holdings

MONTHS = 12


def update_forecast(*, rules: Rulebook, on: date, at: datetime) -> int:
    """Count, for each of the next twelve months, who becomes due in it; return the figures written."""
    written = 0
    for category in holdings.categories():
        holding = holdings.holding_with_due(category)
        if category not in rules.categories or holding is None or holding.due is None:
            continue
        term = rules.retention(category)
        before = 0
        month = on.replace(day=1)
        for _month in range(MONTHS):
            after = periods.first_of_next_month(month)
            due = sum(len(ids) for ids in holding.due(after - timedelta(days=1), term))
            with transaction.atomic():
                Forecast.objects.update_or_create(
                    category=category, month=month, defaults={"people": max(0, due - before), "counted_at": at}
                )
            before, month, written = due, after, written + 1
    written += _count_archive(on, at=at)
    Forecast.objects.filter(month__lt=on.replace(day=1)).delete()
    return written


def _count_archive(on: date, *, at: datetime) -> int:
    """Count, for each month, the people of whom archived records end: the archive has terms of its own (P6.4)."""
    month = on.replace(day=1)
    first = date.min
    for _month in range(MONTHS):
        after = periods.first_of_next_month(month)
        # What ends on a day is due on the next one.
        ends = ArchivedRecord.objects.filter(ends_on__gte=first, ends_on__lt=after - timedelta(days=1))
        people = ends.aggregate(people=Count("subject_id", distinct=True))["people"]
        with transaction.atomic():
            Forecast.objects.update_or_create(
                category=ARCHIVE, month=month, defaults={"people": people, "counted_at": at}
            )
        first, month = after - timedelta(days=1), after
    return MONTHS
