"""Whether a published text is still what was published: against its seal, and against the seal on the audit trail."""

import json

from privacy.ledger.models import Entry
from privacy.policies import document
from privacy.policies.events import Event
from privacy.policies.models import PolicyVersion


def is_intact(version: PolicyVersion) -> bool:
    """Whether the text matches its seal, and the seal is the one on the audit trail.

    Who can change the text behind the portal's back can change the seal beside it too, but not the trail (ledger.md).
    """
    if version.document is None or document.seal(version.document) != version.seal:
        return False
    recorded = recorded_seal(version)
    return recorded is None or recorded == version.seal


def recorded_seal(version: PolicyVersion) -> str | None:
    """Return the seal that was put on record, or ``None`` before it was."""
    payload = (
        Entry.objects.about(f"policies.policyversion:{version.pk}")
        .filter(word__in=(Event.PUBLISHED, Event.ADOPTED))
        .order_by("id")
        .values_list("payload", flat=True)
        .first()
    )
    return None if payload is None else str(json.loads(payload)["facts"]["seal"])
