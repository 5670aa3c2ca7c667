"""The seal of a pledge: one digest over the exact text, who signed, when, until when, and the request it came in.

Whoever changes the text or the signature behind the portal's back can change the seal beside it too, but not the seal
on the audit trail; both are compared (F-15).
"""

from __future__ import annotations

from datetime import UTC

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.workforce.events import Event
from privacy.workforce.models import Pledge


def compute_seal(pledge: Pledge) -> str:
    """Return the seal of a pledge as it and its text stand now."""
    text = pledge.text
    return canonical_json.digest(
        {
            "occasion": text.occasion,
            "version": text.version,
            "title": {"ko": text.title_ko, "en": text.title_en},
            "words": {"ko": text.words_ko, "en": text.words_en},
            "language": pledge.language,
            "signer": pledge.user.reference,
            "name": pledge.typed_name,
            "way": pledge.way,
            "paper": pledge.paper_digest,
            "signed_at": pledge.signed_at.astimezone(UTC).isoformat(),
            "signed_on": pledge.signed_on,
            "valid_until": pledge.valid_until,
            "request": pledge.request,
        }
    )


def matches_own_seal(pledge: Pledge) -> bool:
    """Whether the pledge and its text are what its own seal says."""
    return compute_seal(pledge) == pledge.seal


def recorded_seal(pledge: Pledge) -> str | None:
    """Return the seal that the audit trail has, or ``None`` where it has none."""
    payload = (
        Entry.objects.about(f"workforce.pledge:{pledge.pk}")
        .filter(word__in=(Event.SIGNED, Event.REGISTERED))
        .order_by("id")
        .values_list("payload", flat=True)
        .first()
    )
    return None if payload is None else str(facts_in(payload).get("seal", ""))


def is_past_term(pledge: Pledge) -> bool:
    """Whether the entry that would confirm the seal is past its own term: then nothing speaks against the pledge."""
    return recorded_seal(pledge) is None and Entry.objects.is_pruned(pledge.signed_at)


def is_intact(pledge: Pledge) -> bool:
    """Whether text, signature and seal are those of the day of signing, by the audit trail."""
    return matches_own_seal(pledge) and recorded_seal(pledge) == pledge.seal
