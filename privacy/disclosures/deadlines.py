"""What of the disclosures has a date: documents that follow urgent demands, reports, recipients' proofs."""

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.disclosures import provision_reports
from privacy.disclosures.models import CorrectionProof, Disclosure, ProofQuerySet, ThirdParty
from privacy.lib.registries import deadlines


def missing_documents() -> QuerySet[Disclosure]:
    """The urgent disclosures whose document nobody has attached yet."""
    return Disclosure.objects.filter(urgent=True, scan_id=None).exclude(state=Disclosure.State.REFUSED)


def awaited_proofs() -> ProofQuerySet:
    """The recipients that have not proven a correction yet; agencies are for the few who handle them (law P-12)."""
    return CorrectionProof.objects.open().exclude(notice__third_party__kind=ThirdParty.Kind.INVESTIGATOR)


def awaited_proofs_of_agencies() -> ProofQuerySet:
    """The investigative agencies that have not proven a correction yet."""
    return CorrectionProof.objects.open().filter(notice__third_party__kind=ThirdParty.Kind.INVESTIGATOR)


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
deadlines.add_query(
    "disclosures.proof",
    awaited_proofs,
    on="due_on",
    reference="notice__reference",
    page="admin:disclosures_correctionproof_change",
    title=_("Proof of a correction by a recipient:"),
    permission="disclosures.view_correctionproof",
)
# Called the same: in a calendar outside the portal, the title alone would say that an agency asked.
deadlines.add_query(
    "disclosures.agency-proof",
    awaited_proofs_of_agencies,
    on="due_on",
    reference="notice__reference",
    page="admin:disclosures_correctionproof_change",
    title=_("Proof of a correction by a recipient:"),
    permission="disclosures.see_investigations",
)
