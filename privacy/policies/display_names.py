"""The names of categories and items, from the rulebook in force on a day; the office's own files have names too."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.ledger import request_context
from privacy.policies import rulebook
from privacy.policies.categories import ARCHIVE, OFFICE_FILES
from privacy.policies.models.localized_fields import in_language
from privacy.policies.rulebook import Rulebook

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
    rules = _in_force(on)
    term = rules and rules.categories.get(code)
    return in_language(term, "name") if term else None


def item_name(code: str, on: date) -> object:
    """Return what an item is called, or nothing; an item belongs to exactly one category (P0.1)."""
    if code in OFFICE_ITEM_NAMES:
        return OFFICE_ITEM_NAMES[code]
    rules = _in_force(on)
    categories = rules.categories.values() if rules else ()
    terms = (category.items[code] for category in categories if code in category.items)
    return next((in_language(term, "name") for term in terms), None)


def preservation_name(code: str, on: date) -> object:
    """Return what a preservation rule is called, or nothing."""
    rules = _in_force(on)
    rule = rules and rules.preservation.get(code)
    return in_language(rule, "name") if rule else None


def _in_force(on: date) -> Rulebook | None:
    """Return the rules whose names are shown; a page with many names asks once which these are."""

    def found() -> Rulebook | None:
        try:
            return rulebook.in_force(on)
        except rulebook.NoPolicyInForce:
            return None

    return request_context.looked_up_once(("policies.display_names", on), found)
