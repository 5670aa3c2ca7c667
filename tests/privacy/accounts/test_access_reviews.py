"""The quarterly access review: each line is decided by somebody else, then it is signed as what happened (S-34)."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, User
from privacy.ledger.actors import SystemActor
from privacy.lib.registries import registers
from tests.base import PortalTestCase
from tests.factory import NOON, make_hana, make_odile, make_omar

TODAY = date(2026, 11, 24)


@pytest.mark.clause("P8.8")
class ReviewTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile, self.omar, self.hana = make_odile(granted=False), make_omar(), make_hana(granted=False)
        self.review = accounts.open_review(on=TODAY, actor=SystemActor("workforce"), at=NOON)
        assert self.review is not None

    def test_it_opens_once_a_quarter_with_everything_in_force(self) -> None:
        assert (self.review.period_from, self.review.period_until) == (date(2026, 10, 1), date(2026, 12, 31))
        assert accounts.open_review(on=TODAY, actor=SystemActor("workforce"), at=NOON) is None
        assert self.review.lines.count() == AccessGrant.objects.living(on=TODAY).count()
        following = accounts.open_review(on=date(2027, 1, 1), actor=SystemActor("workforce"), at=NOON)
        assert following is not None
        assert following.period_from == date(2027, 1, 1)

    def test_each_line_is_decided_by_somebody_else_then_it_is_signed(self) -> None:
        of_hana = self.review.lines.get(grant__user=self.hana)
        of_odile, of_omar = (self.review.lines.get(grant__user=user) for user in (self.odile, self.omar))
        with pytest.raises(accounts.OwnGrant):
            accounts.confirm_grants([of_odile], actor=self.odile, at=NOON)
        with pytest.raises(accounts.ReviewIncomplete):
            accounts.sign_review(self.review, conclusion="all fine", actor=self.odile, at=NOON)
        accounts.confirm_grants([of_omar], actor=self.odile, at=NOON)
        accounts.confirm_grants([of_odile], actor=self.omar, at=NOON)
        accounts.revoke_grants([of_hana], note="moved on", actor=self.odile, at=NOON)
        assert not User.objects.get(pk=self.hana.pk).may("vault.open_vault")
        accounts.sign_review(self.review, conclusion="one role revoked", actor=self.odile, at=NOON)
        said = self.assertLedgered("accounts.review.signed", self.review)
        assert '"confirmed":2' in said.payload
        assert '"revoked":1' in said.payload
        with pytest.raises(accounts.ReviewClosed):
            accounts.confirm_grants([of_hana], actor=self.odile, at=NOON)

    @pytest.mark.truth("confirmed-and-gone")
    def test_access_that_has_ended_is_not_confirmed(self) -> None:
        of_hana = self.review.lines.get(grant__user=self.hana)
        accounts.revoke_grants([of_hana], note="moved on", actor=self.odile, at=NOON)
        with pytest.raises(accounts.GrantEnded, match="Hana"):
            accounts.confirm_grants([of_hana], actor=self.odile, at=NOON)
        of_hana.refresh_from_db()
        assert of_hana.outcome == "revoked"

    @pytest.mark.truth("review-says-expired")
    def test_access_that_ran_out_by_itself_is_signed_as_expired_with_its_day(self) -> None:
        review, line, last = self._with_a_line_that_ends()
        later = NOON + timedelta(days=60)
        for reviewer, holders in ((self.odile, [self.omar, self.hana]), (self.omar, [self.odile])):
            others = review.lines.filter(grant__user__in=holders).exclude(pk=line.pk)
            accounts.confirm_grants(list(others), actor=reviewer, at=later)
        accounts.sign_review(review, conclusion="one has ended", actor=self.odile, at=later)
        line.refresh_from_db()
        assert (line.outcome, line.outcome_text) == ("expired", f"{last} 만료")
        said = self.assertLedgered("accounts.review.signed", review)
        assert '"expired":1' in said.payload
        assert '"revoked":0' in said.payload
        scope = registers.ExportScope(review.period_from, review.period_until, self.odile, later, "audit")
        with translation.override("ko"):
            rows = list(registers.get("grant-reviews").rows(scope))
        assert len([row for row in rows if f"{last} 만료" in row]) == 1, "the register says it too"

    @pytest.mark.truth("review-says-expired")
    def test_what_was_over_when_the_reviewer_pressed_was_not_revoked_by_it(self) -> None:
        _review, line, _last = self._with_a_line_that_ends()
        accounts.revoke_grants([line], note="moved on", actor=self.odile, at=NOON + timedelta(days=60))
        line.refresh_from_db()
        assert (line.outcome, line.note) == ("expired", "moved on")

    def _with_a_line_that_ends(self) -> tuple[AccessReview, ReviewedGrant, date]:
        """The review of the next quarter, with access of Hana's that ends in its second week."""
        begin, last = date(2027, 1, 1), date(2027, 1, 12)
        grant = accounts.grant(
            asked_by=self.hana,
            user=self.hana, category="app-log", purpose="error-analysis", reason="release 5",
            valid_from=TODAY, valid_until=last, actor=self.odile, at=NOON,
        )  # fmt: skip
        review = accounts.open_review(on=begin, actor=SystemActor("workforce"), at=NOON + timedelta(days=38))
        assert review is not None
        return review, review.lines.get(grant=grant), last

    def test_a_missed_review_shows_once_on_the_trail(self) -> None:
        late = self.review.due_on + timedelta(days=1)
        assert list(AccessReview.objects.overdue(on=self.review.due_on)) == []
        assert accounts.record_overdue_reviews(on=late, actor=SystemActor("workforce"), at=NOON) == 1
        assert accounts.record_overdue_reviews(on=late, actor=SystemActor("workforce"), at=NOON) == 0
        self.assertLedgered("accounts.review.overdue", self.review)
