"""The simulation on the preview page of a version: figures and a chart, or what is missing for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.lib.dates import periods
from privacy.lib.display import charts, display_names
from privacy.lib.errors.refusals import Refusal
from privacy.policies.models import PolicyVersion
from privacy.retention.schedule.simulation.outcomes import Unit
from privacy.retention.schedule.simulation.simulate import SimulatedMonth, Simulation, simulate
from privacy.subjects.models import Subject

MAX_PEOPLE_SHOWN = 20


@dataclass(frozen=True)
class PreviewRow:
    """A month of a category in words, with its figures."""

    month: str
    name: str
    figures: SimulatedMonth


def context(version: PolicyVersion, on: date) -> Mapping[str, Any]:
    """Return the simulation of a version's next months, for its template; without it what is missing."""
    try:
        simulation = simulate(version, on)
    except Refusal as refusal:
        return {"refusal": refusal}
    rows = [PreviewRow(date_format(row.month, "Y-m"), _name(row, on), row) for row in simulation.rows]
    return {
        "simulation": simulation,
        "rows": rows,
        "withheld": sum(simulation.withheld.values()),
        "kept_longer": _people(simulation.kept_longer),
        "gone_earlier": _people(simulation.gone_earlier),
        "charts": list(_charts(simulation, on)),
        "series": [display_names.display_name("category", code, on=on) for code in _categories(simulation)],
    }


def _name(row: SimulatedMonth, on: date) -> str:
    name = display_names.display_name("category", row.category, on=on)
    return _("%(category)s (whole months)") % {"category": name} if row.unit == Unit.MONTH else name


def _people(ids: Sequence[UUID]) -> list[Subject]:
    return list(Subject.objects.filter(id__in=ids[:MAX_PEOPLE_SHOWN]).order_by("reference"))


def _categories(simulation: Simulation) -> list[str]:
    return sorted({row.category for row in simulation.rows if row.unit == Unit.PEOPLE})


def _months(simulation: Simulation) -> Iterator[date]:
    month = simulation.on.replace(day=1)
    while month <= simulation.until:
        yield month
        month = periods.first_of_next_month(month)


def _charts(simulation: Simulation, on: date) -> list[tuple[str, str]]:
    """Return a caption and a stacked chart of people by month for the rules in force and for the version."""
    categories = _categories(simulation)
    names = [display_names.display_name("category", code, on=on) for code in categories]
    people = {(row.month, row.category): row for row in simulation.rows if row.unit == Unit.PEOPLE}
    if not people:
        return []
    captions = {
        False: _("People whose data is destroyed under the rules in force, by month and category"),
        True: _("People whose data is destroyed with this version, by month and category"),
    }
    return [
        (
            caption,
            charts.stacked_bar_chart(
                [
                    (
                        date_format(month, "Y-m"),
                        [
                            (row.then if coming else row.now).people if (row := people.get((month, code))) else 0
                            for code in categories
                        ],
                    )
                    for month in _months(simulation)
                ],
                label=caption,
                series=names,
            ),
        )
        for coming, caption in captions.items()
    ]
