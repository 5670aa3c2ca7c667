"""What a list promises: its digest, and the questions a plan asks without writing anything."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from privacy.lib.crypto import canonical_json
from privacy.lib.dates import periods
from privacy.lib.dates.clock import midnight
from privacy.lib.display import display_names
from privacy.policies.categories import ARCHIVE
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention.archive import expiry
from privacy.retention.destruction import blockers
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.schedule import retention_rules
from privacy.retention.schedule.retention_rules import RulesOn
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject

# Measured on two cores: a key 20 µs, a row by DELETE 4 µs, a whole month half a second (benchmarks/RESULTS.md).
SECONDS_PER_KEY = 20e-6
SECONDS_PER_ROW = 4e-6
SECONDS_PER_MONTH = 0.5


@dataclass
class DestructionPreview:
    """What one list would hold: the dry run and the preview show it; nothing is written."""

    category: str
    unit: str
    term: RetentionPeriod
    as_of: date
    month: date | None = None
    people: int = 0
    records: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    over_ceiling: bool = False
    term_changed: bool = False

    @property
    def name(self) -> str:
        """What the category is called."""
        return display_names.display_name("category", self.category, on=self.as_of)

    @property
    def needs_approval(self) -> bool:
        return self.term.approval_required or self.term_changed or self.over_ceiling

    @property
    def seconds(self) -> float:
        """About how long carrying it out takes on a small machine."""
        if self.month is not None:
            return SECONDS_PER_MONTH
        return self.people * SECONDS_PER_KEY + self.records * SECONDS_PER_ROW


def list_digest(destruction_list: DestructionList) -> str:
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
    total = hashlib.sha256(canonical_json.dumps(head).encode())
    named = DestructionLine.objects.filter(list=destruction_list).order_by("subject_id")
    for subject_id in named.values_list("subject_id", flat=True).iterator(chunk_size=10_000):
        total.update(subject_id.bytes)
    return total.hexdigest()


def people_due(category: str, as_of: date, rules: RulesOn | None = None) -> Iterator[list[UUID]]:
    """Yield, in slices, the people whose retention period in the category is over on ``as_of``."""
    holding = holdings.holding_with_due(category)
    if holding is not None and holding.due is not None:
        for ids in holding.due(as_of, retention_rules.for_category(category, as_of, rules)):
            if ids:
                yield list(ids)


def people_still_due(
    category: str, ids: Sequence[UUID], days: Iterable[date], rules: RulesOn | None = None
) -> set[UUID]:
    """Return those of these people who are due by the rule of each of these days: a later one may keep them longer."""
    holding = holdings.holding_with_due(category)
    due = set(ids)
    for day in days:
        if holding is not None and holding.is_due is not None:
            due &= set(holding.is_due(ids, day, retention_rules.for_category(category, day, rules)))
        else:
            due &= {one for some in people_due(category, day, rules) for one in due.intersection(some)}
    return due


def months_due(category: str, as_of: date, rules: RulesOn | None = None) -> list[tuple[Holding, date]]:
    """Return the whole months of the category that are over on ``as_of``, oldest first."""
    found = [
        (holding, month)
        for holding in holdings.for_category(category)
        if holding.due_months is not None
        for month in holding.due_months(as_of, retention_rules.for_category(category, as_of, rules))
    ]
    return sorted(found, key=lambda pair: pair[1])


def rows_in_month(holding: Holding, month: date) -> QuerySet[Model]:
    """The rows of a holding whose event lies in a calendar month in Korea."""
    start = midnight(month)
    after = periods.first_of_next_month(month)
    name = holding.month
    return holding.rows().filter(Q(**{f"{name}__gte": start}) & Q(**{f"{name}__lt": midnight(after)}))


def blocked_in_month(holding: Holding, month: date, at: datetime) -> Mapping[UUID, DestructionLine.State]:
    """Return who has rows in a month that may not be destroyed now, and why."""
    named = sorted(blockers.all_blocked_subjects(holding.category, at))
    if not named:
        return {}
    rows = rows_in_month(holding, month).filter(**{f"{holding.subject}__in": named})
    present = set(rows.order_by().values_list(holding.subject, flat=True).distinct())
    return blockers.blocked_subjects(sorted(present), holding.category, at)


def count_records(category: str, subject_ids: Sequence[UUID]) -> int:
    """Return how many rows these people have in the category."""
    return sum(holding.counted(subject_ids) for holding in holdings.for_category(category))


def count_people() -> int:
    """Return of how many people something may be held: what the ceiling is a share of."""
    return Subject.objects.not_destroyed().count()


def is_over_ceiling(destruction_list: DestructionList, on: date) -> bool:
    """Whether a list needs two officers by a day's numbers; the share is of who was there when it was proposed."""
    if destruction_list.names_people:
        there = Q(destroyed_at=None) | Q(destroyed_at__gt=destruction_list.proposed_at)
        most = retention_rules.max_people_per_list(on, of_people=Subject.objects.filter(there).count())
        return destruction_list.people > most
    of_run = destruction_list.run.lists.filter(category=destruction_list.category, unit=DestructionList.Unit.MONTH)
    return of_run.count() > retention_rules.max_months_per_run(on)


def needs_two_officers(destruction_list: DestructionList, on: date) -> bool:
    """Whether a list that is approved on a day needs two officers: the ceiling may be lower than when proposed."""
    return destruction_list.over_ceiling or is_over_ceiling(destruction_list, on)


def wait_after_approval(destruction_list: DestructionList, on: date) -> timedelta:
    """Return how long a list waits that is approved on a day; a version in force since the proposal may say longer."""
    of_today = retention_rules.for_category(destruction_list.category, on)
    return max(destruction_list.wait, timedelta(hours=of_today.wait_hours))


@dataclass(frozen=True)
class DuePeople:
    """A slice of people who are due: who of them belongs on a new list, and who is withheld and why."""

    due: int
    free: list[UUID]
    blocked: Mapping[UUID, DestructionLine.State]


def people_to_destroy(category: str, as_of: date, at: datetime, rules: RulesOn | None = None) -> Iterator[DuePeople]:
    """Yield, in slices, who is due and, at a moment, not withheld; whether on an open list or not."""
    for ids in people_due(category, as_of, rules):
        blocked = blockers.blocked_subjects(ids, category, at)
        yield DuePeople(len(ids), [subject_id for subject_id in ids if subject_id not in blocked], blocked)


def people_to_list(category: str, as_of: date, at: datetime) -> Iterator[DuePeople]:
    """Yield, in slices, who is due; whoever stands on an open list of the category isn't listed again."""
    for found in people_to_destroy(category, as_of, at):
        lines = DestructionLine.objects.filter(subject_id__in=found.free, category=category, is_open=True)
        listed = set(lines.values_list("subject_id", flat=True))
        yield replace(found, free=[subject_id for subject_id in found.free if subject_id not in listed])


@dataclass(frozen=True)
class DueMonth:
    """A whole month that is due: how many people and records a list of it counts; without people, who is withheld."""

    holding: Holding
    month: date
    people: int
    records: int
    blocked: Mapping[UUID, DestructionLine.State]


def months_to_list(category: str, as_of: date, at: datetime) -> Iterator[DueMonth]:
    """Yield the months that are due, without those on an open list and those in which a hold reaches everybody."""
    listed = set(DestructionList.objects.open().filter(category=category).values_list("month", flat=True))
    for holding, month in months_due(category, as_of):
        if month in listed or blockers.hold_covers_everybody(category, at):
            continue
        rows = rows_in_month(holding, month)
        people = rows.values(holding.subject).distinct().count()
        blocked = blocked_in_month(holding, month, at)
        if blocked and len(blocked) == people:
            # What is left there was left out before, and waits: a list of nobody each night would tell nothing.
            yield DueMonth(holding, month, 0, 0, blocked)
        else:
            yield DueMonth(holding, month, people, rows.count(), {})


def has_rule_changed(category: str, term: RetentionPeriod) -> bool:
    """Whether the last list of a category went by another rule: then an officer looks at the next (P0.2)."""
    done = DestructionList.objects.filter(
        category=category, state=DestructionList.State.DONE, run__cause=Cause.RETENTION
    )
    last = done.first()
    return last is not None and last.term != retention_rules.encode_period(term)


def is_archive_to_list(as_of: date) -> bool:
    """Whether archived records, or keys of finished months, are past their end and on no open list."""
    unit = DestructionList.Unit.ARCHIVE
    return expiry.is_due(as_of) and not DestructionList.objects.open().filter(unit=unit).exists()


def preview_sweep(as_of: date, at: datetime) -> list[DestructionPreview]:
    """Return what a sweep on ``as_of`` would propose: counts and cost, nothing written (the dry run).

    The plan asks the same questions (``people_to_list``, ``months_to_list``, ``is_archive_to_list``).
    """
    most_people = retention_rules.max_people_per_list(as_of, of_people=count_people())
    most_months = retention_rules.max_months_per_run(as_of)
    seen: list[DestructionPreview] = []
    for category in holdings.categories():
        term = retention_rules.for_category(category, as_of)
        changed = has_rule_changed(category, term)
        found = DestructionPreview(category, DestructionList.Unit.PEOPLE, term, as_of, term_changed=changed)
        for part in people_to_list(category, as_of, at):
            _count_withheld(found.withheld, part.blocked)
            found.people += len(part.free)
            found.records += count_records(category, part.free)
        found.over_ceiling = found.people > most_people
        if found.people or found.withheld:
            seen.append(found)
        many = len(months_due(category, as_of)) > most_months
        for month in months_to_list(category, as_of, at):
            of_month = DestructionPreview(
                category, DestructionList.Unit.MONTH, term, as_of, month.month, month.people, month.records, {}, many,
                changed,
            )  # fmt: skip
            _count_withheld(of_month.withheld, month.blocked)
            seen.append(of_month)
    if is_archive_to_list(as_of):
        of_archive = DestructionPreview(ARCHIVE, DestructionList.Unit.ARCHIVE, retention_rules.ENDS_WITH_DUTY, as_of)
        of_archive.people, of_archive.records = expiry.count_due(as_of)
        seen.append(of_archive)
    return seen


def _count_withheld(withheld: dict[str, int], blocked: Mapping[UUID, DestructionLine.State]) -> None:
    for state in blocked.values():
        withheld[state] = withheld.get(state, 0) + 1
