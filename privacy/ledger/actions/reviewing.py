"""Reviews of access records: opened by themselves, explained, sampled, signed by one person, confirmed by another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.utils.translation import gettext_lazy as _

from privacy.ledger import reading, rules, signatures, tree
from privacy.ledger.actions.recording import record
from privacy.ledger.events import Event
from privacy.ledger.models import Finding, Review
from privacy.lib.clock import midnight
from privacy.lib.refusals import Refusal

if TYPE_CHECKING:
    from privacy.ledger.actors import Actor

DAYS_TO_REVIEW = 15
SAMPLE_SMALLEST, SAMPLE_LARGEST, SAMPLE_SHARE = 25, 100, 100

# How many months a period has, by the management plan in force (law S-04); another app may answer.
MonthsOfPeriod = Callable[[date], int]
_months_of_period: list[MonthsOfPeriod] = []


class NotYours(Refusal):
    """Nobody reviews their own access, and the second signature is another person's."""

    code = "not-yours"


class NotYet(Refusal):
    """The review is not at that step."""

    code = "not-yet"


class Wordless(Refusal):
    """A signature or an explanation needs words."""

    code = "wordless"


def set_months_of_period(source: MonthsOfPeriod) -> None:
    """Ask ``source`` for the length of review periods instead of taking one month."""
    _months_of_period[:] = [source]


def open_reviews(*, on: date, actor: Actor, at: datetime) -> list[Review]:
    """Open a review for every period that has ended before ``on`` and has none: also those that somebody missed."""
    months = _months_of_period[0](on) if _months_of_period else 1
    newest = Review.objects.order_by("-period_until").values_list("period_until", flat=True).first()
    period = last_period(on, months)
    periods = [period]
    while newest is not None and periods[0][0] > newest + timedelta(1):
        periods.insert(0, last_period(periods[0][0], months))
    return [
        open_review(period_from=first, period_until=last, actor=actor, at=at)
        for first, last in periods
        if newest is None or first > newest
    ]


def open_review(*, period_from: date, period_until: date, actor: Actor, at: datetime) -> Review:
    """Open the review of a period: freeze its range of the tree and the root, and let every rule raise its findings."""
    end = midnight(period_until + timedelta(1))
    with reading.connect() as connection:
        start_index, end_index, root = _frozen(connection, midnight(period_from), end)
    with transaction.atomic():
        review = Review.objects.create(
            period_from=period_from,
            period_until=period_until,
            due_on=period_until + timedelta(DAYS_TO_REVIEW),
            opened_at=at,
            start_index=start_index,
            end_index=end_index,
            root=root,
            counted=_counted(period_from, period_until),
        )
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
            for found in rules.raise_findings(period_from, period_until)
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
    return review


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
    """Put an explanation and the measure taken beside a finding. Raises ``NotYours`` and ``Wordless``."""
    with transaction.atomic():
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        if finding.account == actor.ref:
            raise NotYours(_("This finding is about your own access: somebody else explains it."))
        if finding.review is not None and finding.review.state in (Review.State.SIGNED, Review.State.CONFIRMED):
            raise NotYet(_("The review is signed; its findings can't be explained any more."))
        if len(explanation.strip()) < rules.SHORTEST_REASON:
            raise Wordless(_("Say in a sentence what you found out."))
        finding.explanation, finding.measure = explanation.strip(), measure.strip()
        finding.explained_by, finding.explained_at = actor.ref, at
        finding.save(update_fields=["explanation", "measure", "explained_by", "explained_at"])
        record(Event.FINDING_EXPLAINED, actor=actor, at=at, about=finding, facts={"rule": finding.rule})


def draw_sample(*, review: Review, actor: Actor, at: datetime) -> list[int]:
    """Draw the entries to look at one by one: chosen by the frozen root, so by nobody. Return their numbers."""
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.OPEN:
            raise NotYet(_("The sample of this review is drawn already."))
        review.sample = _sample(review)
        review.state = Review.State.SAMPLED
        review.save(update_fields=["sample", "state"])
        record(Event.REVIEW_SAMPLED, actor=actor, at=at, about=review, facts={"entries": len(review.sample)})
    return list(review.sample)


def sign_review(*, review: Review, checked: str, conclusion: str, actor: Actor, at: datetime) -> None:
    """Sign as the reviewer. Every finding must be explained; nobody signs over findings about themselves."""
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.SAMPLED:
            raise NotYet(_("A review is signed after its sample is drawn, and once."))
        if review.findings.filter(account=actor.ref).exists():
            raise NotYours(_("There are findings about your own access: another auditor signs this review."))
        if review.findings.unexplained().exists():
            raise NotYet(_("Some findings are not explained yet."))
        if min(len(checked.strip()), len(conclusion.strip())) < rules.SHORTEST_REASON:
            raise Wordless(_("Say what the sample showed and what you conclude."))
        review.checked, review.conclusion = checked.strip(), conclusion.strip()
        review.reviewer, review.signed_at, review.state = actor.ref, at, Review.State.SIGNED
        review.save(update_fields=["checked", "conclusion", "reviewer", "signed_at", "state"])
        facts = {"findings": review.findings.count(), "digest": signatures.digest_of(review)}
        record(Event.REVIEW_SIGNED, actor=actor, at=at, about=review, facts=facts)


def confirm_review(*, review: Review, actor: Actor, at: datetime) -> None:
    """Confirm as the second person, and close the review. Raises ``NotYours`` for the reviewer, ``NotYet`` before."""
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state != Review.State.SIGNED:
            raise NotYet(_("A review is confirmed after the reviewer has signed it, and once."))
        if review.reviewer == actor.ref or review.findings.filter(account=actor.ref).exists():
            raise NotYours(_("Another person confirms: neither the reviewer nor somebody with findings in it."))
        review.confirmer, review.confirmed_at, review.state = actor.ref, at, Review.State.CONFIRMED
        review.save(update_fields=["confirmer", "confirmed_at", "state"])
        facts = {"digest": signatures.digest_of(review)}
        record(Event.REVIEW_CONFIRMED, actor=actor, at=at, about=review, facts=facts)


def tell_overdue(*, on: date, actor: Actor, at: datetime) -> int:
    """Put every review that is overdue on record once, so that a missed review shows. Return how many were told."""
    with transaction.atomic():
        overdue = list(Review.objects.select_for_update().overdue(on=on).filter(overdue_told_at=None))
        for review in overdue:
            review.overdue_told_at = at
            review.save(update_fields=["overdue_told_at"])
            record(Event.REVIEW_OVERDUE, actor=actor, at=at, about=review, facts={"due": review.due_on.isoformat()})
    return len(overdue)


def _frozen(connection: Any, start: datetime, end: datetime) -> tuple[int, int, str]:
    """Return the range of indexes of a period and the root of the tree at its end."""
    row = connection.execute(
        "SELECT min(l.index), max(l.index) + 1 FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id"
        " WHERE e.time >= %s AND e.time < %s",
        [start, end],
    ).fetchone()
    if row is None or row[0] is None:
        return 0, 0, ""
    subtrees = tree.Subtrees(lambda level, first, count: reading.hashes(connection, level, first, count))
    return row[0], row[1], subtrees.root(0, row[1]).hex()


def _counted(period_from: date, period_until: date) -> dict[str, Any]:
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
    wanted = min(size, max(SAMPLE_SMALLEST, min(SAMPLE_LARGEST, size // SAMPLE_SHARE)))
    places: set[int] = set()
    turn = 0
    while len(places) < wanted:
        drawn = hashlib.sha256(f"{review.root}:{review.pk}:{turn}".encode()).digest()
        places.add(review.start_index + int.from_bytes(drawn[:8], "big") % size)
        turn += 1
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger.leaf WHERE index = ANY(%s) ORDER BY index", [sorted(places)])
        return [row[0] for row in cursor.fetchall()]
