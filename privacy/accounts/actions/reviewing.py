"""The quarterly review of access (law S-34): every grant in force is confirmed or revoked, then somebody signs."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts import terms
from privacy.accounts.actions.granting import end_grant
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.refusals import Refusal

FINDING_LENGTH = 4


class ReviewClosed(Refusal):
    code = "review-closed"

    def __init__(self) -> None:
        super().__init__(_("This review is signed; nothing in it changes any more."))


class OwnGrant(Refusal):
    """Nobody reviews their own access."""

    code = "own-grant"


class StillPending(Refusal):
    code = "still-pending"


class Wordless(Refusal):
    code = "wordless"


def period_of(on: date, months: int) -> tuple[date, date]:
    """Return the review period that a day lies in: the year is cut into periods of ``months`` from January on."""
    first = (on.month - 1) // months * months + 1
    start = date(on.year, first, 1)
    after = date(on.year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return start, after - timedelta(1)


@transaction.atomic
def open_review(*, on: date, actor: Actor, at: datetime) -> AccessReview | None:
    """Open the review of the period that ``on`` lies in, with every living grant; ``None`` if it is there already."""
    start, end = period_of(on, terms.number("grants.review.months", on))
    if AccessReview.objects.filter(period_from=start).exists():
        return None
    review = AccessReview.objects.create(
        period_from=start,
        period_until=end,
        due_on=on + timedelta(days=terms.number("grants.review.due.days", on)),
        opened_at=at,
    )
    grants = AccessGrant.objects.living(on=on)
    ReviewedGrant.objects.bulk_create(ReviewedGrant(review=review, grant=grant) for grant in grants)
    facts = {"from": start.isoformat(), "grants": review.lines.count()}
    ledger.record(Event.REVIEW_OPENED, actor=actor, at=at, about=review, facts=facts)
    return review


@transaction.atomic
def confirm_grants(lines: list[ReviewedGrant], *, note: str = "", actor: User, at: datetime) -> int:
    """Confirm that these grants are still needed. Raises NotPermitted, OwnGrant, ReviewClosed."""
    for line in lines:
        taken = _taken(line, actor=actor)
        _settle(taken, ReviewedGrant.Outcome.CONFIRMED, note=note, actor=actor, at=at)
    return len(lines)


@transaction.atomic
def revoke_grants(lines: list[ReviewedGrant], *, note: str, actor: User, at: datetime) -> int:
    """Revoke grants that are no longer needed, at once. Raises NotPermitted, OwnGrant, ReviewClosed."""
    for line in lines:
        taken = _taken(line, actor=actor)
        if taken.grant.revoked_at is None:
            end_grant(taken.grant, why=note or _("review of access"), actor=actor, at=at)
        _settle(taken, ReviewedGrant.Outcome.REVOKED, note=note, actor=actor, at=at)
    return len(lines)


@transaction.atomic
def sign_review(review: AccessReview, *, conclusion: str, actor: User, at: datetime) -> AccessReview:
    """Sign a review in which every grant was decided; one that ended meanwhile needs no decision.

    Raises NotPermitted, ReviewClosed, StillPending, Wordless.
    """
    require(actor, "accounts.review_access", about=review)
    review = AccessReview.objects.select_for_update().get(pk=review.pk)
    if review.state == AccessReview.State.SIGNED:
        raise ReviewClosed
    if len(conclusion.strip()) < FINDING_LENGTH:
        raise Wordless(_("Say in a sentence what the review found."))
    pending = review.lines.filter(outcome=ReviewedGrant.Outcome.PENDING)
    living = pending.filter(grant__in=AccessGrant.objects.living(on=clock.kst_date(at)))
    if living.exists():
        raise StillPending(
            _("%(count)d grants are not decided yet. Confirm or revoke each, then sign.") % {"count": living.count()}
        )
    pending.update(outcome=ReviewedGrant.Outcome.REVOKED, decided_at=at, note=_("ended before it was reviewed"))
    review.state, review.conclusion = AccessReview.State.SIGNED, conclusion.strip()
    review.signed_by, review.signed_at = actor.ref, at
    review.save(update_fields=["state", "conclusion", "signed_by", "signed_at"])
    counted = {outcome: review.lines.filter(outcome=outcome).count() for outcome in ("confirmed", "revoked")}
    ledger.record(Event.REVIEW_SIGNED, actor=actor, at=at, about=review, facts=counted)
    return review


@transaction.atomic
def tell_overdue_reviews(*, on: date, actor: Actor, at: datetime) -> int:
    """Put each review that is overdue on record once, so that a missed one shows; return how many were told."""
    overdue = list(AccessReview.objects.select_for_update().overdue(on=on).filter(overdue_told_at=None))
    for review in overdue:
        review.overdue_told_at = at
        review.save(update_fields=["overdue_told_at"])
        facts = {"due": review.due_on.isoformat()}
        ledger.record(Event.REVIEW_OVERDUE, actor=actor, at=at, about=review, facts=facts)
    return len(overdue)


def _taken(line: ReviewedGrant, *, actor: User) -> ReviewedGrant:
    require(actor, "accounts.review_access", about=line.review)
    taken = (
        ReviewedGrant.objects.select_for_update(of=("self",)).select_related("review", "grant__user").get(pk=line.pk)
    )
    if taken.review.state == AccessReview.State.SIGNED:
        raise ReviewClosed
    if taken.grant.user_id == actor.pk:
        raise OwnGrant(_("Somebody else reviews your own access. Leave these lines to a colleague."))
    return taken


def _settle(line: ReviewedGrant, outcome: str, *, note: str, actor: User, at: datetime) -> None:
    line.outcome, line.note, line.decided_by, line.decided_at = outcome, note, actor.ref, at
    line.save(update_fields=["outcome", "note", "decided_by", "decided_at"])
    word = Event.GRANT_CONFIRMED if outcome == ReviewedGrant.Outcome.CONFIRMED else Event.GRANT_DENIED
    ledger.record(word, actor=actor, at=at, about=line.review, facts={"grant": str(line.grant_id)})
