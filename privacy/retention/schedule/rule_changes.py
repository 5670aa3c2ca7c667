"""What another rulebook would change for retention and preservation: nothing shortens or lengthens silently."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from privacy.policies.models.localized_fields import in_language
from privacy.policies.rulebook import PreservationPeriod, Rulebook
from privacy.retention.schedule import retention_rules
from privacy.subjects import holdings


@dataclass(frozen=True)
class RetentionChange:
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
        (old_event, old_months), (new_event, new_months) = (
            retention_rules.decode_period(self.old_term),
            retention_rules.decode_period(self.new_term),
        )
        if old_event != new_event or old_months == new_months:
            return "other"
        return "shorter" if new_months < old_months else "longer"

    @property
    def old_rule(self) -> str:
        return retention_rules.describe_period(self.old_term)

    @property
    def new_rule(self) -> str:
        return retention_rules.describe_period(self.new_term)


def compare_retention(old: Rulebook, new: Rulebook, on: date) -> list[RetentionChange]:
    """Return, for each category, what changes for retention between two rulebooks: nothing shortens silently."""
    changes = []
    for category in sorted(set(old.categories) | set(new.categories)):
        name = in_language(old.categories.get(category) or new.categories[category], "name")
        (old_term, due_by_old), (new_term, due_by_new) = _due(old, category, on), _due(new, category, on)
        changes.append(RetentionChange(category, name, old_term, new_term, due_by_old, due_by_new))
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
    """Return what another rulebook preserves for another term, no longer, or newly: whole rules and single kinds."""
    changes = []
    names = {
        code.replace("_", "-"): in_language(item, "name")
        for rules in (new, old)
        for category in rules.categories.values()
        for code, item in category.items.items()
    }
    for code in sorted(set(old.preservation) | set(new.preservation)):
        before, after = old.preservation.get(code), new.preservation.get(code)
        known = after or before
        assert known is not None
        name = in_language(known, "name")
        changes += [
            PreservationChange(name, ", ".join(names.get(kind, kind) for kind in kinds), old_months, new_months)
            for kinds, old_months, new_months in _preserved(before, after)
            if old_months != new_months
        ]
    return changes


def _preserved(
    before: PreservationPeriod | None, after: PreservationPeriod | None
) -> Iterator[tuple[list[str], int, int]]:
    """Yield the kinds of records of one rule with their months before and after, where they share them."""
    old_kinds = before.record_kinds if before else frozenset()
    new_kinds = after.record_kinds if after else frozenset()
    old_months, new_months = before.months if before else 0, after.months if after else 0
    if before is None or after is None:
        yield sorted(old_kinds | new_kinds), old_months, new_months
        return
    if shared := old_kinds & new_kinds:
        yield sorted(shared), old_months, new_months
    for gone in sorted(old_kinds - new_kinds):
        yield [gone], old_months, 0
    for come in sorted(new_kinds - old_kinds):
        yield [come], 0, new_months


def _due(rules: Rulebook, category: str, on: date) -> tuple[str, int]:
    """Return the term of a category by a rulebook and how much is due by it; no term where a draft has none yet.

    What is held and no longer declared is due when its purpose has ended, as it is for the sweep.
    """
    declared = rules.categories.get(category)
    if not (declared.retention if declared else holdings.for_category(category)):
        return "", 0
    term = retention_rules.by_rulebook(rules, category)
    holding = holdings.holding_with_due(category)
    due = sum(len(ids) for ids in holding.due(on, term)) if holding and holding.due else 0
    months = sum(
        1
        for holding in holdings.for_category(category)
        if holding.due_months is not None
        for _month in holding.due_months(on, term)
    )
    return retention_rules.encode_period(term), due + months
