"""Who would be destroyed one by one, by which sweep: the selection of the sweep, asked with the rules of each night.

Nothing changes in the tables while this looks ahead, so what earlier sweeps took is remembered here. A list is approved
as soon as it is proposed; it waits as its rule says, and is asked again when it is carried out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from privacy.retention.destruction import blockers
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.schedule import retention_rules, selection
from privacy.retention.schedule.simulation.timeline import RulesTimeline, Sweeps
from privacy.subjects import holdings
from privacy.vault.models import SubjectKey

SLICE = 1_000


@dataclass(frozen=True)
class Destroyed:
    """By which sweep somebody is listed, and by which one destroyed; numbers of sweeps."""

    listed: int
    done: int


@dataclass
class CategorySimulation:
    """One category of people: who is destroyed when, who waits on a list at the end, who is withheld then."""

    category: str
    sweeps: Sweeps
    rules: RulesTimeline
    destroyed: dict[UUID, Destroyed] = field(default_factory=dict)
    withheld: int = 0
    _waiting: dict[UUID, Destroyed] = field(default_factory=dict)
    # Who was skipped when a list was carried out stands on none from the next sweep on.
    _again_from: dict[UUID, int] = field(default_factory=dict)
    # An order destroys them, not a sweep.
    _ordered: set[UUID] = field(default_factory=set)

    def run(self) -> "CategorySimulation":
        """Look through all sweeps."""
        self._read_open_lists()
        for first, last in self.sweeps.stretches(self.rules):
            self._carry_out(last)
            self.withheld = 0
            day, at = self.sweeps.day(last), self.sweeps.moments[last]
            for part in selection.people_to_destroy(self.category, day, at, self.rules):
                self.withheld += len(self._unknown(part.blocked))
                self._list(self._unknown(part.free), first, last)
        self._carry_out(len(self.sweeps) - 1)
        return self

    def follow(self, destroyed: dict[UUID, int]) -> "CategorySimulation":
        """Let those be due who are wholly destroyed by a sweep: from the next one on, if they have anything here."""
        last = len(self.sweeps) - 1
        of_sweep: dict[int, list[UUID]] = defaultdict(list)
        for subject_id in self._held(destroyed):
            of_sweep[destroyed[subject_id]].append(subject_id)
        for number, ids in of_sweep.items():
            if number < last:
                blocked = blockers.blocked_subjects(ids, self.category, self.sweeps.moments[last])
                self.withheld += len(blocked)
                self._list([one for one in self._unknown(ids) if one not in blocked], number + 1, last, is_due=True)
        return self

    def _held(self, people: Iterable[UUID]) -> set[UUID]:
        ids = sorted(people)
        found: set[UUID] = set()
        for start in range(0, len(ids), SLICE):
            for holding in holdings.for_category(self.category):
                rows = holding.rows(ids[start : start + SLICE])
                found.update(rows.order_by().values_list(holding.subject, flat=True).distinct())
        return found

    def _unknown(self, ids: Iterable[UUID]) -> list[UUID]:
        return [
            one for one in ids if one not in self.destroyed and one not in self._waiting and one not in self._ordered
        ]

    def _read_open_lists(self) -> None:
        """Take over the lists that are open already; one that nobody has approved is approved with the first sweep."""
        lines = DestructionLine.objects.filter(category=self.category, is_open=True)
        self._ordered.update(lines.exclude(list__run__cause=Cause.RETENTION).values_list("subject_id", flat=True))
        named = DestructionList.objects.filter(Q(category=self.category) & Q(run__cause=Cause.RETENTION)).open()
        for row in named.select_related("run"):
            ready = self.sweeps.first_from(row.not_before or self.sweeps.moments[0] + row.wait)
            for subject_id in lines.filter(list=row).values_list("subject_id", flat=True):
                self._waiting[subject_id] = Destroyed(0, ready)

    def _carry_out(self, last: int) -> None:
        """Carry out what waited and is ready by the sweep ``last``: whoever is kept by then is skipped."""
        ready: dict[Destroyed, list[UUID]] = defaultdict(list)
        for subject_id, when in self._waiting.items():
            if when.done <= last:
                ready[when].append(subject_id)
        for when, ids in sorted(ready.items(), key=lambda pair: pair[0].done):
            for start in range(0, len(ids), SLICE):
                part = ids[start : start + SLICE]
                free = self._free(part, when.done, also=when.listed)
                for subject_id in part:
                    del self._waiting[subject_id]
                    if subject_id in free:
                        self.destroyed[subject_id] = when
                    else:
                        self._again_from[subject_id] = when.done + 1

    def _free(self, ids: Sequence[UUID], number: int, *, also: int | None = None, is_due: bool = False) -> set[UUID]:
        """Return those of these people whom a sweep may destroy: due by its rules and those of another, not kept."""
        days = {self.sweeps.day(one) for one in (number, also) if one is not None}
        due = set(ids) if is_due else selection.people_still_due(self.category, ids, days, self.rules)
        return due - set(blockers.blocked_subjects(ids, self.category, self.sweeps.moments[number]))

    def _list(self, ids: list[UUID], first: int, last: int, *, is_due: bool = False) -> None:
        """Put each of these people, whom the sweep ``last`` may list, on the list of the first one that may."""
        starts: dict[int, list[UUID]] = defaultdict(list)
        for subject_id in ids:
            start = max(first, self._again_from.get(subject_id, first))
            if start <= last:
                starts[start].append(subject_id)
        for start, some in starts.items():
            self._halve(some, start, last, is_due=is_due)

    def _halve(self, ids: list[UUID], first: int, last: int, *, is_due: bool) -> None:
        if not ids:
            return
        if first == last:
            self._listed(ids, first)
            return
        middle = (first + last) // 2
        early = self._free(ids, middle, is_due=is_due)
        self._halve([one for one in ids if one in early], first, middle, is_due=is_due)
        self._halve([one for one in ids if one not in early], middle + 1, last, is_due=is_due)

    def _listed(self, ids: list[UUID], number: int) -> None:
        term = retention_rules.for_category(self.category, self.sweeps.day(number), self.rules)
        when = Destroyed(number, self.sweeps.first_from(self.sweeps.moments[number] + timedelta(hours=term.wait_hours)))
        target = self.destroyed if when.done == number else self._waiting
        target.update(dict.fromkeys(ids, when))


def wholly_destroyed(
    simulated: Collection[CategorySimulation], sweeps: Sweeps, rules: RulesTimeline
) -> dict[UUID, int]:
    """Return of whom no key of the policy's categories is left after which sweep."""
    events: dict[UUID, list[tuple[int, int, str]]] = defaultdict(list)
    for one in simulated:
        for subject_id, when in one.destroyed.items():
            events[subject_id].append((when.done, when.listed, one.category))
    gone: dict[UUID, int] = {}
    people = sorted(events)
    for start in range(0, len(people), SLICE):
        part = people[start : start + SLICE]
        keys: dict[UUID, set[str]] = defaultdict(set)
        for subject_id, category in SubjectKey.objects.filter(subject_id__in=part).values_list(
            "subject_id", "category"
        ):
            keys[subject_id].add(category)
        for subject_id in part:
            left = keys[subject_id]
            for done, listed, category in sorted(events[subject_id]):
                left.discard(category)
                known = {*rules(sweeps.day(listed)).categories, *rules(sweeps.day(done)).categories}
                if category in known and not left & known:
                    gone[subject_id] = done
                    break
    return gone
