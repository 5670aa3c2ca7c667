"""What a coming version of the policy would do, beside what the rules in force do: by month and category; no writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from privacy.policies import advance_notice
from privacy.policies.models import PolicyVersion
from privacy.retention.schedule.simulation.outcomes import Figures, Outcome, Unit, outcome_of
from privacy.retention.schedule.simulation.timeline import RulesTimeline, Sweeps

MONTHS = 24


@dataclass(frozen=True)
class SimulatedMonth:
    """One month of one category and unit: by the rules in force, by the coming version, and who changes sides.

    ``later`` counts the people who go in the month by the rules in force and by the coming version later or not within
    the months looked at; ``earlier`` those who go in it by the coming version and otherwise later.
    """

    month: date
    category: str
    unit: str
    now: Figures
    then: Figures
    later: int
    earlier: int

    @property
    def differs(self) -> bool:
        return self.now != self.then or bool(self.later or self.earlier)


@dataclass
class Simulation:
    """The months ahead with and without a version. ``withheld``: still kept back at the end, by category.

    ``kept_longer`` and ``gone_earlier`` name the people whom the version keeps longer, or lets go earlier, somewhere.
    """

    version: PolicyVersion
    effective_on: date
    on: date
    until: date
    rows: list[SimulatedMonth] = field(default_factory=list)
    withheld: dict[str, int] = field(default_factory=dict)
    kept_longer: list[UUID] = field(default_factory=list)
    gone_earlier: list[UUID] = field(default_factory=list)

    @property
    def changed(self) -> list[SimulatedMonth]:
        """The rows in which the coming version makes a difference."""
        return [row for row in self.rows if row.differs]


def simulate(
    draft: PolicyVersion, on: date, months: int = MONTHS, *, moments: Sequence[datetime] | None = None
) -> Simulation:
    """Return what the sweeps of the coming months would destroy and archive, with and without a version.

    A draft, a version under review or an announced one. Holds, freezes and open cases count as they stand today, each
    until its own end; lists are approved when they are proposed. ``moments`` are those of the sweeps: without them each
    night's. Raises UnknownCategory while the draft lacks a retention rule.
    """
    sweeps = Sweeps(moments) if moments is not None else Sweeps.nightly(on, months)
    effective_on = effective_day(draft, on)
    now = outcome_of(sweeps, RulesTimeline(leave_out=draft))
    then = outcome_of(sweeps, RulesTimeline(leave_out=draft, tried_from=effective_on), like=now)
    until = sweeps.day(len(sweeps) - 1)
    rows = _rows(now, then)
    return Simulation(draft, effective_on, on, until, rows, then.withheld, _later(now, then), _later(then, now))


def effective_day(version: PolicyVersion, on: date) -> date:
    """Return the day from which a version holds: a draft's own, but no earlier than it can be announced."""
    if version.is_public:
        assert version.effective_on is not None
        return version.effective_on
    earliest = advance_notice.earliest_effective_on(version, on)
    return max(version.effective_on or earliest, earliest)


def _rows(now: Outcome, then: Outcome) -> list[SimulatedMonth]:
    return [
        SimulatedMonth(
            month,
            category,
            unit,
            now.figures.get((category, unit, month), Figures()),
            then.figures.get((category, unit, month), Figures()),
            _moved(now, then, category, month) if unit == Unit.PEOPLE else 0,
            _moved(then, now, category, month) if unit == Unit.PEOPLE else 0,
        )
        for category, unit, month in sorted({*now.figures, *then.figures}, key=lambda key: (key[2], key[0], key[1]))
    ]


def _moved(one: Outcome, other: Outcome, category: str, month: date) -> int:
    """Return how many people go in a month in one outcome, and in the other later or not at all."""
    of_month = {who for who, listed in one.listed.get(category, {}).items() if listed == month}
    return len(of_month.intersection(_later_in(one, other, category)))


def _later(one: Outcome, other: Outcome) -> list[UUID]:
    return sorted({who for category in one.listed for who in _later_in(one, other, category)})


def _later_in(one: Outcome, other: Outcome, category: str) -> list[UUID]:
    """Return those who go in one outcome, and in the other in a later month or not at all."""
    listed = other.listed.get(category, {})
    return [who for who, month in one.listed.get(category, {}).items() if listed.get(who, date.max) > month]
