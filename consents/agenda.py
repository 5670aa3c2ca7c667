"""What of the consents has a date: advertising consents to be confirmed every two years (law C-19)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consents.advertising import CONFIRM_YEARS
from consents.models import AdvertisingNotice, Agreement, Standing
from privacy.lib import agenda, clock, periods
from privacy.lib.agenda import Dated

DAYS = 365 * CONFIRM_YEARS
type Span = tuple[datetime, datetime]


def confirmations(first: date, last: date) -> Iterator[Dated]:
    """Yield, for each day, how many consents must be confirmed by then; the database counts them by their day."""
    span = (clock.midnight(first - timedelta(DAYS + 2)), clock.midnight(last - timedelta(DAYS - 3)))
    days: Counter[date] = Counter()
    standing = _standing()
    for begun, number in chain(_given(standing, span), _confirmed(standing, span)):
        days[periods.before_same_day(begun, years=CONFIRM_YEARS)] += number
    for on, number in sorted(days.items()):
        if first <= on <= last:
            path = reverse("admin:consents_advertisingnotice_changelist")
            yield Dated(on, on.isoformat(), path=path, count=number)


def _given(standing: QuerySet[Standing], span: Span) -> Iterable[tuple[date, int]]:
    """Return, by day, how many consents that stand were given then and not confirmed since."""
    confirmed = AdvertisingNotice.objects.confirmations().filter(decision=OuterRef("decision"))
    return _by_day(standing.filter(decided_at__range=span).exclude(Exists(confirmed)), "decided_at")


def _confirmed(standing: QuerySet[Standing], span: Span) -> Iterable[tuple[date, int]]:
    """Return, by day, how many consents that stand were confirmed then for the last time."""
    later = AdvertisingNotice.objects.confirmations().filter(
        decision=OuterRef("decision"), sent_at__gt=OuterRef("sent_at")
    )
    found = AdvertisingNotice.objects.confirmations().filter(
        Exists(standing.filter(decision=OuterRef("decision"))), sent_at__range=span
    )
    return _by_day(found.exclude(Exists(later)), "sent_at")


def _standing() -> QuerySet[Standing]:
    # The few agreements are read first, so that the index of agreement and day answers.
    advertising = list(Agreement.objects.filter(kind=Agreement.Kind.ADVERTISING).values_list("id", flat=True))
    return Standing.objects.agreed().filter(agreement__in=advertising)


def _by_day(rows: QuerySet[Any], moment: str) -> Iterable[tuple[date, int]]:
    begun = rows.order_by().values_list(TruncDate(moment, tzinfo=clock.KST))
    return cast("Iterable[tuple[date, int]]", begun.annotate(number=Count("pk")))


agenda.add_source(
    "consents.confirmation",
    confirmations,
    title=_("Confirmation of advertising consents"),
    permission="consents.view_advertisingnotice",
)
