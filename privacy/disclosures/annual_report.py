"""What the register of provisions tells about a year."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.disclosures.models import DisclosedItem, Disclosure, Notice
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series


def disclosures_of_the_year(first: date, last: date) -> Section:
    """Return what went to third parties, on which basis, and the correction notices (P5.1, P1.6)."""
    provided = list(Disclosure.objects.provided_between(first, last).values_list("pk", "basis", "provided_on"))
    people = DisclosedItem.objects.provided().filter(disclosure__in=[pk for pk, _b, _on in provided])
    notices = Notice.objects.filter(queued_at__date__range=(first, last))
    bases = Counter(basis for _pk, basis, _on in provided)
    return Section(
        title=_("Provision to third parties"),
        figures=(
            Figure("disclosures.provided", _("disclosures"), len(provided)),
            Figure("disclosures.people", _("people concerned"), people.values("subject_id").distinct().count()),
            Figure("disclosures.notices", _("correction notices"), notices.count()),
            Figure(
                "disclosures.acknowledged",
                _("acknowledged by the recipient"),
                notices.filter(acknowledged_at__isnull=False).count(),
            ),
        ),
        series=(
            Series(
                "disclosures.by-basis",
                _("Disclosures by legal basis"),
                tuple((str(basis.label), bases[basis.value]) for basis in Disclosure.Basis),
            ),
            Series(
                "disclosures.by-month",
                _("Disclosures by month"),
                annual_report.count_by_month([on for _pk, _b, on in provided if on is not None], first, last),
            ),
        ),
    )


annual_report.add_section("disclosures", disclosures_of_the_year, place=20)
