"""How the rulebook's numbers and codes read: periods, events, units, in the language of the reader."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.policies.models import Clock, Parameter


def period(years: int, months: int) -> str:
    """Return “2 years”, “1 year 6 months”, “12 months” as the law of that term says it, “at once”."""
    if months > 12:
        years, months = years + months // 12, months % 12
    parts = []
    if years:
        parts.append(ngettext("%(count)d year", "%(count)d years", years) % {"count": years})
    if months:
        parts.append(ngettext("%(count)d month", "%(count)d months", months) % {"count": months})
    return " ".join(parts) or _("at once")


def retention(clock: str, years: int, months: int) -> str:
    """Return a retention rule as a phrase: “2 years from the expiry of the licence” (P6.1–P6.3)."""
    words = {"period": period(years, months), "event": Clock(clock).label}
    if not years and not months:
        return _("at once upon the %(event)s") % words
    if clock == Clock.PURPOSE_ACHIEVED:
        # D-13: the policy says "at once, or one month after"; the later is the limit.
        return _("at once, at the latest %(period)s from the %(event)s") % words
    return _("%(period)s from the %(event)s") % words


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
