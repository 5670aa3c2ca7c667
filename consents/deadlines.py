"""What of the consents has a date: advertising consents to be confirmed every few years (law C-19)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consents.advertising import ConsentValidity
from consents.models import AdvertisingNotice, Agreement, CurrentConsent, PlannedDestruction, RepresentativeRequest
from consents.models.advertising import COUNTED_FROM
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import Deadline


def confirmations(first: date, last: date) -> Iterator[Deadline]:
    """Yield, for each day, how many consents must be confirmed by then; the database counts them by their day."""
    terms = ConsentValidity.read()
    spans = list(terms.ending(first, last))
    days: Counter[date] = Counter()
    standing = _current_consents()
    for begun, number in chain(_given(standing, spans), _confirmed(standing, spans)):
        days[terms.last_day(begun)] += number
    for on, number in sorted(days.items()):
        path = reverse("admin:consents_advertisingnotice_changelist")
        yield Deadline(on, on.isoformat(), path=path, count=number)


def in_spans(spans: Iterable[tuple[date, date]], moment: str) -> Q:
    """Return the condition that a moment lies in one of these spans of days in Korea."""
    found = Q(pk__in=[])
    for begins, end in spans:
        found |= Q(**{f"{moment}__gte": clock.midnight(begins), f"{moment}__lt": clock.midnight(end)})
    return found


def _given(standing: QuerySet[CurrentConsent], spans: list[tuple[date, date]]) -> Iterable[tuple[date, int]]:
    """Return, by day, how many consents that stand were given then and not confirmed since."""
    confirmed = AdvertisingNotice.objects.confirmations().filter(decision=OuterRef("decision"))
    return _by_day(standing.filter(in_spans(spans, "decided_at")).exclude(Exists(confirmed)), "decided_at")


def _confirmed(standing: QuerySet[CurrentConsent], spans: list[tuple[date, date]]) -> Iterable[tuple[date, int]]:
    """Return, by day, how many consents that stand count from then since they were confirmed for the last time."""
    later = AdvertisingNotice.objects.confirmations().filter(
        decision=OuterRef("decision"), sent_at__gt=OuterRef("sent_at")
    )
    # Those that went out late are few, and have an index of their own.
    counted = Q(counted_from=None) & in_spans(spans, "sent_at") | in_spans(spans, "counted_from")
    found = AdvertisingNotice.objects.confirmations().filter(
        counted, Exists(standing.filter(decision=OuterRef("decision")))
    )
    return _by_day(found.exclude(Exists(later)), COUNTED_FROM)


def _current_consents() -> QuerySet[CurrentConsent]:
    # The few agreements are read first, so that the index of agreement and day answers.
    advertising = list(Agreement.objects.of_advertising().values_list("id", flat=True))
    return CurrentConsent.objects.agreed().of_registered().filter(agreement__in=advertising)


def _by_day(rows: QuerySet[Any], moment: str | Coalesce) -> Iterable[tuple[date, int]]:
    begun = rows.order_by().values_list(TruncDate(moment, tzinfo=clock.KST))
    return cast("Iterable[tuple[date, int]]", begun.annotate(number=Count("pk")))


deadlines.add_source(
    "consents.confirmation",
    confirmations,
    title=_("Confirmation of advertising consents"),
    permission="consents.view_advertisingnotice",
    is_automatic=True,  # the worker asks on the day; what could not be sent has a day of its own
)
deadlines.add_query(
    "consents.advertising",
    AdvertisingNotice.objects.to_send,  # law C-18, C-19
    on="due_on",
    reference="kind",
    format_reference=lambda code: AdvertisingNotice.Kind(code).label,
    page="admin:consents_advertisingnotice_change",
    title=_("Advertising notice to be sent:"),
    permission="consents.view_advertisingnotice",
)
deadlines.add_query(
    "consents.representative",
    RepresentativeRequest.objects.open,  # law C-12, C-13
    at="due_at",
    reference="reference",
    page="admin:consents_representativerequest_change",
    title=_("A child's legal representative has to answer"),
    permission="consents.view_representativerequest",
)
deadlines.add_query(
    "consents.representative.told",
    RepresentativeRequest.objects.untold,  # Decree art. 17-2(1)1
    at="ended_at",
    reference="reference",
    page="admin:consents_representativerequest_change",
    title=_("Confirm to a legal representative that they consented"),
    permission="consents.view_representativerequest",
)
deadlines.add_query(
    "consents.destruction",
    PlannedDestruction.objects.going_on,
    at="due_at",
    reference="decision__reference",
    page="admin:consents_planneddestruction_change",
    title=_("Data will be destroyed after the withdrawal"),
    permission="consents.view_planneddestruction",
)
deadlines.add_query(
    "consents.destruction.stopped",
    PlannedDestruction.objects.stopped,
    at="due_at",
    reference="decision__reference",
    page="admin:consents_planneddestruction_change",
    title=_("Decide whether the stopped destruction after a withdrawal continues"),
    permission="consents.view_planneddestruction",
)
