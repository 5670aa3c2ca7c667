"""What of retention has a date: destruction deadlines, ends of preservation, holds that end."""

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import Deadline
from privacy.retention.models import ArchivedRecord, DestructionList, Hold


def preservation_ends(first: date, last: date) -> Iterator[Deadline]:
    """Yield, for each day and rule, how many archived records are kept until then (P6.4)."""
    ends = ArchivedRecord.objects.filter(ends_on__range=(first, last)).order_by("ends_on", "rule")
    for row in ends.values("ends_on", "rule").annotate(number=Sum("records")):
        path = f"{reverse('admin:retention_archivedrecord_changelist')}?rule={row['rule']}"
        yield Deadline(row["ends_on"], f"{row['rule']}-{row['ends_on']}", row["rule"], path, count=row["number"])


def unlifted_holds() -> QuerySet[Hold]:
    """The holds that nobody lifted."""
    return Hold.objects.filter(lifted_at=None)


deadlines.add_query(
    "retention.list",
    DestructionList.objects.open,  # law D-02
    on="target_on",
    reference="reference",
    page="admin:retention_destructionlist_change",
    title=_("Destroy by:"),
    permission="retention.view_destructionlist",
)
deadlines.add_source(
    "retention.preserved",
    preservation_ends,
    title=_("Preservation ends:"),
    permission="retention.view_archivedrecord",
    is_automatic=True,  # the sweep lists what has ended, and the list has a day of its own
    clocks=["retention.ArchivedRecord.ends_on"],
)
deadlines.add_query(
    "retention.hold",
    unlifted_holds,
    on="until",
    reference="reference",
    page="admin:retention_hold_change",
    title=_("Hold ends:"),
    permission="retention.view_hold",
    owed=False,
)
