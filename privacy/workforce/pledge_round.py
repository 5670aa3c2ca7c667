"""The round of pledges and trainings: where everybody stands, how many are covered, and whom a filter leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers import typed_names
from privacy.policies import rulebook
from privacy.workforce.compliance import Compliance, compliance_on


class Standing(TextChoices):
    """How somebody's pledge or training stands."""

    MISSING = "missing", _("missing")
    ENDED = "ended", _("ended")
    SOON = "soon", _("ends soon")
    VALID = "valid", _("valid")


class Shown(TextChoices):
    """Whom the page of the round shows."""

    OWING = "owing", _("what is outstanding")
    SOON = "soon", _("what ends soon")
    ALL = "all", _("everybody")


class Order(TextChoices):
    """By what the page of the round is sorted."""

    DAY = "day", _("what ends first")
    NAME = "name", _("name")


BADGES = {Standing.MISSING: "late", Standing.ENDED: "late", Standing.SOON: "wait", Standing.VALID: "good"}


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One person of the round. ``until`` is the first day on which something of theirs ends, or has ended."""

    person: Compliance
    pledge: Standing
    training: Standing

    @property
    def owes(self) -> bool:
        return self.person.owes

    @property
    def is_soon(self) -> bool:
        return Standing.SOON in (self.pledge, self.training)

    @property
    def can_be_reminded(self) -> bool:
        """Whether a mail would ask for something: people who left have no way to sign here."""
        return not self.person.has_left and (self.owes or self.is_soon)

    @property
    def until(self) -> date:
        ends = (self.person.pledge_until or date.min, self.person.training_until or date.min)
        return min(ends)

    @property
    def pledge_kind(self) -> str:
        return BADGES[self.pledge]

    @property
    def training_kind(self) -> str:
        return BADGES[self.training]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of those who work here have a valid pledge, and a valid training."""

    people: int
    pledged: int
    trained: int

    @property
    def pledged_share(self) -> int:
        """Whole percent, rounded down: less than everybody is never 100."""
        return self.pledged * 100 // self.people if self.people else 0

    @property
    def trained_share(self) -> int:
        """Whole percent, rounded down."""
        return self.trained * 100 // self.people if self.people else 0


def lines_on(on: date) -> list[RoundLine]:
    """Return where everybody stands on a day."""
    pledge_by = on + timedelta(days=rulebook.parameter("pledge.remind.days", on))
    training_by = on + timedelta(days=rulebook.parameter("training.remind.days", on))
    return [
        RoundLine(one, _standing(one.pledge_until, on, pledge_by), _standing(one.training_until, on, training_by))
        for one in compliance_on(on)
    ]


def coverage_of(lines: Sequence[RoundLine]) -> Coverage:
    """Return how many of those who work here are covered."""
    here = [one.person for one in lines if not one.person.has_left]
    return Coverage(len(here), sum(not one.owes_pledge for one in here), sum(not one.owes_training for one in here))


def chosen(lines: Sequence[RoundLine], *, shown: str, order: str, name: str) -> list[RoundLine]:
    """Return the lines that a filter leaves, in their order; ``name`` is a part of a name or a whole reference."""
    term = typed_names.folded(name)
    found = [
        one
        for one in lines
        if (shown == Shown.ALL or (one.owes if shown == Shown.OWING else one.is_soon))
        and (term in typed_names.folded(one.person.user.name) or term == one.person.user.reference.casefold())
    ]
    found.sort(key=lambda one: one.person.user.name)
    return sorted(found, key=lambda one: one.until) if order == Order.DAY else found


def _standing(until: date | None, on: date, soon_by: date) -> Standing:
    if until is None:
        return Standing.MISSING
    if until < on:
        return Standing.ENDED
    return Standing.SOON if until <= soon_by else Standing.VALID
