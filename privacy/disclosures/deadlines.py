"""What of the disclosures has a date: the document that follows an urgent demand."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from privacy.disclosures.models import Disclosure
from privacy.lib.registries import deadlines


def missing_documents() -> QuerySet[Disclosure]:
    """The urgent disclosures whose document nobody has attached yet."""
    return Disclosure.objects.filter(urgent=True, scan_id=None).exclude(state=Disclosure.State.REFUSED)


deadlines.add_query(
    "disclosures.document",
    missing_documents,
    on="document_due_on",
    reference="reference",
    page="admin:disclosures_disclosure_change",
    title=_("Document of an urgent disclosure:"),
    permission="disclosures.view_disclosure",
)
