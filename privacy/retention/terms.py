"""The retention rules in force, also for what the office holds for duties of its own, and the limits of a sweep."""

from datetime import date

from django.utils.translation import gettext as _

from privacy.policies import rulebook, wording
from privacy.policies.models import Clock
from privacy.policies.rulebook import RetentionTerm, UnknownParameter

# What the office holds for a duty of its own ends with the duty: the holding's own clock says when (law D-01).
WITH_THE_DUTY = RetentionTerm(clock="purpose-achieved", years=0, months=0, approval_required=False, wait_hours=0)

# Used until the officer sets the parameter of the same meaning.
CEILING_PERCENT = 5
CEILING_FLOOR = 100
CEILING_MONTHS = 2
EVIDENCE_YEARS = 3


def of(category: str, on: date) -> RetentionTerm:
    """Return how long a category is kept by the rulebook in force on ``on``."""
    rules = rulebook.in_force(on)
    return rules.retention(category) if category in rules.categories else WITH_THE_DUTY


def spelled(term: RetentionTerm) -> str:
    """Return a term as one word, such as ``licence-expiry+2y0m``, to be kept and compared."""
    return f"{term.clock}+{term.years}y{term.months}m"


def parts(word: str) -> tuple[str, int]:
    """Return a spelled term as the event it counts from and its length in months."""
    event, _plus, length = word.partition("+")
    years, _y, months = length.removesuffix("m").partition("y")
    return event, int(years or 0) * 12 + int(months or 0)


def in_words(word: str) -> str:
    """Return a spelled term as people say it: what it counts from, and how long."""
    event, _plus, length = word.partition("+")
    years, _y, months = length.removesuffix("m").partition("y")
    if not years.isdigit() or not months.isdigit():
        return word
    length = wording.period(int(years), int(months))
    return _("%(length)s after: %(event)s") % {"length": length, "event": dict(Clock.choices).get(event, event)}


def policy(on: date) -> str:
    """Return the number of the policy version in force."""
    return rulebook.in_force(on).version


def destroy_within(on: date) -> int:
    """Return the days that "without delay" gives (law D-02)."""
    return rulebook.parameter("destruction.within.days", on)


def ceiling(on: date, *, of_people: int) -> int:
    """Return how many people a list may hold before it needs two officers."""
    percent = _parameter("destruction.ceiling.percent", on, CEILING_PERCENT)
    return max(_parameter("destruction.ceiling.floor", on, CEILING_FLOOR), of_people * percent // 100)


def ceiling_months(on: date) -> int:
    """Return how many months of one category may go in one run before each needs two officers."""
    return _parameter("destruction.ceiling.months", on, CEILING_MONTHS)


def evidence_years(on: date) -> int:
    """Return for how many years the evidence of a destruction on paper is kept."""
    return _parameter("destruction.evidence.years", on, EVIDENCE_YEARS)


def _parameter(code: str, on: date, default: int) -> int:
    try:
        return rulebook.parameter(code, on)
    except UnknownParameter:
        return default
