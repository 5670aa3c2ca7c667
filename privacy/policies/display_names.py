"""The names of categories and items, from the rulebook in force on a day; the office's own files have names too."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.policies import rulebook
from privacy.policies.categories import ARCHIVE, OFFICE_FILES
from privacy.policies.models.localized_fields import in_language

# The parts of the office's files; those of the contacts are the items of ``categories.OFFICE_ITEMS``.
OFFICE_ITEM_NAMES = {
    "email": _("e-mail address"),
    "phone": _("phone number"),
    "address": _("postal address"),
    "contact": _("contact"),
    "claimed": _("number claimed"),
    "wanted": _("what it should be"),
    "explanation": pgettext_lazy("words", "explanation"),
    "answer": _("answer"),
    "archived": _("preserved record"),
}


def category_name(code: str, on: date) -> object:
    """Return what a category is called, or nothing."""
    if code in OFFICE_FILES:
        return OFFICE_FILES[code]
    if code == ARCHIVE:
        return _("records preserved by law")
    term = _in_force(on).get(code)
    return in_language(term, "name") if term else None


def item_name(code: str, on: date) -> object:
    """Return what an item is called, or nothing; an item belongs to exactly one category (P0.1)."""
    if code in OFFICE_ITEM_NAMES:
        return OFFICE_ITEM_NAMES[code]
    terms = (category.items[code] for category in _in_force(on).values() if code in category.items)
    return next((in_language(term, "name") for term in terms), None)


def preservation_name(code: str, on: date) -> object:
    """Return what a preservation rule is called, or nothing."""
    try:
        rule = rulebook.in_force(on).preservation.get(code)
    except rulebook.NoPolicyInForce:
        return None
    return in_language(rule, "name") if rule else None


def _in_force(on: date) -> Mapping[str, rulebook.DeclaredCategory]:
    try:
        return rulebook.in_force(on).categories
    except rulebook.NoPolicyInForce:
        return {}
