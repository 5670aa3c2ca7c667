"""Which documents this app hands out: notices on paper, each with the SHA-256 of its text."""

from django.utils.translation import gettext_lazy as _

from privacy.campaigns.models import Campaign
from privacy.ledger.models import Entry
from privacy.lib.display.badges import datetime_text
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument


def _notice(digest: str) -> IssuedDocument | None:
    """Return what is known of a text: people who are found later get the same one, in a notice of their own."""
    known = list(Campaign.objects.filter(digest=digest).order_by("started_at", "id"))
    if not known:
        return None
    genuine = [one for one in known if one.is_intact and _is_recorded(one)]
    told = genuine or known
    each = [(one.reference, datetime_text(one.started_at)) for one in told]
    return IssuedDocument(
        kind=_("notice to data subjects"),
        number=", ".join(one.reference for one in told),
        issued_at=told[0].started_at,
        genuine=bool(genuine),
        rows=each if len(each) > 1 else [],
        contradicted=not any(one.is_intact for one in known),
    )


def _is_recorded(campaign: Campaign) -> bool:
    said = f'"digest":"{campaign.digest}"'
    entries = Entry.objects.about(f"campaigns.campaign:{campaign.pk}").values_list("payload", flat=True)
    return any(said in payload for payload in entries)


issued_documents.declare("notice-letters", name=_("notice to data subjects"), find=_notice, has_proof=True)
