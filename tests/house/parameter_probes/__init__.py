"""What the checks of the dated numbers look at: each probe acts or looks on a day and returns what came of it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

from privacy.ledger.actors import SystemActor
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from tests import factory

# A Wednesday without a holiday near, and the day before it.
DAY = date(2027, 3, 10)
EVE = DAY - timedelta(days=1)
TESTS = SystemActor("tests")
LONG_AGO = date(2020, 12, 1)


def noon(on: date) -> datetime:
    return factory.at_noon(on)


def ago(on: date, years: int) -> date:
    """A day so many years and a month before another."""
    return date(on.year - years, on.month, 1) - timedelta(days=20)


def term() -> rulebook.RetentionPeriod:
    return rulebook.RetentionPeriod("purpose-achieved", 0, 0, False, 0)


def how_many(act: Callable[[int], object], *, most: int = 30) -> int:
    """How often something goes through until it is refused."""
    done = 0
    with suppress(Refusal):
        for done in range(most):
            act(done)
    return done


# --- requests and complaints -----------------------------------------------------------------------------
