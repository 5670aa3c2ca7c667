"""What a preservation rule covers, asked without opening anything (P6.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Sum

from privacy.lib import clock, periods
from privacy.policies import rulebook
from privacy.policies.rulebook import PreservationTerm
from privacy.retention.models import ArchivedRecord
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding


@dataclass(frozen=True)
class Covered:
    """Records of one holding that a preservation rule may cover: which kinds, by which rule, since when."""

    holding: Holding
    rules: dict[str, PreservationTerm]
    since: datetime


def keyring(rule: str) -> str:
    """Return the vault's category under which the archive seals for a rule: keys of its own."""
    return f"archive-{rule}"


def month_after(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def ends_on(recorded_at: datetime, rule: PreservationTerm) -> date:
    """Return the last day of the preservation term, counted from the record's day in Korea (law D-14, T-07)."""
    return periods.period_end(clock.kst_date(recorded_at), months=rule.months)


def covered(category: str, on: date) -> Iterator[Covered]:
    """Yield what preservation rules in force on ``on`` cover in a category."""
    book = rulebook.in_force(on)
    kinds = sorted({kind for rule in book.preservation.values() for kind in rule.record_kinds})
    rules = {kind: rule for kind in kinds if (rule := book.preserving(kind)) is not None}
    if not rules:
        return
    longest = max(rule.months for rule in rules.values())
    since = clock.midnight(on - timedelta(days=longest * 31))
    for holding in holdings.for_category(category):
        if not (holding.kind and holding.recorded):
            continue
        here = {kind: rule for kind, rule in rules.items() if not holding.kinds or kind in holding.kinds}
        if here:
            yield Covered(holding, here, since)


@dataclass(frozen=True)
class Preserved:
    """What the archive keeps about one person under one rule: for her, without opening it."""

    rule: str
    records: int
    until: date


def preserved_about(subject_id: UUID) -> list[Preserved]:
    """Return which laws still preserve records of a person, how many, and until when (P1.2; nothing is opened)."""
    rows = (
        ArchivedRecord.objects.filter(subject_id=subject_id)
        .values("rule")
        .annotate(total=Sum("records"), until=Max("ends_on"), bundles=Count("id"))
        .order_by("rule")
    )
    return [Preserved(row["rule"], row["total"], row["until"]) for row in rows]
