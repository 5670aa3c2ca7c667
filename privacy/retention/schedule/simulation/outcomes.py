"""What one timeline of rules brings about: figures by month and category, and who is destroyed when."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from privacy.policies.categories import ARCHIVE
from privacy.retention.models import DestructionList
from privacy.retention.schedule import selection
from privacy.retention.schedule.simulation import archive
from privacy.retention.schedule.simulation.archive import Archived
from privacy.retention.schedule.simulation.months import MonthsSimulation
from privacy.retention.schedule.simulation.people import CategorySimulation, wholly_destroyed
from privacy.retention.schedule.simulation.timeline import RulesTimeline, Sweeps
from privacy.subjects import holdings

Unit = DestructionList.Unit


@dataclass
class Figures:
    """What goes in a month of one category: how many people, whole months and records; records moved to the archive."""

    people: int = 0
    months: int = 0
    records: int = 0
    archived: int = 0


@dataclass
class Outcome:
    """The figures by category, unit and the first day of the month whose sweeps list it; who is listed in which.

    ``people`` and ``months`` are what was looked through, category by category.
    """

    rules: RulesTimeline
    figures: dict[tuple[str, str, date], Figures] = field(default_factory=lambda: defaultdict(Figures))
    listed: dict[str, dict[UUID, date]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    people: dict[str, CategorySimulation] = field(default_factory=dict)
    months: dict[str, MonthsSimulation] = field(default_factory=dict)


def outcome_of(sweeps: Sweeps, rules: RulesTimeline, *, like: Outcome | None = None) -> Outcome:
    """Look through all sweeps with the rules of each night; what keeps alike in another outcome is taken from there.

    Raises UnknownCategory where a rule is missing.
    """
    outcome = Outcome(rules)
    _look(outcome, sweeps, like)
    moved: list[Archived] = []
    for people in outcome.people.values():
        moved += _add_people(outcome, people)
    for months in outcome.months.values():
        moved += _add_months(outcome, months)
    for number, (gone, records) in archive.ended(moved, sweeps).items():
        figures = outcome.figures[ARCHIVE, Unit.ARCHIVE, month_of(sweeps, number)]
        figures.people += gone
        figures.records += records
    return outcome


def _look(outcome: Outcome, sweeps: Sweeps, like: Outcome | None) -> None:
    rules = outcome.rules
    followers = []
    for category in holdings.categories():
        alike = like if like is not None and rules.keeps_alike(category, like.rules) else None
        holding = holdings.holding_with_due(category)
        if holding is not None and holding.due_when_destroyed:
            followers.append(category)
        if holding is not None:
            known = alike.people.get(category) if alike and category not in followers else None
            outcome.people[category] = known or CategorySimulation(category, sweeps, rules).run()
        if any(one.due_months for one in holdings.for_category(category)):
            seen = alike.months.get(category) if alike else None
            outcome.months[category] = seen or MonthsSimulation(category, sweeps, rules).run()
    gone = wholly_destroyed(outcome.people.values(), sweeps, rules)
    for category in followers:
        outcome.people[category].follow(gone)


def month_of(sweeps: Sweeps, number: int) -> date:
    """Return the first day of the month of a sweep."""
    return sweeps.day(number).replace(day=1)


def _add_people(outcome: Outcome, one: CategorySimulation) -> list[Archived]:
    by_month: dict[date, list[UUID]] = defaultdict(list)
    by_sweeps: dict[tuple[int, int], list[UUID]] = defaultdict(list)
    for subject_id, when in one.destroyed.items():
        by_month[month_of(one.sweeps, when.listed)].append(subject_id)
        by_sweeps[when.listed, when.done].append(subject_id)
    for month, ids in by_month.items():
        figures = outcome.figures[one.category, Unit.PEOPLE, month]
        figures.people = len(ids)
        figures.records = sum(
            selection.count_records(one.category, ids[start : start + archive.SLICE])
            for start in range(0, len(ids), archive.SLICE)
        )
    moved: list[Archived] = []
    for (listed, done), ids in by_sweeps.items():
        some = archive.moved_people(one.category, sorted(ids), one.sweeps.day(done), outcome.rules)
        figures = outcome.figures[one.category, Unit.PEOPLE, month_of(one.sweeps, listed)]
        figures.archived += sum(part.records for part in some)
        moved += some
    outcome.listed[one.category] = {subject_id: month for month, ids in by_month.items() for subject_id in ids}
    outcome.withheld[one.category] = one.withheld
    return moved


def _add_months(outcome: Outcome, one: MonthsSimulation) -> list[Archived]:
    moved: list[Archived] = []
    for gone in one.destroyed:
        some = archive.moved_month(gone, one.sweeps.day(gone.done), outcome.rules)
        figures = outcome.figures[one.category, Unit.MONTH, month_of(one.sweeps, gone.listed)]
        figures.months += 1
        rows = gone.rows()
        figures.people += rows.order_by().values(gone.holding.subject).distinct().count()
        figures.records += rows.count()
        figures.archived += sum(part.records for part in some)
        moved += some
    return moved
