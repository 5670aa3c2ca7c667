"""What the register of consents tells about a year."""

from datetime import date

from django.db.models import Count
from django.utils.translation import gettext as _

from consents.models import AdvertisingNotice, Decision
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series


def consents_section(first: date, last: date) -> Section:
    """Return decisions by choice and month (P3.6), and confirmations of advertising consents (law C-19)."""
    decisions = Decision.objects.filter(decided_at__date__range=(first, last)).order_by()
    choices = dict(decisions.values_list("choice").annotate(number=Count("pk")))
    by_day = decisions.values_list("decided_at__date").annotate(number=Count("pk"))
    months = dict(annual_report.count_by_month([], first, last))
    for day, number in by_day:
        months[f"{day:%Y-%m}"] += number
    sent = AdvertisingNotice.objects.filter(
        kind=AdvertisingNotice.Kind.CONFIRMATION, sent_at__date__range=(first, last)
    )
    return Section(
        title=_("Consents"),
        figures=(
            Figure("consents.decisions", _("decisions"), sum(choices.values())),
            *(
                Figure(f"consents.{choice.value}", str(choice.label), choices.get(choice.value, 0))
                for choice in Decision.Choice
            ),
            Figure("consents.confirmations", _("advertising consents confirmed"), sent.count()),
        ),
        series=(Series("consents.by-month", _("Decisions by month"), tuple(months.items())),),
    )


annual_report.add_section("consents", consents_section, place=30)
