"""What of the disclosures has a date: the document that follows an urgent demand, the report of each half-year."""

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.disclosures import provision_reports
from privacy.disclosures.models import Disclosure
from privacy.lib.registries import deadlines


def missing_documents() -> QuerySet[Disclosure]:
    """The urgent disclosures whose document nobody has attached yet."""
    return Disclosure.objects.filter(urgent=True, scan_id=None).exclude(state=Disclosure.State.REFUSED)


def reports(first: date, last: date) -> Iterator[deadlines.Deadline]:
    """Yield the reports on provisions to agencies that are due between two days."""
    page = reverse("admin:disclosures_provisionreport_changelist")
    for owed in provision_reports.owed_reports():
        if first <= owed.half.due_on <= last:
            yield deadlines.Deadline(owed.half.due_on, owed.key, str(owed), page)


deadlines.add_query(
    "disclosures.document",
    missing_documents,
    on="document_due_on",
    reference="reference",
    page="admin:disclosures_disclosure_change",
    title=_("Document of an urgent disclosure:"),
    permission="disclosures.view_disclosure",
)
deadlines.add_source(
    "disclosures.report",
    reports,
    title=_("Report on provisions to agencies:"),
    permission=provision_reports.SEE,
    clocks=("disclosures.ProvisionReport.due_on", "disclosures.ProvisionReport.half_until"),
)
