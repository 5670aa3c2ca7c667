"""What of the processors has a date: checks and training, contracts, the end of the data, transfers not told yet."""

from collections.abc import Callable

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import clock
from privacy.lib.dates.period_expressions import PeriodEnd
from privacy.lib.registries import deadlines
from privacy.policies import rulebook
from privacy.processors.models import BusinessTransfer, Consignment, OverseasTransfer, Subprocessor, Supervision
from privacy.processors.models.consignments import HOME

UNTOLD = _("Data goes abroad or is still there, and no transfer is registered:")


def supervised(kind: str) -> Callable[[], QuerySet[Consignment]]:
    """Return what finds the processors with the last day of their next check, or training (``due_on``).

    The term counts from the last one, or from the beginning of the consignment where there was none yet.
    """

    def rows() -> QuerySet[Consignment]:
        held = Supervision.objects.filter(consignment=OuterRef("pk"), kind=kind).order_by("-held_on").values("held_on")
        since = Consignment.objects.running().annotate(since=Coalesce(Subquery(held[:1]), F("starts_on")))
        term = rulebook.parameter_of_rows("processors.supervision.months", "since")
        return since.annotate(due_on=PeriodEnd(F("since"), term))

    return rows


def sent_abroad() -> QuerySet[Consignment]:
    """The consignments with data abroad, stored data included, of which no transfer is registered that has begun.

    PIPA art. 28-8: what has ended goes on until the return or destruction is proven, whatever end was recorded.
    """
    told = _begun(OuterRef("starts_on")).filter(consignment=OuterRef("pk"), subprocessor=None)
    return (
        Consignment.objects.with_data().exclude(country=HOME).filter(~Exists(told.filter(country=OuterRef("country"))))
    )


def sent_on_abroad() -> QuerySet[Subprocessor]:
    """The sub-processors abroad to whom no transfer is registered that has begun; the Act asks for each recipient."""
    told = _begun(OuterRef("consignment__starts_on")).filter(subprocessor=OuterRef("pk"))
    return Subprocessor.objects.with_data().exclude(country=HOME).filter(~Exists(told))


def _begun(first: OuterRef) -> QuerySet[OverseasTransfer]:
    return OverseasTransfer.objects.begun_by(first, clock.today())


deadlines.add_query(
    "processors.check",
    supervised(Supervision.Kind.CHECK),
    on="due_on",
    reference="reference",
    page="admin:processors_consignment_change",
    title=_("Check of a processor"),
    permission="processors.view_consignment",
    clocks=("processors.Supervision.held_on",),
)
deadlines.add_query(
    "processors.training",
    supervised(Supervision.Kind.TRAINING),
    on="due_on",
    reference="reference",
    page="admin:processors_consignment_change",
    title=_("Training of a processor’s people"),
    permission="processors.view_consignment",
    clocks=("processors.Supervision.held_on",),
)
deadlines.add_query(
    "processors.transfer",
    sent_abroad,
    on="starts_on",
    reference=Concat("reference", Value(" "), "country"),
    page="admin:processors_consignment_change",
    title=UNTOLD,
    permission="processors.view_consignment",
)
deadlines.add_query(
    "processors.transfer.onward",
    sent_on_abroad,
    on="consignment__starts_on",
    reference=Concat("consignment__reference", Value(" "), "country"),
    page="admin:processors_consignment_change",
    page_key="consignment_id",
    title=UNTOLD,
    permission="processors.view_consignment",
    clocks=("processors.Consignment.starts_on",),
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
deadlines.add_query(
    "processors.business-untold",
    BusinessTransfer.objects.untold,  # PIPA art. 27(1): beforehand
    on="transfer_on",
    reference="reference",
    page="admin:processors_businesstransfer_change",
    title=_("Tell people of a transfer of the business:"),
    permission="processors.view_businesstransfer",
)
deadlines.add_query(
    "processors.business",
    BusinessTransfer.objects.announced,
    on="transfer_on",
    reference="reference",
    page="admin:processors_businesstransfer_change",
    title=_("Transfer of the business:"),
    permission="processors.view_businesstransfer",
)
