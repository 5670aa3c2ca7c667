"""What a breach of the law may cost: dated rows in both languages (R-36, D-18, B-12, C-21).

Nothing is decided by them and no case is judged: they tell whoever works here what lies behind a term.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

from privacy.policies import dated_rules

EDITION = Path(__file__).resolve().parent / "editions" / "penalties.toml"


@dataclass(frozen=True, slots=True)
class Penalty:
    """One row: the breach, its article and the most that may be imposed, in Korean and English.

    ``since`` is the day of the provision; None where it is not known.
    """

    rules: tuple[str, ...]
    articles: tuple[str, str]
    breaches: tuple[str, str]
    penalties: tuple[str, str]
    since: date | None

    @property
    def article(self) -> str:
        return in_reader_language(self.articles)

    @property
    def breach(self) -> str:
        return in_reader_language(self.breaches)

    @property
    def penalty(self) -> str:
        return in_reader_language(self.penalties)


def penalties(on: date) -> list[Penalty]:
    """Return the rows in force on a day, and those whose day is not known, in the order of the edition."""
    return [row for row in _edition() if row.since is None or (row.since <= on and dated_rules.is_known(row.since))]


def announced_penalties(on: date) -> list[Penalty]:
    """Return the rows that come into force after a day, the next one first."""
    coming = [(row.since, row) for row in _edition() if row.since is not None and row.since > on]
    return [row for _day, row in sorted(coming, key=lambda pair: pair[0])]


@cache
def _edition() -> tuple[Penalty, ...]:
    rows = tomllib.loads(EDITION.read_text(encoding="utf-8"))["penalties"]
    return tuple(
        Penalty(
            tuple(row["rules"]), tuple(row["article"]), tuple(row["breach"]), tuple(row["penalty"]), row.get("since")
        )
        for row in rows
    )


def in_reader_language(words: tuple[str, str]) -> str:
    """Return the Korean or the English words of a row, in the language of the reader."""
    return words[1 if (get_language() or "").startswith("en") else 0]
