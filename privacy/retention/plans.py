"""What a list promises: its digest, and the questions a plan asks without writing anything."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from privacy.lib import canonical, names
from privacy.lib.clock import midnight
from privacy.policies.rulebook import RetentionTerm
from privacy.retention import obstacles, terms
from privacy.retention.models import DestructionLine, DestructionList
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject

# Measured on two cores: a key 20 µs, a row by DELETE 4 µs, a whole month half a second (benchmarks/RESULTS.md).
SECONDS_A_KEY = 20e-6
SECONDS_A_ROW = 4e-6
SECONDS_A_MONTH = 0.5


@dataclass
class Outlook:
    """What one list would hold: the dry run and the preview show it; nothing is written."""

    category: str
    unit: str
    term: RetentionTerm
    as_of: date
    month: date | None = None
    people: int = 0
    records: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    over_ceiling: bool = False

    @property
    def name(self) -> str:
        """What the category is called."""
        return names.of("category", self.category, on=self.as_of)

    @property
    def needs_approval(self) -> bool:
        return self.term.approval_required or self.over_ceiling

    @property
    def seconds(self) -> float:
        """About how long carrying it out takes on a small machine."""
        if self.unit == DestructionList.Unit.MONTH:
            return SECONDS_A_MONTH
        return self.people * SECONDS_A_KEY + self.records * SECONDS_A_ROW


def digest(destruction_list: DestructionList) -> str:
    """Return the digest of exactly what the list names: what was approved is what is carried out."""
    head = {
        "list": destruction_list.reference,
        "category": destruction_list.category,
        "unit": destruction_list.unit,
        "month": str(destruction_list.month or ""),
        "policy": destruction_list.run.policy,
        "as_of": str(destruction_list.run.as_of),
        "cause": destruction_list.run.cause,
        "term": destruction_list.term,
    }
    total = hashlib.sha256(canonical.dumps(head).encode())
    named = DestructionLine.objects.filter(list=destruction_list).order_by("subject_id")
    for subject_id in named.values_list("subject_id", flat=True).iterator(chunk_size=10_000):
        total.update(subject_id.bytes)
    return total.hexdigest()


def people_due(category: str, as_of: date) -> Iterator[list[UUID]]:
    """Yield, in slices, the people whose retention period in the category is over on ``as_of``."""
    keeper = holdings.clock_keeper(category)
    if keeper is not None and keeper.due is not None:
        for ids in keeper.due(as_of, terms.of(category, as_of)):
            if ids:
                yield list(ids)


def months_due(category: str, as_of: date) -> list[tuple[Holding, date]]:
    """Return the whole months of the category that are over on ``as_of``, oldest first."""
    found = [
        (holding, month)
        for holding in holdings.for_category(category)
        if holding.due_months is not None
        for month in holding.due_months(as_of, terms.of(category, as_of))
    ]
    return sorted(found, key=lambda pair: pair[1])


def in_month(holding: Holding, month: date) -> QuerySet[Model]:
    """The rows of a holding whose event lies in a calendar month in Korea."""
    start = midnight(month)
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    name = holding.month
    return holding.rows().filter(Q(**{f"{name}__gte": start}) & Q(**{f"{name}__lt": midnight(after)}))


def records_of(category: str, subject_ids: Sequence[UUID]) -> int:
    """Return how many rows these people have in the category."""
    return sum(holding.counted(subject_ids) for holding in holdings.for_category(category))


def people_known() -> int:
    """Return of how many people something may be held: what the ceiling is a share of."""
    return Subject.objects.with_something_left().count()


def outlook(as_of: date, at: datetime) -> list[Outlook]:
    """Return what a sweep on ``as_of`` would propose: counts and cost, nothing written (the dry run)."""
    known = people_known()
    seen: list[Outlook] = []
    for category in holdings.categories():
        term = terms.of(category, as_of)
        found = Outlook(category, DestructionList.Unit.PEOPLE, term, as_of)
        for ids in people_due(category, as_of):
            blocked = obstacles.among(ids, category, at)
            free = [subject_id for subject_id in ids if subject_id not in blocked]
            for state in blocked.values():
                found.withheld[state] = found.withheld.get(state, 0) + 1
            found.people += len(free)
            found.records += records_of(category, free)
        found.over_ceiling = found.people > terms.ceiling(as_of, of_people=known)
        if found.people or found.withheld:
            seen.append(found)
        months = months_due(category, as_of)
        for holding, month in months:
            rows = in_month(holding, month)
            people = rows.values(holding.subject).distinct().count()
            many = len(months) > terms.ceiling_months(as_of)
            seen.append(
                Outlook(category, DestructionList.Unit.MONTH, term, as_of, month, people, rows.count(), {}, many)
            )
    return seen
