"""On which grounds a right is refused, on which day, in which words (P1.4; law R-12, R-15, R-22, R-33).

Which grounds a kind of right can ever have is a table that the database holds too. Those of transmission are dated rows
with their articles beside it (``editions/transmission_grounds.toml``): an amendment is loaded ahead with its day.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from privacy.lib.dates import clock
from privacy.policies import dated_rules
from privacy.policies.grounds import RefusalGrounds
from privacy.policies.penalties import in_reader_language
from privacy.rights import models
from privacy.rights.models import Right

EDITION = Path(__file__).resolve().parent / "editions" / "transmission_grounds.toml"
DECISION, IDENTITY = "decision", "identity"


@dataclass(frozen=True, slots=True)
class DatedGround:
    """One item of the law: the grounds that it is told by, and from which day.

    ``item`` is its number in Decree art. 42-8(1). ``told`` is where it is said: in a decision, or in the check of
    who asks, which ends the case before any decision.
    """

    item: int | None
    grounds: tuple[str, ...]
    articles: tuple[str, str]
    told: str
    in_force_on: date


@cache
def edition() -> tuple[DatedGround, ...]:
    """Return the rows on the refusal of transmission, in the order of the law."""
    rows = tomllib.loads(EDITION.read_text(encoding="utf-8"))["grounds"]
    return tuple(
        DatedGround(row.get("item"), tuple(row["grounds"]), tuple(row["article"]), row["told"], row["in_force_on"])
        for row in rows
    )


def offered(kind: str, on: date) -> list[Right.Ground]:
    """Return the grounds on which a right of a kind can be refused on a day."""
    held = models.GROUNDS_BY_KIND[kind]
    if kind != Right.Kind.PORTABILITY:
        return list(held)
    dated = {code for row in _in_force(on) for code in row.grounds}
    return [ground for ground in held if ground in dated]


def article(right: Right) -> str:
    """Return in the language of the reader the article that a refused transmission rests on; of other rights nothing.

    Their grounds cite a law where one is needed (``Right.law``).
    """
    if right.kind != Right.Kind.PORTABILITY or right.decided_at is None:
        return ""
    rows = (row for row in _in_force(clock.kst_date(right.decided_at)) if right.ground in row.grounds)
    return next((in_reader_language(row.articles) for row in rows), "")


def table(on: date) -> list[RefusalGrounds]:
    """Return each right with the labels of its grounds on a day, in the active language."""
    return [
        RefusalGrounds(str(Right.Kind(kind).label), [str(ground.label) for ground in offered(kind, on)])
        for kind in models.GROUNDS_BY_KIND
    ]


def _in_force(on: date) -> list[DatedGround]:
    return [row for row in edition() if row.in_force_on <= on and dated_rules.is_known(row.in_force_on)]
