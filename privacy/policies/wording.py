"""How the rulebook's numbers and codes read: periods, events, units, in the language of the reader."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from privacy.lib.display import display_names
from privacy.lib.display.period_text import period_text
from privacy.policies.models import LegalGround, Parameter, RetentionTrigger
from privacy.policies.rulebook import DeclaredCategory


def period(years: int, months: int) -> str:
    """Return “2 years”, “1 year 6 months”, “12 months” as the law of that term says it, “at once”."""
    return period_text(years=years, months=months)


def retention(clock: str, years: int, months: int) -> str:
    """Return a retention rule as a phrase: “2 years from the expiry of the licence” (P6.1–P6.3)."""
    words = {"period": period(years, months), "event": RetentionTrigger(clock).label}
    if not years and not months:
        return _("at once upon the %(event)s") % words
    if clock == RetentionTrigger.PURPOSE_ACHIEVED:
        # D-13: the policy says "at once, or one month after"; the later is the limit.
        return _("at once, and no later than %(period)s from the %(event)s") % words
    return _("%(period)s from the %(event)s") % words


def legal_basis(row: Mapping[str, Any], language: str) -> str:
    """Return the basis of a row of the table with its ground: “Contract … (PIPA art. 15(1)4): licence agreement”."""
    ground = row["ground"][language]
    label = str(LegalGround(row["basis"]).label)
    return f"{label}: {ground}" if ground else label


def category_basis(category: DeclaredCategory, on: date) -> str:
    """Return what a category rests on by its version, with the purposes where they rest on different grounds.

    A version that states nothing was written when agreements were taken for everything.
    """
    purposes: dict[str, list[str]] = {}
    for code, stated in sorted(category.bases.items()):
        purpose = display_names.display_name("purpose", code, on=on)
        purposes.setdefault(str(LegalGround(stated.basis).label), []).append(purpose)
    if not purposes:
        return _("consent (optional)") if category.optional else _("consent, performance of a contract")
    if len(purposes) == 1:
        return next(iter(purposes))
    return "; ".join(f"{label}: {', '.join(names)}" for label, names in purposes.items())


def day_in_words(day: str) -> str:
    """Return a day of a document for a sentence; a draft may have none yet."""
    if not day:
        return _("(a day that is not set yet)")
    # Translators: a date format of Django, for a sentence ("on 1 December 2020").
    return date_format(date.fromisoformat(day), pgettext("date format", "j F Y"))


def purpose_of_logs(days: int) -> str:
    """Return when the purpose of an app log ends (P6.3): by its error, or by a dated number of the office."""
    return ngettext(
        "The purpose ends when the error is resolved, or %(days)d day after the log was made.",
        "The purpose ends when the error is resolved, or %(days)d days after the log was made.",
        days,
    ) % {"days": days}


def value(held: Mapping[str, Any]) -> str:
    """Return the value of a placeholder as words: a period of a rule, or a parameter with its unit."""
    if "unit" not in held:
        return period(held["years"], held["months"])
    number, unit = int(held["value"]), held["unit"]
    match unit:
        case Parameter.Unit.HOURS:
            return ngettext("%(count)d hour", "%(count)d hours", number) % {"count": number}
        case Parameter.Unit.DAYS:
            return ngettext("%(count)d day", "%(count)d days", number) % {"count": number}
        case Parameter.Unit.MONTHS:
            return period(0, number)
        case Parameter.Unit.YEARS:
            return period(number, 0)
        case _:
            return str(number)
