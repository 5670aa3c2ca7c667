"""What the destruction register tells about a year."""

from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _

from privacy.lib import yearbook
from privacy.lib.yearbook import Chapter, Figure, Series
from privacy.retention.models import RegisterEntry


def destructions_of_the_year(first: date, last: date) -> Chapter:
    """Return what was destroyed, and whether within the days of law D-02."""
    entries = RegisterEntry.objects.filter(destroyed_on__range=(first, last))
    rows = list(entries.values_list("destroyed_on", "target_on"))
    dated = [(done, target) for done, target in rows if target is not None]
    in_time = sum(done <= target for done, target in dated)
    sums = entries.aggregate(people=Sum("people"), records=Sum("records"))
    return Chapter(
        title=_("Destruction"),
        figures=(
            Figure("destruction.entries", _("destructions"), len(rows)),
            Figure("destruction.people", _("people concerned"), sums["people"] or 0),
            Figure("destruction.records", _("records"), sums["records"] or 0),
            Figure("destruction.in-time-share", _("share in time"), yearbook.share(in_time, len(dated)), "%"),
            Figure("destruction.unconfirmed", _("not yet confirmed"), entries.filter(confirmed_at=None).count()),
        ),
        series=(
            Series(
                "destruction.by-month",
                _("Destructions by month"),
                yearbook.by_month([done for done, _target in rows], first, last),
            ),
        ),
    )


yearbook.add_chapter("destruction", destructions_of_the_year, place=40)
