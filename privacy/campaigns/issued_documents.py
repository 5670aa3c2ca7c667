"""Which documents this app hands out: notices on paper, each with the SHA-256 of its text."""

from django.utils.translation import gettext_lazy as _

from privacy.campaigns.models import Campaign
from privacy.ledger.models import Entry
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument


def _notice(digest: str) -> IssuedDocument | None:
    campaign = Campaign.objects.filter(digest=digest).first()
    if campaign is None:
        return None
    said = f'"digest":"{digest}"'
    entries = Entry.objects.about(f"campaigns.campaign:{campaign.pk}").values_list("payload", flat=True)
    recorded = any(said in payload for payload in entries)
    return IssuedDocument(
        kind=_("notice to data subjects"),
        number=campaign.reference,
        issued_at=campaign.started_at,
        genuine=campaign.is_intact and recorded,
        contradicted=not campaign.is_intact,
    )


issued_documents.declare("notice-letters", name=_("notice to data subjects"), find=_notice)
