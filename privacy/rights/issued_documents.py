"""Which documents this app hands out: answers, and access packages by the digest kept when they were made."""

from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import Entry
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument
from privacy.rights.models import Package


def _package(digest: str) -> IssuedDocument | None:
    package = Package.objects.select_related("right__request").filter(file_digest=digest).first()
    if package is None:
        return None
    case = package.right.request
    said = f'"sha256":"{digest}"'
    entries = Entry.objects.about(f"rights.request:{case.pk}").values_list("payload", flat=True)
    return IssuedDocument(
        kind=_("access package"),
        number=case.number,
        issued_at=package.built_at,
        genuine=any(said in payload for payload in entries),
    )


issued_documents.declare("answer-letter", name=_("answer to a request"), has_proof=True)
issued_documents.declare("access-package", name=_("access package"), find=_package)
issued_documents.declare("access-package-manifest", name=_("manifest of an access package"), has_proof=True)
