"""Whether a published text is still what was published: against its seal, and against the seal on the audit trail."""

from collections.abc import Collection
from hashlib import sha256

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.policies import policy_document, shipped_text
from privacy.policies.events import Event
from privacy.policies.models import PolicyVersion, PublishedText


def broken(versions: Collection[PolicyVersion]) -> list[PolicyVersion]:
    """Return those whose text is not what was published; the trail is asked once for all of them."""
    recorded = _recorded(versions)
    return [version for version in versions if not _matches(version, recorded.get(_ledger_reference(version)))]


def is_intact(version: PolicyVersion) -> bool:
    """Whether the text matches its seal, and the seal is the one on the audit trail.

    Who can change the text behind the portal's back can change the seal beside it too, but not the trail (ledger.md).
    Without an entry only a version counts that came with the installation, or whose entry is past its own term.
    """
    return not broken([version])


def recorded_seal(version: PolicyVersion) -> str | None:
    """Return the seal that was put on record, or ``None`` before it was."""
    return _recorded([version]).get(_ledger_reference(version))


def is_text_intact(text: PublishedText) -> bool:
    """Whether a text as published is the one that was attached: by its digest, and by the digest on the audit trail.

    Once the entry is past its own term, the text's own digest alone has to do.
    """
    about = f"policies.publishedtext:{text.pk}"
    first = Entry.objects.filter(about=about, word=Event.TEXT_ATTACHED).order_by("id").first()
    if sha256(text.text.encode()).hexdigest() != text.digest:
        return False
    if first is None:
        return Entry.objects.is_pruned(text.attached_at)
    return bool(facts_in(first.payload).get("digest") == text.digest)


def _matches(version: PolicyVersion, recorded: str | None) -> bool:
    if version.document is None or policy_document.document_digest(version.document) != version.seal:
        return False
    if recorded is None:
        published_at = version.published_at
        is_pruned = published_at is not None and Entry.objects.is_pruned(published_at)
        return shipped_text.came_with_installation(version) or is_pruned
    return recorded == version.seal


def _recorded(versions: Collection[PolicyVersion]) -> dict[str, str]:
    """The seals on record, by the name of the version; the first one counts."""
    entries = Entry.objects.filter(about__in=[_ledger_reference(version) for version in versions]).order_by("id")
    found: dict[str, str] = {}
    for about, payload in entries.filter(word__in=(Event.PUBLISHED, Event.ADOPTED)).values_list("about", "payload"):
        found.setdefault(about or "", str(facts_in(payload).get("seal", "")))
    return found


def _ledger_reference(version: PolicyVersion) -> str:
    return f"policies.policyversion:{version.pk}"
