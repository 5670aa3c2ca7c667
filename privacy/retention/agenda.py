"""What of retention has a date: destruction deadlines, ends of preservation, holds that end."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib import agenda
from privacy.lib.agenda import Dated
from privacy.retention.models import ArchivedRecord, DestructionList, Hold


def open_lists(first: date, last: date) -> Iterator[Dated]:
    """Yield the day by which each open list is destroyed (law D-02)."""
    for row in DestructionList.objects.open().filter(target_on__range=(first, last)):
        path = reverse("admin:retention_destructionlist_change", args=[row.pk])
        yield Dated(row.target_on, str(row.pk), row.reference, path)


def ends_of_preservation(first: date, last: date) -> Iterator[Dated]:
    """Yield, for each day and rule, how many archived records are kept until then (P6.4)."""
    ends = ArchivedRecord.objects.filter(ends_on__range=(first, last)).order_by("ends_on", "rule")
    for row in ends.values("ends_on", "rule").annotate(number=Sum("records")):
        path = f"{reverse('admin:retention_archivedrecord_changelist')}?rule={row['rule']}"
        yield Dated(row["ends_on"], f"{row['rule']}-{row['ends_on']}", row["rule"], path, count=row["number"])


def ending_holds(first: date, last: date) -> Iterator[Dated]:
    """Yield the last day of each hold that stands."""
    for row in Hold.objects.filter(lifted_at=None, until__range=(first, last)):
        assert row.until is not None
        yield Dated(row.until, str(row.pk), row.reference, reverse("admin:retention_hold_change", args=[row.pk]))


agenda.add_source("retention.list", open_lists, title=_("Destroy by:"), permission="retention.view_destructionlist")
agenda.add_source(
    "retention.preserved",
    ends_of_preservation,
    title=_("Preservation ends:"),
    permission="retention.view_archivedrecord",
)
agenda.add_source("retention.hold", ending_holds, title=_("Hold ends:"), permission="retention.view_hold", owed=False)
