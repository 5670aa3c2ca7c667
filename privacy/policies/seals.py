"""Whether a published text is still what was published: against its seal, and against the seal on the audit trail."""

import json
from collections.abc import Collection

from privacy.ledger.models import Entry
from privacy.policies import document
from privacy.policies.events import Event
from privacy.policies.models import PolicyVersion


def broken(versions: Collection[PolicyVersion]) -> list[PolicyVersion]:
    """Return those whose text is not what was published; the trail is asked once for all of them."""
    recorded = _recorded(versions)
    return [version for version in versions if not _matches(version, recorded.get(_name(version)))]


def is_intact(version: PolicyVersion) -> bool:
    """Whether the text matches its seal, and the seal is the one on the audit trail.

    Who can change the text behind the portal's back can change the seal beside it too, but not the trail (ledger.md).
    """
    return not broken([version])


def recorded_seal(version: PolicyVersion) -> str | None:
    """Return the seal that was put on record, or ``None`` before it was."""
    return _recorded([version]).get(_name(version))


def _matches(version: PolicyVersion, recorded: str | None) -> bool:
    if version.document is None or document.seal(version.document) != version.seal:
        return False
    return recorded is None or recorded == version.seal


def _recorded(versions: Collection[PolicyVersion]) -> dict[str, str]:
    """The seals on record, by the name of the version; the first one counts."""
    entries = Entry.objects.filter(about__in=[_name(version) for version in versions]).order_by("id")
    found: dict[str, str] = {}
    for about, payload in entries.filter(word__in=(Event.PUBLISHED, Event.ADOPTED)).values_list("about", "payload"):
        found.setdefault(about or "", str(json.loads(payload)["facts"]["seal"]))
    return found


def _name(version: PolicyVersion) -> str:
    return f"policies.policyversion:{version.pk}"
