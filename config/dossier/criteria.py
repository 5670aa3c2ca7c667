"""The criteria of ISMS-P, and what this office has to show for each of them in a period (``criteria.toml``)."""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.dates.form_fields import EARLIEST
from privacy.lib.registries import deadlines
from privacy.safeguards.models import ApplicabilityDecision, Evidence
from privacy.safeguards.models.measures import STANDARD_NAMES, Result

type Text = Mapping[str, str]


class Standing(StrEnum):
    """What there is to show for a criterion."""

    RECORDS = "records"
    NOT_IN_ORDER = "not-in-order"
    PARTLY = "partly"
    LEFT_OUT = "left-out"
    NOTHING_RECORDED = "nothing-recorded"
    GAP = "gap"


STANDING_NAMES = {
    Standing.RECORDS: pgettext_lazy("criterion", "records"),
    Standing.NOT_IN_ORDER: _("records, and something not in order"),
    Standing.PARTLY: _("records, and a gap"),
    Standing.LEFT_OUT: _("its registers are not in this dossier"),
    Standing.NOTHING_RECORDED: _("nothing recorded in this period"),
    Standing.GAP: _("gap"),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: what shows that it is kept, and what of it is kept elsewhere or nowhere."""

    number: str
    name: Text
    registers: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    gap: Text | None = None

    @property
    def area(self) -> str:
        return self.number.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Criteria:
    """All criteria in their order, and the names of their areas."""

    areas: Mapping[str, Text]
    all: tuple[Criterion, ...]
    # In which register each clock of the office stands.
    late: Mapping[str, str]


class UnknownCriterion(LookupError):
    """There is no criterion of this number."""


@cache
def load() -> Criteria:
    """Return the criteria as they are shipped."""
    said = tomllib.loads((Path(__file__).parent / "criteria.toml").read_text("utf-8"))
    made = tuple(
        Criterion(
            number=one["number"],
            name=one["name"],
            gap=said["gaps"][one["gap"]] if "gap" in one else None,
            **{key: tuple(one.get(key, ())) for key in ("registers", "checks", "decisions", "documents", "parts")},
        )
        for one in said["criteria"]
    )
    return Criteria(areas=said["areas"], all=made, late=said["late"])


def chosen(number: str = "") -> tuple[Criterion, ...]:
    """Return the criterion of a number, those of an area such as ``2.5``, or all. Raises UnknownCriterion."""
    found = tuple(one for one in load().all if not number or one.number == number or one.area == number)
    if not found:
        raise UnknownCriterion(number)
    return found


def check_results(first: date, last: date) -> dict[str, Evidence]:
    """Return the latest look at each measure within a period, by the code of the measure."""
    latest = (
        Evidence.objects.filter(on__range=(first, last))
        .order_by("measure_id", "-at")
        .distinct("measure_id")
        .select_related("measure")
    )
    return {one.measure.code: one for one in latest}


def decisions_until(last: date) -> dict[str, ApplicabilityDecision]:
    """Return what was last decided by a day on each duty that binds or not, by its code."""
    made = ApplicabilityDecision.objects.filter(decided_on__lte=last).order_by("threshold", "-decided_at", "-pk")
    return {one.threshold: one for one in made.distinct("threshold")}


def standing(
    criterion: Criterion,
    *,
    kept: Collection[str],
    looks: Mapping[str, Evidence],
    decided: Mapping[str, ApplicabilityDecision] = MappingProxyType({}),
    overdue: Collection[str] = (),
    left_out: Collection[str] = (),
    written: Collection[str] = (),
    on: date,
) -> Standing:
    """Say what a criterion has to show; whether that is enough, its reader judges.

    ``kept`` are the registers with rows in the period, ``left_out`` those that are not in the dossier, ``overdue``
    those in which something is late on the day ``on``; ``looks`` is the last look at each measure, ``decided`` the last
    decision whether a duty binds, ``written`` the parts of the dossier that have files. A look that was not in order or
    could not see, whatever is late, and a decision past its day are told before a gap is.
    """
    seen = [looks[code] for code in criterion.checks if code in looks]
    answers = [decided[code] for code in criterion.decisions if code in decided]
    has_records = (
        any(code in kept for code in criterion.registers)
        or any(code in written for code in criterion.parts)
        or bool(seen or answers or criterion.documents)
    )
    is_late = any(code in overdue for code in criterion.registers) or any(one.again_on < on for one in answers)
    if is_late or any(one.result != Result.PASSED for one in seen):
        return Standing.NOT_IN_ORDER
    if has_records:
        return Standing.PARTLY if criterion.gap else Standing.RECORDS
    if any(code in left_out for code in criterion.registers):
        return Standing.LEFT_OUT
    return Standing.GAP if criterion.gap else Standing.NOTHING_RECORDED


def overdue_by_register(on: date, may: Callable[[str], bool]) -> dict[str, int]:
    """Return how many matters of each register, by its code, are late on a day: what Today counts of them."""
    late: dict[str, int] = {}
    yesterday = on - timedelta(days=1)
    for source in deadlines.sources(may):
        code = load().late.get(source.name)
        if code is not None:
            count = (
                source.rows.found(None, yesterday).count()
                if source.rows is not None
                else sum(dated.count for dated in source.find(EARLIEST, yesterday))
            )
            late[code] = late.get(code, 0) + count
    return {code: count for code, count in late.items() if count}


def text(said: Text, language: str) -> str:
    """Return a text of the table in a language."""
    return said["en" if language.startswith("en") else "ko"]


def check_name(code: str) -> str:
    """Return what a measure that the portal looks at itself is called."""
    return str(STANDARD_NAMES.get(code, code))
