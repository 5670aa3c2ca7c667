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
        superseded=_is_superseded(decision.reference),
    )


def _is_superseded(number: str) -> bool:
    """Whether the person has decided again about the same agreement, or withdrawn."""
    decision = Decision.objects.filter(reference=number).first()
    later = Decision.objects.filter(recorded_at__gt=decision.recorded_at) if decision else Decision.objects.none()
    return (
        decision is not None
        and later.filter(subject_id=decision.subject_id, agreement_id=decision.agreement_id).exists()
    )


issued_documents.declare(
    "consent-receipt", name=_("consent receipt"), find=_by_digest, has_proof=True, is_superseded=_is_superseded
)
