"""Which documents this app hands out: receipts of decisions, checked by the digest that the audit trail has."""

from django.utils.translation import gettext_lazy as _

from consents import receipts
from consents.models import Decision
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument


def _by_digest(digest: str) -> IssuedDocument | None:
    decision = Decision.objects.select_related("agreement", "version").filter(receipt_digest=digest).first()
    if decision is None:
        return None
    check = receipts.check_digest(decision.reference, digest)
    return IssuedDocument(
        kind=_("consent receipt"),
        number=decision.reference,
        issued_at=decision.recorded_at,
        genuine=check.genuine and check.entered,
        contradicted=not check.genuine,
    )


issued_documents.declare("consent-receipt", name=_("consent receipt"), find=_by_digest)
