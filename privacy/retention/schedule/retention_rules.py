"""The retention rules in force, also for what the office holds for duties of its own, and the limits of a sweep."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from privacy.policies import categories, rulebook, wording
from privacy.policies.models import RetentionTrigger
from privacy.policies.rulebook import RetentionPeriod, Rulebook

# Which rulebook holds on a day: the one in force, unless a coming one is tried out.
RulesOn = Callable[[date], Rulebook]
# What the office holds for a duty of its own ends with the duty: the holding's own clock says when (law D-01).
ENDS_WITH_DUTY = RetentionPeriod(clock="purpose-achieved", years=0, months=0, approval_required=False, wait_hours=0)
# What the policy no longer names goes when its purpose has ended, and an officer looks at it first.
NO_LONGER_DECLARED = replace(ENDS_WITH_DUTY, approval_required=True)


def for_category(category: str, on: date, rules: RulesOn | None = None) -> RetentionPeriod:
    """Return how long a category is kept by the rulebook in force on ``on``."""
    return by_rulebook((rules or rulebook.in_force)(on), category)


def by_rulebook(rules: Rulebook, category: str) -> RetentionPeriod:
    """Return how long a category is kept by a rulebook, also where that no longer names it."""
    if category in rules.categories:
        return rules.retention(category)
    of_the_office = category in categories.OFFICE_FILES or category == categories.ARCHIVE
    return ENDS_WITH_DUTY if of_the_office else NO_LONGER_DECLARED


def encode_period(term: RetentionPeriod) -> str:
    """Return a term as one word, such as ``licence-expiry+2y0m``, to be kept and compared."""
    return f"{term.clock}+{term.years}y{term.months}m"


def decode_period(word: str) -> tuple[str, int]:
    """Return a spelled term as the event it counts from and its length in months."""
    event, _plus, length = word.partition("+")
    years, _y, months = length.removesuffix("m").partition("y")
    return event, int(years or 0) * 12 + int(months or 0)


def describe_period(word: str) -> str:
    """Return a spelled term as people say it: what it counts from, and how long."""
    event, _plus, length = word.partition("+")
    years, _y, months = length.removesuffix("m").partition("y")
    if not years.isdigit() or not months.isdigit():
        return word
    length = wording.period(int(years), int(months))
    return _("%(length)s after: %(event)s") % {
        "length": length,
        "event": dict(RetentionTrigger.choices).get(event, event),
    }


def policy_version(on: date) -> str:
    """Return the number of the policy version in force."""
    return rulebook.in_force(on).version


def days_to_destroy(on: date) -> int:
    """Return the days that "without delay" gives (law D-02)."""
    return rulebook.parameter("destruction.within.days", on)


def max_people_per_list(on: date, *, of_people: int) -> int:
    """Return how many people a list may hold before it needs two officers."""
    percent = rulebook.parameter("destruction.ceiling.percent", on)
    return max(rulebook.parameter("destruction.ceiling.floor", on), of_people * percent // 100)


def max_months_per_run(on: date) -> int:
    """Return how many months of one category may go in one run before each needs two officers."""
    return rulebook.parameter("destruction.ceiling.months", on)


def evidence_years(on: date) -> int:
    """Return for how many years the evidence of a destruction on paper is kept."""
    return rulebook.parameter("destruction.evidence.years", on)
