"""What a reviewer signs, as one digest on the ledger: a review that is changed later no longer bears it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from privacy.ledger.events import Event
from privacy.ledger.models import Entry, Review
from privacy.ledger.payloads import dump


def digest_of(review: Review) -> str:
    """Return SHA-256 over everything that stands on the sheet above the signatures."""
    findings = review.findings.order_by("pk").values_list(
        "rule", "account", "count", "entries", "facts", "explanation", "measure", "explained_by"
    )
    signed = [
        review.reference, review.period_from, review.period_until, review.start_index, review.end_index, review.root,
        review.counted, review.sample, review.checked, review.conclusion, review.reviewer,
        [[list(value) if isinstance(value, tuple) else value for value in finding] for finding in findings],
    ]  # fmt: skip
    return hashlib.sha256(dump(signed).encode()).hexdigest()


def altered_reviews() -> Iterator[Review]:
    """Yield the signed reviews that are not what was signed: another text, another signature, or none on record."""
    for review in Review.objects.filter(state__in=[Review.State.SIGNED, Review.State.CONFIRMED]):
        expected = [(str(Event.REVIEW_SIGNED), review.reviewer, digest_of(review))]
        if review.state == Review.State.CONFIRMED:
            expected.append((str(Event.REVIEW_CONFIRMED), review.confirmer, digest_of(review)))
        if list(_signatures(review)) != expected:
            yield review


def _signatures(review: Review) -> Iterator[tuple[str, str, str]]:
    """Yield the word, the account and the digest of every signature on record: each once, or somebody added one."""
    words = [Event.REVIEW_SIGNED, Event.REVIEW_CONFIRMED]
    entries = Entry.objects.filter(about=f"{review._meta.label_lower}:{review.pk}", word__in=words)
    for word, actor, payload in entries.order_by("id").values_list("word", "actor", "payload"):
        yield word, actor, str(json.loads(payload).get("facts", {}).get("digest", ""))
