"""The quarterly review of access (law S-34): every grant in force is confirmed or revoked, then somebody signs."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.accounts.actions.access_grants import GrantEnded, end_grant
from privacy.accounts.events import Event
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, User
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters

MIN_CONCLUSION_LENGTH = 4
# What a signed review counts.
DECIDED = (ReviewedGrant.Outcome.CONFIRMED, ReviewedGrant.Outcome.REVOKED, ReviewedGrant.Outcome.EXPIRED)


class ReviewClosed(Refusal):
    code = "review-closed"

    def __init__(self) -> None:
        super().__init__(_("This review is signed and can no longer be changed."))


class OwnGrant(Refusal):
    """Nobody reviews their own access."""

    code = "own-grant"


class ReviewIncomplete(Refusal):
    code = "still-pending"


class ConclusionMissing(Refusal):
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
    start, end = period_of(on, parameters.number("grants.review.months", on))
    due_on = on + timedelta(days=parameters.number("grants.review.due.days", on))
    review, made = AccessReview.objects.get_or_create(
        period_from=start, defaults={"period_until": end, "due_on": due_on, "opened_at": at}
    )
    if not made:
        return None
    grants = AccessGrant.objects.living(on=on)
    ReviewedGrant.objects.bulk_create(ReviewedGrant(review=review, grant=grant) for grant in grants)
    facts = {"from": start.isoformat(), "grants": review.lines.count()}
    ledger.record(Event.REVIEW_OPENED, actor=actor, at=at, about=review, facts=facts)
    return review


@transaction.atomic
def confirm_grants(lines: list[ReviewedGrant], *, note: str = "", actor: User, at: datetime) -> int:
    """Confirm that these grants are still needed. Raises NotPermitted, OwnGrant, ReviewClosed, GrantEnded."""
    on = clock.kst_date(at)
    for line in _in_order(lines):
        taken = _taken(line, actor=actor)
        if not AccessGrant.objects.living(on=on).filter(pk=taken.grant_id).exists():
            raise GrantEnded(
                _("The access of %(user)s has ended; it can't be confirmed.") % {"user": taken.grant.user.name}
            )
        _settle(taken, ReviewedGrant.Outcome.CONFIRMED, note=note, actor=actor, at=at)
    return len(lines)


@transaction.atomic
def revoke_grants(lines: list[ReviewedGrant], *, note: str, actor: User, at: datetime) -> int:
    """Revoke grants that are no longer needed, at once; what has ended already is settled as that.

    Returns how many were revoked. Raises NotPermitted, OwnGrant, ReviewClosed.
    """
    revoked = 0
    for line in _in_order(lines):
        taken = _taken(line, actor=actor)
        outcome = ReviewedGrant.Outcome.REVOKED
        if AccessGrant.objects.living(on=clock.kst_date(at)).filter(pk=taken.grant_id).exists():
            end_grant(taken.grant, why=note or _("access review"), actor=actor, at=at)
            revoked += 1
        elif taken.grant.revoked_at is None:
            outcome = ReviewedGrant.Outcome.EXPIRED
        _settle(taken, outcome, note=note, actor=actor, at=at)
    return revoked


@transaction.atomic
def sign_review(review: AccessReview, *, conclusion: str, actor: User, at: datetime) -> AccessReview:
    """Sign a review in which every grant was decided; one that ended meanwhile needs no decision.

    Raises NotPermitted, ReviewClosed, ReviewIncomplete, ConclusionMissing.
    """
    require_permission(actor, "accounts.review_access", about=review)
    review = AccessReview.objects.select_for_update().get(pk=review.pk)
    if review.state == AccessReview.State.SIGNED:
        raise ReviewClosed
    if len(conclusion.strip()) < MIN_CONCLUSION_LENGTH:
        raise ConclusionMissing(_("State in one sentence what the review found."))
    pending = review.lines.filter(outcome=ReviewedGrant.Outcome.PENDING)
    living = pending.filter(grant__in=AccessGrant.objects.living(on=clock.kst_date(at)))
    if living.exists():
        count = living.count()
        raise ReviewIncomplete(
            ngettext(
                "%(count)d grant is not decided yet. Confirm or revoke it, then sign.",
                "%(count)d grants are not decided yet. Confirm or revoke each, then sign.",
                count,
            )
            % {"count": count}
        )
    pending.filter(grant__revoked_at=None).update(outcome=ReviewedGrant.Outcome.EXPIRED, decided_at=at)
    pending.update(outcome=ReviewedGrant.Outcome.REVOKED, decided_at=at, note=_("ended before it was reviewed"))
    review.state, review.conclusion = AccessReview.State.SIGNED, conclusion.strip()
    review.signed_by, review.signed_at = actor.ref, at
    review.save(update_fields=["state", "conclusion", "signed_by", "signed_at"])
    counted = {outcome.value: review.lines.filter(outcome=outcome).count() for outcome in DECIDED}
    ledger.record(Event.REVIEW_SIGNED, actor=actor, at=at, about=review, facts=counted)
    return review


@transaction.atomic
def record_overdue_reviews(*, on: date, actor: Actor, at: datetime) -> int:
    """Put each review that is overdue on record once, so that a missed one shows; return how many were told."""
    overdue = list(AccessReview.objects.select_for_update().overdue(on=on).filter(overdue_told_at=None))
    for review in overdue:
        review.overdue_told_at = at
        review.save(update_fields=["overdue_told_at"])
        facts = {"due": review.due_on.isoformat()}
        ledger.record(Event.REVIEW_OVERDUE, actor=actor, at=at, about=review, facts=facts)
    return len(overdue)


def _in_order(lines: list[ReviewedGrant]) -> list[ReviewedGrant]:
    """Two who decide about the same lines take them in one order, and don't wait for each other."""
    return sorted(lines, key=lambda line: (line.review_id, line.pk))


def _taken(line: ReviewedGrant, *, actor: User) -> ReviewedGrant:
    require_permission(actor, "accounts.review_access", about=line.review)
    # The signature takes this row too: nothing of a review changes while it is signed.
    AccessReview.objects.select_for_update().get(pk=line.review_id)
    taken = (
        ReviewedGrant.objects.select_for_update(of=("self",)).select_related("review", "grant__user").get(pk=line.pk)
    )
    if taken.review.state == AccessReview.State.SIGNED:
        raise ReviewClosed
    if taken.grant.user_id == actor.pk:
        raise OwnGrant(_("Someone else must review your own access. Leave these lines to a colleague."))
    return taken


def _settle(line: ReviewedGrant, outcome: str, *, note: str, actor: User, at: datetime) -> None:
    line.outcome, line.note, line.decided_by, line.decided_at = outcome, note, actor.ref, at
    line.save(update_fields=["outcome", "note", "decided_by", "decided_at"])
    word = Event.GRANT_CONFIRMED if outcome == ReviewedGrant.Outcome.CONFIRMED else Event.GRANT_DENIED
    ledger.record(word, actor=actor, at=at, about=line.review, facts={"grant": str(line.grant_id)})
