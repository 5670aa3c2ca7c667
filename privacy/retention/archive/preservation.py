"""What a preservation rule covers, asked without opening anything (P6.4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Sum

from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.categories import ARCHIVE_PREFIX
from privacy.policies.rulebook import PreservationPeriod, Rulebook
from privacy.retention.models import ArchivedRecord
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding


@dataclass(frozen=True)
class PreservationScope:
    """Records of one holding that a preservation rule may cover: which kinds, by which rule, since when."""

    holding: Holding
    rules: dict[str, PreservationPeriod]
    since: datetime


def keyring(rule: str) -> str:
    """Return the vault's category under which the archive seals for a rule: keys of its own."""
    return f"{ARCHIVE_PREFIX}{rule}"


def preservation_end(recorded_on: date, rule: PreservationPeriod) -> date:
    """Return the last day of the preservation term, counted from the record's day in Korea (law D-14, T-07)."""
    return periods.period_end(recorded_on, months=rule.months)


def preservation_scopes(
    category: str, on: date, rules_on: Callable[[date], Rulebook] = rulebook.in_force
) -> Iterator[PreservationScope]:
    """Yield what preservation rules in force on ``on`` cover in a category."""
    book = rules_on(on)
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
            yield PreservationScope(holding, here, since)


@dataclass(frozen=True)
class PreservedSummary:
    """What the archive keeps about one person under one rule: for her, without opening it."""

    rule: str
    records: int
    until: date


def preserved_records(subject_id: UUID) -> list[PreservedSummary]:
    """Return which laws still preserve records of a person, how many, and until when (P1.2; nothing is opened)."""
    rows = (
        ArchivedRecord.objects.filter(subject_id=subject_id)
        .values("rule")
        .annotate(total=Sum("records"), until=Max("ends_on"), bundles=Count("id"))
        .order_by("rule")
    )
    return [PreservedSummary(row["rule"], row["total"], row["until"]) for row in rows]
