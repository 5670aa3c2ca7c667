"""How a length of time reads, in the language of the reader: sentences take it from the number that is in force."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def period_text(*, years: int = 0, months: int = 0) -> str:
    """Return “2 years”, “1 year 6 months”, “12 months” as the law of that term says it, “at once”."""
    if months > 12:
        years, months = years + months // 12, months % 12
    parts = []
    if years:
        parts.append(ngettext("%(count)d year", "%(count)d years", years) % {"count": years})
    if months:
        parts.append(ngettext("%(count)d month", "%(count)d months", months) % {"count": months})
    return " ".join(parts) or _("at once")
