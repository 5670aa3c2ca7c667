"""Which documents this app hands out: the management plan, checked by its seal, and annual reports."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument
from privacy.safeguards import integrity
from privacy.safeguards.models import ManagementPlan


def _by_seal(digest: str) -> IssuedDocument | None:
    plan = ManagementPlan.objects.filter(seal=digest).first()
    if plan is None:
        return None
    return IssuedDocument(
        kind=_("internal management plan"),
        number=f"v{plan.number}",
        issued_at=plan.approved_at or plan.drafted_at,
        genuine=integrity.is_intact(plan),
        contradicted=integrity.compute_seal(plan) != digest,
    )


issued_documents.declare("management-plan", name=_("internal management plan"), find=_by_seal, has_proof=True)
issued_documents.declare("annual-report", name=_("annual report"))
