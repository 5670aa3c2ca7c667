"""Counting ahead: how many people become due in each of the coming months, and what a new rulebook would change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count

from privacy.lib import names
from privacy.policies.models.language import in_language
from privacy.policies.rulebook import Rulebook
from privacy.retention import terms
from privacy.retention.actions.expiring import CATEGORY
from privacy.retention.models import ArchivedRecord, Forecast
from privacy.subjects import holdings

MONTHS = 12


def first_of_next(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def count_ahead(*, rules: Rulebook, on: date, at: datetime) -> int:
    """Count, for each of the next twelve months, who becomes due in it; return the figures written."""
    written = 0
    for category in holdings.categories():
        keeper = holdings.clock_keeper(category)
        if category not in rules.categories or keeper is None or keeper.due is None:
            continue
        term = rules.retention(category)
        before = 0
        month = on.replace(day=1)
        for _month in range(MONTHS):
            after = first_of_next(month)
            due = sum(len(ids) for ids in keeper.due(after - timedelta(days=1), term))
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
        after = first_of_next(month)
        # What ends on a day is due on the next one.
        ends = ArchivedRecord.objects.filter(ends_on__gte=first, ends_on__lt=after - timedelta(days=1))
        people = ends.aggregate(people=Count("subject_id", distinct=True))["people"]
        with transaction.atomic():
            Forecast.objects.update_or_create(
                category=CATEGORY, month=month, defaults={"people": people, "counted_at": at}
            )
        first, month = after - timedelta(days=1), after
    return MONTHS


@dataclass(frozen=True)
class Change:
    """What another rulebook would change for one category on a day: who is due by each."""

    category: str
    name: str
    old_term: str
    new_term: str
    due_by_old: int
    due_by_new: int

    @property
    def changes(self) -> bool:
        return self.old_term != self.new_term

    @property
    def direction(self) -> str:
        """``shorter`` or ``longer`` where both count from the same event, else ``other``; empty: nothing changes."""
        if not self.changes:
            return ""
        (old_event, old_months), (new_event, new_months) = terms.parts(self.old_term), terms.parts(self.new_term)
        if old_event != new_event or old_months == new_months:
            return "other"
        return "shorter" if new_months < old_months else "longer"

    @property
    def old_rule(self) -> str:
        return terms.in_words(self.old_term)

    @property
    def new_rule(self) -> str:
        return terms.in_words(self.new_term)


def compare(old: Rulebook, new: Rulebook, on: date) -> list[Change]:
    """Return, for each category, what changes for retention between two rulebooks: nothing shortens silently."""
    from_old, from_new = _due(old, on), _due(new, on)
    changes = []
    for category in sorted(set(from_old) | set(from_new)):
        name = names.of("category", category, on=on)
        changes.append(Change(category, name, *_pair(from_old, from_new, category)))
    return changes


@dataclass(frozen=True)
class PreservationChange:
    """What another rulebook would change of what a law preserves: months before and after, 0 where it is not."""

    name: str
    kinds: str
    old_months: int
    new_months: int

    @property
    def direction(self) -> str:
        return "shorter" if self.new_months < self.old_months else "longer"


def compare_preservation(old: Rulebook, new: Rulebook) -> list[PreservationChange]:
    """Return the preservation rules whose term differs between two rulebooks, or that only one of them knows."""
    changes = []
    for code in sorted(set(old.preservation) | set(new.preservation)):
        before, after = old.preservation.get(code), new.preservation.get(code)
        months = (before.months if before else 0, after.months if after else 0)
        known = after or before
        if known is not None and months[0] != months[1]:
            changes.append(
                PreservationChange(in_language(known, "name"), ", ".join(sorted(known.record_kinds)), *months)
            )
    return changes


def _pair(old: dict[str, tuple[str, int]], new: dict[str, tuple[str, int]], category: str) -> tuple[str, str, int, int]:
    old_term, due_by_old = old.get(category, ("", 0))
    new_term, due_by_new = new.get(category, ("", 0))
    return old_term, new_term, due_by_old, due_by_new


def _due(rules: Rulebook, on: date) -> dict[str, tuple[str, int]]:
    found = {}
    for category, known in rules.categories.items():
        term = known.retention
        if term is None:
            continue
        keeper = holdings.clock_keeper(category)
        due = sum(len(ids) for ids in keeper.due(on, term)) if keeper and keeper.due else 0
        months = sum(
            1
            for holding in holdings.for_category(category)
            if holding.due_months is not None
            for _month in holding.due_months(on, term)
        )
        found[category] = (terms.spelled(term), due + months)
    return found
