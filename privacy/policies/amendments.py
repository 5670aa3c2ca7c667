"""Amendments of the law, each with the day on which it comes into force: loaded while they are only announced.

They tell what changes and what the portal has for it; numbers that change with them are parameters with the same day.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from privacy.policies import dated_rules
from privacy.policies.penalties import in_reader_language

EDITION = Path(__file__).resolve().parent / "editions" / "amendments.toml"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One row: its article, what changes and what the portal has for it, in Korean and English, and where it was read.

    ``begins``, ``amends`` and ``duties`` name duties of ``privacy.safeguards.thresholds``.
    """

    code: str
    rules: tuple[str, ...]
    in_force_on: date
    articles: tuple[str, str]
    changes: tuple[str, str]
    portals: tuple[str, str]
    source: str
    begins: frozenset[str]
    amends: frozenset[str]
    duties: frozenset[str]

    @property
    def article(self) -> str:
        return in_reader_language(self.articles)

    @property
    def change(self) -> str:
        return in_reader_language(self.changes)

    @property
    def portal(self) -> str:
        return in_reader_language(self.portals)


def in_force(on: date) -> list[Amendment]:
    """Return the amendments that are in force on a day, in the order of the edition."""
    return [row for row in _known() if row.in_force_on <= on]


def announced(on: date) -> list[Amendment]:
    """Return the amendments that come into force after a day, the next one first."""
    return sorted((row for row in _known() if row.in_force_on > on), key=lambda row: row.in_force_on)


def is_in_force(code: str, on: date) -> bool:
    """Whether what an amendment brings holds on a day."""
    return any(row.code == code for row in in_force(on))


def first_day(duty: str) -> date | None:
    """Return from which day a duty is asked at all, where an amendment brings it."""
    return next((row.in_force_on for row in _known() if duty in row.begins), None)


def has_begun(duty: str, on: date) -> bool:
    """Whether a duty is asked about on a day: every one is that no amendment brings."""
    brings = [row for row in _edition() if duty in row.begins]
    return all(row.in_force_on <= on and dated_rules.is_known(row.in_force_on) for row in brings)


def days_of(duty: str) -> list[date]:
    """Return the days on which an amendment brings or amends a duty, the earliest first."""
    return sorted({row.in_force_on for row in _known() if duty in row.begins | row.amends})


def _known() -> list[Amendment]:
    return [row for row in _edition() if dated_rules.is_known(row.in_force_on)]


@cache
def _edition() -> tuple[Amendment, ...]:
    rows = tomllib.loads(EDITION.read_text(encoding="utf-8"))["amendments"]
    return tuple(
        Amendment(
            row["code"],
            tuple(row["rules"]),
            row["in_force_on"],
            tuple(row["article"]),
            tuple(row["change"]),
            tuple(row["portal"]),
            row["source"],
            *(frozenset(row.get(name, ())) for name in ("begins", "amends", "duties")),
        )
        for row in rows
    )
