"""What the registers of safeguards tell about a year."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series
from privacy.safeguards.models import AreaEntry, Evidence, Inspection, InspectionFinding, MediaMovement
from privacy.safeguards.models.measures import Result


def safeguards_section(first: date, last: date) -> Section:
    """Return inspections with their findings (law S-30), evidence by result, entries and media (law S-25)."""
    held = Inspection.objects.filter(held_on__range=(first, last))
    findings = list(InspectionFinding.objects.filter(recorded_at__date__range=(first, last)))
    closed = [row for row in findings if row.done_at is not None]
    in_time = [row for row in closed if row.done_at and clock.kst_date(row.done_at) <= row.first_due_on]
    results = Counter(Evidence.objects.filter(on__range=(first, last)).values_list("result", flat=True))
    weights = Counter(row.weight for row in findings)
    entries = AreaEntry.objects.filter(entered_at__date__range=(first, last))
    return Section(
        title=_("Safeguards"),
        figures=(
            Figure("safeguards.inspections", _("inspections held"), held.count()),
            Figure("safeguards.findings", _("inspection findings"), len(findings)),
            Figure("safeguards.corrected", _("findings corrected"), len(closed)),
            Figure(
                "safeguards.in-time-share",
                _("share of corrections made on time"),
                annual_report.percentage(len(in_time), len(closed)),
                "%",
            ),
            Figure("safeguards.evidence", _("pieces of evidence"), results.total()),
            Figure("safeguards.entries", _("entries to protected areas"), entries.count()),
            Figure(
                "safeguards.media",
                _("media in and out"),
                MediaMovement.objects.filter(moved_at__date__range=(first, last)).count(),
            ),
        ),
        series=(
            Series(
                "safeguards.by-result",
                _("Evidence by result"),
                tuple((str(result.label), results[result.value]) for result in Result),
            ),
            Series(
                "safeguards.by-weight",
                _("Findings by weight"),
                tuple((str(weight.label), weights[weight.value]) for weight in InspectionFinding.Weight),
            ),
        ),
    )


annual_report.add_section("safeguards", safeguards_section, place=80)
