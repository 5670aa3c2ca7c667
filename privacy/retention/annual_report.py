"""What the destruction register tells about a year."""

from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _

from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series
from privacy.retention.models import RegisterEntry


def destruction_section(first: date, last: date) -> Section:
    """Return what was destroyed, and whether within the days of law D-02."""
    entries = RegisterEntry.objects.filter(destroyed_on__range=(first, last))
    rows = list(entries.values_list("destroyed_on", "target_on"))
    dated = [(done, target) for done, target in rows if target is not None]
    in_time = sum(done <= target for done, target in dated)
    # Of paper the register keeps an amount in units of its own: boxes and sheets are no records.
    sums = entries.filter(paper=None).aggregate(people=Sum("people"), records=Sum("records"))
    return Section(
        title=_("Destruction"),
        figures=(
            Figure("destruction.entries", _("destructions"), len(rows)),
            Figure("destruction.people", _("people concerned, added up over all destructions"), sums["people"] or 0),
            Figure("destruction.records", _("records"), sums["records"] or 0),
            Figure("destruction.in-time-share", _("share on time"), annual_report.percentage(in_time, len(dated)), "%"),
            Figure("destruction.unconfirmed", _("not yet confirmed"), entries.filter(confirmed_at=None).count()),
        ),
        series=(
            Series(
                "destruction.by-month",
                _("Destructions by month"),
                annual_report.count_by_month([done for done, _target in rows], first, last),
            ),
        ),
    )


annual_report.add_section("destruction", destruction_section, place=40)
