"""What of the consents has a date: advertising consents to be confirmed every two years (law C-19)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consents.advertising import CONFIRM_YEARS
from consents.models import AdvertisingNotice, Agreement, Decision, Standing
from privacy.lib import agenda, clock, periods
from privacy.lib.agenda import Dated

DAYS = 365 * CONFIRM_YEARS


def confirmations(first: date, last: date) -> Iterator[Dated]:
    """Yield, for each day, how many consents must be confirmed by then; the database counts them by their day."""
    confirmed = AdvertisingNotice.objects.filter(
        decision=OuterRef("decision"), kind=AdvertisingNotice.Kind.CONFIRMATION, sent_at__isnull=False
    ).order_by("-sent_at")
    standing = Standing.objects.filter(choice=Decision.Choice.AGREE, agreement__kind=Agreement.Kind.ADVERTISING)
    since = standing.annotate(
        since=TruncDate(Coalesce(Subquery(confirmed.values("sent_at")[:1]), "decided_at"), tzinfo=clock.KST)
    ).filter(since__gte=first - timedelta(DAYS + 2), since__lte=last - timedelta(DAYS - 2))
    days: Counter[date] = Counter()
    for begun, number in since.order_by().values_list("since").annotate(number=Count("pk")):
        days[periods.before_same_day(begun, years=CONFIRM_YEARS)] += number
    for on, number in sorted(days.items()):
        if first <= on <= last:
            path = reverse("admin:consents_advertisingnotice_changelist")
            yield Dated(on, on.isoformat(), path=path, count=number)


agenda.add_source(
    "consents.confirmation",
    confirmations,
    title=_("Confirmation of advertising consents"),
    permission="consents.view_advertisingnotice",
)
