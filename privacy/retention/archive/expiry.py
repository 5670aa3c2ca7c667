"""Which archived records and which months' keys are past their preservation term, and which of them a hold keeps."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from privacy.policies.categories import ARCHIVE, ARCHIVE_PREFIX
from privacy.retention.models import ArchivedRecord, Hold
from privacy.retention.models.archive import ArchivedRecordQuerySet
from privacy.vault.models import MonthKey


def is_due(on: date) -> bool:
    """Whether archived records, or the keys of a finished month, are past their end and nothing holds them."""
    return due_and_not_held(on).exists() or bool(expired_month_keys(on, people_on_hold(on, on)))


def count_due(on: date) -> tuple[int, int]:
    """Return how many people and records are past their preservation term on a day."""
    totals = due_and_not_held(on).aggregate(people=Count("subject_id", distinct=True), records=Sum("records"))
    return totals["people"] or 0, totals["records"] or 0


def due_and_not_held(on: date) -> ArchivedRecordQuerySet:
    """Return the records that are past their preservation term on a day, of people of whom no hold keeps any."""
    kept = ArchivedRecord.objects.over(on).filter(_held(on)).order_by()
    return ArchivedRecord.objects.over(on).exclude(subject_id__in=kept.values("subject_id"))


def people_on_hold(on: date, today: date) -> set[UUID]:
    """Return the people whose records past their term on a day are kept by a hold in force today."""
    held = ArchivedRecord.objects.over(on).filter(_held(today)).order_by()
    return set(held.values_list("subject_id", flat=True).distinct())


def _held(today: date) -> Q:
    """Return which archived records a hold in force keeps: all of them where it has no bounds."""
    held = Q(pk__in=[])
    for hold in Hold.objects.active(today):
        bounds: dict[str, Any] = {}
        if hold.category not in ("", ARCHIVE):
            bounds["category"] = hold.category
        if hold.subject_id is not None:
            bounds["subject_id"] = hold.subject_id
        # Q() is no condition: combined with another it would vanish, and the widest hold would keep nothing.
        held |= Q(**bounds) if bounds else Q(pk__isnull=False)
    return held


def expired_month_keys(on: date, kept: set[UUID], *, today: date | None = None) -> list[tuple[str, date]]:
    """Return the keyrings' months that are over and in which a hold keeps nothing; none while it reaches everybody."""
    if Hold.objects.active(today or on).on_category(ARCHIVE).on_everybody().exists():
        return []
    first = on.replace(day=1)
    over = MonthKey.objects.filter(category__startswith=ARCHIVE_PREFIX, month__lt=first).values_list(
        "category", "month"
    )
    still = {
        (ring, ends_on.replace(day=1))
        for ring, ends_on in ArchivedRecord.objects.filter(subject_id__in=sorted(kept))
        .values_list("keyring", "ends_on")
        .distinct()
    }
    return sorted(pair for pair in over if pair not in still)
