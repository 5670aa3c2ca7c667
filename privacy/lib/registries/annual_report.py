"""The figures of a year, from every register: the annual report to the representative asks here (law O-03).

An app says in its ``annual_report.py`` what its registers tell about a year; ``safeguards`` discovers these modules::

    annual_report.add_section("rights", rights_of_the_year, place=10)

A section is made in the language that is active, from the register itself, and holds no personal data.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Figure:
    """One number of a year; none where there is nothing to take a share of.

    ``code`` is what programs call it; ``unit`` stands behind the number, as in ``93 %``.
    """

    code: str
    label: str
    value: int | None
    unit: str = ""


@dataclass(frozen=True)
class Series:
    """Numbers side by side, drawn as bars: a name and a number each."""

    code: str
    title: str
    points: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Section:
    """What one register tells about a year."""

    title: str
    figures: tuple[Figure, ...]
    series: tuple[Series, ...] = field(default=())


type SectionBuilder = Callable[[date, date], Section]
_sections: dict[str, tuple[int, SectionBuilder]] = {}


def add_section(code: str, make: SectionBuilder, *, place: int) -> None:
    """Ask ``make`` for a section, given the first and the last day; sections stand in the order of ``place``."""
    _sections[code] = (place, make)


def report_sections(first: date, last: date) -> list[tuple[str, Section]]:
    """Return the sections of a period with their codes, in order."""
    ordered = sorted(_sections.items(), key=lambda known: (known[1][0], known[0]))
    return [(code, make(first, last)) for code, (_place, make) in ordered]


def figure_text(value: int | None, unit: str) -> str:
    """Return a number of a year with its unit; a dash where there is none."""
    return "–" if value is None else f"{value:,} {unit}".rstrip()


def percentage(part: int, whole: int) -> int | None:
    """Return a share in full percent, rounded down: only everything is 100. Of nothing there is no share."""
    return part * 100 // whole if whole else None


def count_by_month(days: list[date], first: date, last: date) -> tuple[tuple[str, int], ...]:
    """Return how many of ``days`` fall into each month of a period."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    counted = dict.fromkeys(months, 0)
    for day in days:
        counted[day.year * 12 + day.month - 1] += 1
    return tuple((f"{month // 12}-{month % 12 + 1:02}", count) for month, count in counted.items())
