"""How often personal data was opened: by purpose and by account, and which accounts stand out (law S-04)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import quantiles

from django.db.models import Count
from django.utils.translation import gettext as _

from privacy.ledger.entries import lookup_by_time
from privacy.ledger.models import AccessRecord
from privacy.lib.dates import clock
from privacy.lib.display import charts, display_names
from privacy.lib.display.charts import Picture

PERIODS = (30, 90, 365)
MOST_ACCOUNTS = 15
# Fewer accounts have no usual number that one of them could stand out from.
ACCOUNTS_NEEDED = 4


def pictures(at: datetime, *, days: int) -> list[Picture]:
    """Return the openings of the last days by purpose and by account; what nobody opened is not drawn."""
    start = at - timedelta(days=days)
    opened = AccessRecord.objects.filter(time__gte=start, id__gte=lookup_by_time.lower_bound(start)).order_by()
    purposes = _counted(opened.values_list("purpose").annotate(number=Count("id")))
    accounts = _counted(opened.filter(actor__startswith="U-").values_list("actor").annotate(number=Count("id")))
    made = []
    if purposes:
        on = clock.kst_date(at)
        named = [(display_names.display_name("purpose", code, on=on) if code else "–", n) for code, n in purposes]
        made.append(_picture(_("Openings by purpose"), _("purpose"), named))
    if accounts:
        above = upper_fence([number for _account, number in accounts])
        names = display_names.display_names_of("account", {account for account, _number in accounts})
        shown = accounts[:MOST_ACCOUNTS]
        title = _("Openings by account")
        drawing = charts.horizontal_bar_chart([(names.get(one, one), n) for one, n in shown], label=title)
        rows = [
            [
                f"{names.get(one, one)} ({one})" if one in names else one,
                number,
                _("stands out") if number > above else "",
            ]
            for one, number in shown
        ]
        made.append(Picture(title, drawing, [_("account"), _("openings"), ""], rows))
    return made


def upper_fence(numbers: Sequence[int]) -> float:
    """Return above which number an account stands out: the upper quartile and one and a half times the middle half.

    Infinite with fewer accounts than ``ACCOUNTS_NEEDED``. Source: Tukey, Exploratory Data Analysis (1977).
    """
    if len(numbers) < ACCOUNTS_NEEDED:
        return float("inf")
    low, _middle, high = quantiles(numbers, n=4, method="inclusive")
    return high + 1.5 * (high - low)


def _counted(rows: Sequence[tuple[str | None, int]]) -> list[tuple[str, int]]:
    return sorted(((code or "", number) for code, number in rows), key=lambda row: (-row[1], row[0]))


def _picture(title: str, what: str, figures: Sequence[tuple[str, int]]) -> Picture:
    drawing = charts.horizontal_bar_chart(figures, label=title)
    return Picture(title, drawing, [what, _("openings")], figures)
