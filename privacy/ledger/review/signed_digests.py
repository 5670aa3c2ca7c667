"""What a reviewer signs, as one digest on the ledger: a review that is changed later no longer bears it out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from privacy.ledger.entries.payloads import canonical_json, facts_in
from privacy.ledger.events import Event
from privacy.ledger.models import Entry, FindingQuestion, Review
from privacy.lib.record_labels import about_label


def review_digest(review: Review) -> str:
    """Return SHA-256 over everything that stands on the sheet above the signatures."""
    moments = review.findings.order_by("pk").values_list("first_at", "last_at")
    days = [review.due_on.isoformat(), [[first.isoformat(), last.isoformat()] for first, last in moments]]
    return hashlib.sha256(canonical_json([*_signed(review), *days, *_questions(review)]).encode()).hexdigest()


def _questions(review: Review) -> list[object]:
    """Return what account holders were asked and answered; nothing where nobody was asked."""
    asked = FindingQuestion.objects.filter(finding__review=review).order_by("finding_id", "asked_at", "pk")
    names = ("finding__rule", "finding__account", "question", "asked_by", "answer", "accepted_by")
    moments = ("asked_at", "answered_at", "accepted_at")
    said = [[getattr(one, name) for name in moments] for one in asked]
    times = [[moment.isoformat() if moment else "" for moment in one] for one in said]
    return [[[*one, *when] for one, when in zip(asked.values_list(*names), times, strict=True)]] if times else []


def _first_digest_of(review: Review) -> str:
    """Return the digest as it was signed at first: without the day on which the review is due, and without moments."""
    return hashlib.sha256(canonical_json(_signed(review)).encode()).hexdigest()


def _signed(review: Review) -> list[object]:
    findings = review.findings.order_by("pk").values_list(
        "rule", "account", "count", "entries", "facts", "explanation", "measure", "explained_by"
    )
    return [
        review.reference, review.period_from, review.period_until, review.start_index, review.end_index, review.root,
        review.counted, review.sample, review.checked, review.conclusion, review.reviewer,
        [[list(value) if isinstance(value, tuple) else value for value in finding] for finding in findings],
    ]  # fmt: skip


def altered_reviews() -> Iterator[Review]:
    """Yield the reviews that are not what was signed: another text, another signature, none on record, or none on the
    review any more.

    A signature of a time whose entries were pruned is not on record any more, and nothing is said against it.
    """
    kept_since = Entry.objects.kept_since()
    for review in Review.objects.order_by("period_from"):
        signatures = []
        if review.state in (Review.State.SIGNED, Review.State.CONFIRMED):
            signatures.append((str(Event.REVIEW_SIGNED), review.reviewer, review.signed_at))
        if review.state == Review.State.CONFIRMED:
            signatures.append((str(Event.REVIEW_CONFIRMED), review.confirmer, review.confirmed_at))
        found = list(_signatures(review))
        names = [
            (word, account)
            for word, account, at in signatures
            if (word, account) in [signature[:2] for signature in found]
            or kept_since is None
            or at is None
            or at >= kept_since
        ]
        known = {review_digest(review), _first_digest_of(review)}
        if [signature[:2] for signature in found] != names or any(digest not in known for *_name, digest in found):
            yield review


def _signatures(review: Review) -> Iterator[tuple[str, str, str]]:
    """Yield the word, the account and the digest of every signature on record: each once, or somebody added one."""
    words = [Event.REVIEW_SIGNED, Event.REVIEW_CONFIRMED]
    entries = Entry.objects.filter(about=f"{about_label(review)}:{review.pk}", word__in=words)
    for word, actor, payload in entries.order_by("id").values_list("word", "actor", "payload"):
        yield word, actor, str(facts_in(payload).get("digest", ""))
