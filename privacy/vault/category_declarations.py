"""What the rulebook in force says of a category; nothing for one that the policy does not declare."""

from datetime import datetime

from privacy.lib.dates import clock
from privacy.policies import items, rulebook
from privacy.policies.categories import OFFICE_ITEMS


def declared_purposes(category: str, at: datetime) -> frozenset[str]:
    """Return the purposes a category may be read for (P4.1)."""
    try:
        return rulebook.in_force(clock.kst_date(at)).purposes(category)
    except (rulebook.UnknownCategory, rulebook.NoPolicyInForce):
        return frozenset()


def declared_items(category: str, at: datetime) -> frozenset[str]:
    """Return the items of a category (P3.1 – P3.3), or of a file that the office keeps for a duty of its own."""
    if category in OFFICE_ITEMS:
        return OFFICE_ITEMS[category]
    try:
        return rulebook.in_force(clock.kst_date(at)).items(category)
    except (rulebook.UnknownCategory, rulebook.NoPolicyInForce):
        return frozenset()


def known_items(category: str, at: datetime) -> frozenset[str]:
    """Return the declared items, and those that wait for a version of the policy which declares them."""
    return declared_items(category, at) | items.later_items(category)
