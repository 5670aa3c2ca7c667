"""Which documents this app hands out: pledges, checked by their seal. Proofs of training are never handed out."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument
from privacy.workforce import integrity
from privacy.workforce.models import Pledge


def _by_seal(digest: str) -> IssuedDocument | None:
    pledge = Pledge.objects.select_related("text", "user").filter(seal=digest).first()
    if pledge is None:
        return None
    return IssuedDocument(
        kind=_("security pledge"),
        number=pledge.reference,
        issued_at=pledge.signed_at,
        genuine=integrity.is_intact(pledge),
        contradicted=not integrity.matches_own_seal(pledge),
    )


issued_documents.declare("pledge", name=_("security pledge"), find=_by_seal)
