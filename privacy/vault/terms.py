"""What the rulebook in force says of a category; nothing for one that the policy does not declare."""

from datetime import datetime

from privacy.lib import clock
from privacy.policies import rulebook


def declared_purposes(category: str, at: datetime) -> frozenset[str]:
    """Return the purposes a category may be read for (P4.1)."""
    try:
        return rulebook.in_force(clock.kst_date(at)).purposes(category)
    except (rulebook.UnknownCategory, rulebook.NoPolicyInForce):
        return frozenset()


def declared_items(category: str, at: datetime) -> frozenset[str]:
    """Return the items of a category (P3.1 – P3.3), or of a file that the office keeps for a duty of its own."""
    if category in rulebook.OFFICE_ITEMS:
        return rulebook.OFFICE_ITEMS[category]
    try:
        return rulebook.in_force(clock.kst_date(at)).items(category)
    except (rulebook.UnknownCategory, rulebook.NoPolicyInForce):
        return frozenset()
