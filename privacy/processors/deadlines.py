"""What of the processors has a date: checks and training, contracts, the end of the data, transfers not told yet."""

from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import periods
from privacy.lib.registries import deadlines
from privacy.lib.registries.deadlines import Deadline
from privacy.policies import rulebook
from privacy.processors.models import Consignment, OverseasTransfer, Subprocessor, Supervision
from privacy.processors.models.consignments import HOME


def supervision(kind: str) -> Callable[[date, date], Iterator[Deadline]]:
    """Return what finds the last days of the next check, or training, of each processor.

    The term counts from the last one, or from the beginning of the consignment where there was none yet.
    """

    def find(first: date, last: date) -> Iterator[Deadline]:
        held = Supervision.objects.filter(consignment=OuterRef("pk"), kind=kind).order_by("-held_on").values("held_on")
        rows = Consignment.objects.running().annotate(since=Coalesce(Subquery(held[:1]), F("starts_on")))
        rows = rows.annotate(term=rulebook.parameter_of_rows("processors.supervision.months", "since"))
        for key, reference, since, months in rows.order_by("code").values_list("pk", "reference", "since", "term"):
            due_on = periods.period_end(since, months=months)
            if first <= due_on <= last:
                yield Deadline(due_on, f"{key}:{due_on.isoformat()}", reference, _page(key))

    return find


def untold_transfers(first: date, last: date) -> Iterator[Deadline]:
    """Yield the consignments whose data goes abroad while no transfer there is registered (PIPA art. 28-8)."""
    told = set(OverseasTransfer.objects.filter(ended_on=None).values_list("consignment_id", "country"))
    abroad = {(row.pk, row.country): row for row in Consignment.objects.running().exclude(country=HOME)}
    engaged = Subprocessor.objects.filter(ended_on=None, consignment__ended_on=None).exclude(country=HOME)
    abroad |= {(row.consignment_id, row.country): row.consignment for row in engaged.select_related("consignment")}
    for (key, country), row in sorted(abroad.items(), key=lambda one: (one[1].code, one[0][1])):
        if (key, country) not in told and first <= row.starts_on <= last:
            yield Deadline(row.starts_on, f"{key}:{country}", f"{row.reference} {country}", _page(row.pk))


def _page(key: UUID) -> str:
    return reverse("admin:processors_consignment_change", args=[key])


deadlines.add_source(
    "processors.check",
    supervision(Supervision.Kind.CHECK),
    title=_("Check of a processor"),
    permission="processors.view_consignment",
    clocks=("processors.Supervision.held_on",),
)
deadlines.add_source(
    "processors.training",
    supervision(Supervision.Kind.TRAINING),
    title=_("Training of a processor’s people"),
    permission="processors.view_consignment",
)
deadlines.add_source(
    "processors.transfer",
    untold_transfers,
    title=_("Data goes abroad, and no transfer is registered:"),
    permission="processors.view_consignment",
)
deadlines.add_query(
    "processors.contract",
    Consignment.objects.with_incomplete_contract,
    on="complete_by",
    reference="reference",
    page="admin:processors_consignment_change",
    title=_("Contract of a processor to be amended:"),
    permission="processors.view_consignment",
)
deadlines.add_query(
    "processors.term",
    Consignment.objects.with_term,
    on="term_ends_on",
    reference="reference",
    page="admin:processors_consignment_change",
    title=_("Contract of a processor to be renewed or ended:"),
    permission="processors.view_consignment",
)
deadlines.add_query(
    "processors.disposal",
    Consignment.objects.without_disposal,
    on="dispose_by",
    reference="reference",
    page="admin:processors_consignment_change",
    title=_("Return or destruction by a processor to be proven:"),
    permission="processors.view_consignment",
)
