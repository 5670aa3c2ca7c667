"""Which documents this app hands out: the encrypted file of a provision, and notices to recipients."""

from django.utils.translation import gettext_lazy as _

from privacy.disclosures.models import Disclosure
from privacy.ledger.models import Entry
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument


def _handed_over(digest: str) -> IssuedDocument | None:
    disclosure = Disclosure.objects.filter(file_digest=digest).first()
    if disclosure is None or disclosure.provided_at is None:
        return None
    said = f'"sha256":"{digest}"'
    entries = Entry.objects.about(f"disclosures.disclosure:{disclosure.pk}").values_list("payload", flat=True)
    return IssuedDocument(
        kind=_("file disclosed to a third party"),
        number=disclosure.reference,
        issued_at=disclosure.provided_at,
        genuine=any(said in payload for payload in entries),
    )


issued_documents.declare("provision-file", name=_("file disclosed to a third party"), find=_handed_over)
issued_documents.declare("recipient-notice", name=_("notice to a recipient"), has_proof=True)
