"""Reviews of access records: opened by themselves, explained, sampled, signed by one person, confirmed by another."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.utils.translation import gettext_lazy as _

from privacy.ledger import account_relations
from privacy.ledger.actions.entries import record
from privacy.ledger.events import Event
from privacy.ledger.merkle import log_reader, tree
from privacy.ledger.models import Finding, Review
from privacy.ledger.review import detection_rules, signed_digests
from privacy.lib.dates.clock import midnight
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

MIN_SAMPLE, MAX_SAMPLE, SAMPLE_DIVISOR = 25, 100, 100


class SeparationOfDuties(Refusal):
    """Nobody reviews their own access, and the second signature is another person's."""

    code = "not-yours"


class WrongReviewState(Refusal):
    """The review is not at that step."""

    code = "not-yet"


class ExplanationRequired(Refusal):
    """A signature or an explanation needs words."""

    code = "wordless"


def open_reviews(*, on: date, actor: Actor, at: datetime) -> list[Review]:
    """Open a review for every period that has ended before ``on`` and has none: also those that somebody missed.

    How many months a period has is a dated number (law S-04). Where it changed, the first period of the new length
    begins with the day after the last review, so that no day is left out and none is reviewed twice. What somebody
    else opens at the same moment is theirs.
    """
    newest = Review.objects.order_by("-period_until").values_list("period_until", flat=True).first()
    periods = [last_period(on, parameters.number("access.review.months", on))]
    while newest is not None and periods[0][0] > newest + timedelta(1):
        ended = periods[0][0]
        periods.insert(0, last_period(ended, parameters.number("access.review.months", ended)))
    opened = [
        _open(first if newest is None else max(first, newest + timedelta(1)), last, actor=actor, at=at)
        for first, last in periods
        if newest is None or last > newest
    ]
    return [review for review, made in opened if made]


def open_review(*, period_from: date, period_until: date, actor: Actor, at: datetime) -> Review:
    """Open the review of a period: freeze its range of the tree and the root, and let every rule raise its findings.

    One that is open already comes back.
    """
    return _open(period_from, period_until, actor=actor, at=at)[0]


def _open(period_from: date, period_until: date, *, actor: Actor, at: datetime) -> tuple[Review, bool]:
    end = midnight(period_until + timedelta(1))
    with log_reader.connect() as connection:
        start_index, end_index, root = _index_range_and_root(connection, midnight(period_from), end)
    with transaction.atomic():
        # Of two workers the second waits here until the first has opened it.
        review, made = Review.objects.get_or_create(
            period_from=period_from,
            defaults={
                "period_until": period_until,
                "due_on": period_until + timedelta(parameters.number("access.review.due.days", period_until)),
                "opened_at": at,
                "start_index": start_index,
                "end_index": end_index,
                "root": root,
                "counted": _count_by_kind(period_from, period_until),
            },
        )
        if not made:
            return review, False
        raised = [
            Finding(
                review=review,
                rule=found.rule,
                account=found.account,
                count=found.count,
                first_at=found.first_at,
                last_at=found.last_at,
                entries=found.entries,
                facts=found.facts,
                raised_at=at,
            )
            for found in detection_rules.detect_findings(period_from, period_until)
        ]
        Finding.objects.bulk_create(raised)
        standing = Finding.objects.standing().filter(first_at__lt=end).update(review=review)
        record(
            Event.REVIEW_OPENED,
            actor=actor,
            at=at,
            about=review,
            facts={"from": start_index, "until": end_index, "root": root, "findings": len(raised) + standing},
        )
    return review, True


def last_period(on: date, months: int) -> tuple[date, date]:
    """Return first and last day of the last whole period of so many calendar months before a day."""
    last = on.replace(day=1) - timedelta(1)
    span = last.year * 12 + last.month
    span -= span % months
    year, month = divmod(span - 1, 12)
    begin = span - months
    first = date(begin // 12, begin % 12 + 1, 1)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first, following - timedelta(1)


def explain_finding(*, finding: Finding, explanation: str, measure: str, actor: Actor, at: datetime) -> None:
    """Put an explanation and the measure taken beside a finding.

    Raises ``SeparationOfDuties``, ``ExplanationRequired``, and ``WrongReviewState`` once the review is signed.
    """
    with transaction.atomic():
        # The review first, as who signs it does: what is signed over is not changed at the same time.
        review = Review.objects.select_for_update().filter(findings=finding.pk).first()
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        own = _("This finding is about your own access, so someone else must explain it.")
        must_be_another(finding, actor=actor, own=own, at=at)
        if review is not None and review.state in (Review.State.SIGNED, Review.State.CONFIRMED):
            raise WrongReviewState(_("The review is signed, so its findings can no longer be explained."))
        if len(explanation.strip()) < detection_rules.MIN_REASON_LENGTH:
            raise ExplanationRequired(_("State in one sentence what you found."))
        finding.explanation, finding.measure = explanation.strip(), measure.strip()
        finding.explained_by, finding.explained_at = actor.ref, at
        finding.save(update_fields=["explanation", "measure", "explained_by", "explained_at"])
        record(Event.FINDING_EXPLAINED, actor=actor, at=at, about=finding, facts={"rule": finding.rule})


def must_be_another(finding: Finding, *, actor: Actor, own: object, at: datetime) -> None:
    """Let nobody settle a finding about their own access, with another account of theirs neither.

    Raises SeparationOfDuties, with ``own`` for the account itself.
    """
    if finding.account == actor.ref:
        raise SeparationOfDuties(own)
    if finding.has_holder and account_relations.are_related(actor.ref, finding.account, at):
        raise SeparationOfDuties(
            _(
                "One of you was recently involved in the other's account, sign-in or role, so someone else must "
                "settle this finding."
            )
        )


def draw_sample(*, review: Review, actor: Actor, at: datetime) -> list[int]:
    """Draw the entries to look at one by one: chosen by the frozen root, so by nobody. Return their numbers.

    Raises ``WrongReviewState``: it is drawn once.
    """
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.OPEN:
            raise WrongReviewState(_("The sample for this review has already been drawn."))
        review.sample = _sample(review)
        review.state = Review.State.SAMPLED
        review.save(update_fields=["sample", "state"])
        record(Event.REVIEW_SAMPLED, actor=actor, at=at, about=review, facts={"entries": len(review.sample)})
    return list(review.sample)


def sign_review(*, review: Review, checked: str, conclusion: str, actor: Actor, at: datetime) -> None:
    """Sign as the reviewer. Every finding must be explained; nobody signs over findings about themselves, with another
    account of theirs neither.

    Raises ``WrongReviewState``, ``SeparationOfDuties``, ``ExplanationRequired``.
    """
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.SAMPLED:
            raise WrongReviewState(_("A review can be signed once, after its sample is drawn."))
        _must_be_about_others(review, actor=actor, at=at)
        if review.findings.unexplained().exists():
            raise WrongReviewState(_("Some findings have not been explained yet."))
        if min(len(checked.strip()), len(conclusion.strip())) < detection_rules.MIN_REASON_LENGTH:
            raise ExplanationRequired(_("State what the sample showed and what you conclude."))
        review.checked, review.conclusion = checked.strip(), conclusion.strip()
        review.reviewer, review.signed_at, review.state = actor.ref, at, Review.State.SIGNED
        review.save(update_fields=["checked", "conclusion", "reviewer", "signed_at", "state"])
        facts = {"findings": review.findings.count(), "digest": signed_digests.review_digest(review)}
        record(Event.REVIEW_SIGNED, actor=actor, at=at, about=review, facts=facts)


def _must_be_about_others(review: Review, *, actor: Actor, at: datetime) -> None:
    """Raise SeparationOfDuties where a finding is about the actor's access, also with another account of theirs."""
    accounts = set(review.findings.values_list("account", flat=True))
    if actor.ref in accounts:
        raise SeparationOfDuties(
            _("Some findings are about your own access, so another auditor must sign this review.")
        )
    if any(account_relations.are_related(actor.ref, one, at) for one in sorted(accounts) if one.startswith("U-")):
        raise SeparationOfDuties(
            _(
                "Some findings are about an account in whose sign-in or role you were recently involved, or its holder "
                "in yours, so another auditor must sign this review."
            )
        )


def confirm_review(*, review: Review, actor: Actor, at: datetime) -> None:
    """Confirm as the second person, and close the review.

    Raises ``SeparationOfDuties`` for the reviewer and for whom a finding is about, ``WrongReviewState`` before.
    """
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.SIGNED:
            raise WrongReviewState(_("A review can be confirmed once, after the reviewer has signed it."))
        if review.reviewer == actor.ref or review.findings.filter(account=actor.ref).exists():
            raise SeparationOfDuties(
                _("Someone else must confirm: neither the reviewer nor anyone whom a finding concerns.")
            )
        review.confirmer, review.confirmed_at, review.state = actor.ref, at, Review.State.CONFIRMED
        review.save(update_fields=["confirmer", "confirmed_at", "state"])
        facts = {"digest": signed_digests.review_digest(review)}
        record(Event.REVIEW_CONFIRMED, actor=actor, at=at, about=review, facts=facts)


def record_overdue_reviews(*, on: date, actor: Actor, at: datetime) -> int:
    """Put every review that is overdue on record once, so that a missed review shows. Return how many were told."""
    with transaction.atomic():
        overdue = list(Review.objects.select_for_update().overdue(on=on).filter(overdue_told_at=None))
        for review in overdue:
            review.overdue_told_at = at
            review.save(update_fields=["overdue_told_at"])
            record(Event.REVIEW_OVERDUE, actor=actor, at=at, about=review, facts={"due": review.due_on.isoformat()})
    return len(overdue)


def _index_range_and_root(connection: Any, start: datetime, end: datetime) -> tuple[int, int, str]:
    """Return the range of indexes of a period and the root of the tree at its end."""
    row = connection.execute(
        "SELECT min(l.index), max(l.index) + 1 FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id"
        " WHERE e.time >= %s AND e.time < %s",
        [start, end],
    ).fetchone()
    if row is None or row[0] is None:
        return 0, 0, ""
    subtrees = tree.Subtrees(lambda level, first, count: log_reader.hashes(connection, level, first, count))
    return row[0], row[1], subtrees.root(0, row[1]).hex()


def _count_by_kind(period_from: date, period_until: date) -> dict[str, Any]:
    start = midnight(period_from)
    end = midnight(period_until + timedelta(1))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT kind, count(*), count(DISTINCT actor) FROM ledger.entry"
            " WHERE time >= %s AND time < %s GROUP BY kind",
            [start, end],
        )
        return {kind: {"entries": entries, "accounts": accounts} for kind, entries, accounts in cursor.fetchall()}


def _sample(review: Review) -> list[int]:
    size = review.end_index - review.start_index
    wanted = min(size, max(MIN_SAMPLE, min(MAX_SAMPLE, size // SAMPLE_DIVISOR)))
    places: set[int] = set()
    turn = 0
    while len(places) < wanted:
        drawn = hashlib.sha256(f"{review.root}:{review.pk}:{turn}".encode()).digest()
        places.add(review.start_index + int.from_bytes(drawn[:8], "big") % size)
        turn += 1
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger.leaf WHERE index = ANY(%s) ORDER BY index", [sorted(places)])
        return [row[0] for row in cursor.fetchall()]
