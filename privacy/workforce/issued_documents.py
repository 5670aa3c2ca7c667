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
        superseded=_is_superseded(pledge.reference),
    )


def _is_superseded(number: str) -> bool:
    """Whether the same person has signed a later text for the same occasion."""
    pledge = Pledge.objects.select_related("text").filter(reference=number).first()
    later = Pledge.objects.filter(signed_at__gt=pledge.signed_at) if pledge else Pledge.objects.none()
    return pledge is not None and later.filter(user_id=pledge.user_id, text__occasion=pledge.text.occasion).exists()


issued_documents.declare(
    "pledge", name=_("security pledge"), find=_by_seal, has_proof=True, is_superseded=_is_superseded
)
