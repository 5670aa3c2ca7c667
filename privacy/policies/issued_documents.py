"""Which documents this app hands out: the policy's text as it was published, checked by the digest on record."""

from hashlib import sha256

from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import Entry
from privacy.lib.registries import issued_documents
from privacy.lib.registries.issued_documents import IssuedDocument
from privacy.policies.events import Event
from privacy.policies.models import PublishedText


def _by_digest(digest: str) -> IssuedDocument | None:
    text = PublishedText.objects.select_related("version").filter(digest=digest).first()
    if text is None:
        return None
    entries = Entry.objects.about(f"policies.publishedtext:{text.pk}").filter(word=Event.TEXT_ATTACHED)
    recorded = any(f'"{digest}"' in payload for payload in entries.values_list("payload", flat=True))
    intact = sha256(text.text.encode()).hexdigest() == digest
    return IssuedDocument(
        kind=_("text of the privacy policy as it was published"),
        number=text.version.number,
        issued_at=text.attached_at,
        genuine=recorded and intact,
        contradicted=not intact,
    )


issued_documents.declare("published-text", name=_("text of the privacy policy as it was published"), find=_by_digest)
