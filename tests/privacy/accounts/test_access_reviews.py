"""The quarterly access review: each line is decided by somebody else, then it is signed as what happened (S-34)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessReview, ReviewedGrant, User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from tests.base import PortalTestCase
from tests.factory import NOON, make_hana, make_odile, make_omar

TODAY = date(2026, 11, 24)
LINES = reverse("admin:accounts_reviewedgrant_changelist")


@pytest.mark.clause("P8.8")
class ReviewTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile, self.omar, self.hana = make_odile(granted=False), make_omar(), make_hana(granted=False)
        self.review = accounts.open_review(on=TODAY, actor=SystemActor("workforce"), at=NOON)
        assert self.review is not None

    @pytest.mark.law("S-34")
    def test_it_opens_once_a_quarter_with_everything_in_force(self) -> None:
        assert (self.review.period_from, self.review.period_until) == (date(2026, 10, 1), date(2026, 12, 31))
        assert accounts.open_review(on=TODAY, actor=SystemActor("workforce"), at=NOON) is None
        assert self.review.lines.count() == AccessGrant.objects.living(on=TODAY).count()
        following = accounts.open_review(on=date(2027, 1, 1), actor=SystemActor("workforce"), at=NOON)
        assert following is not None
        assert following.period_from == date(2027, 1, 1)

    @pytest.mark.law("S-34", "O-08")
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

    @pytest.mark.truth("review-says-expired")
    def test_the_reviewer_is_not_told_that_something_was_revoked_which_was_over(self) -> None:
        long_ago = clock.now() - timedelta(days=40)
        grant = accounts.grant(
            asked_by=self.hana,
            user=self.hana, category="app-log", purpose="error-analysis", reason="release 5",
            valid_from=clock.kst_date(long_ago), valid_until=clock.kst_date(long_ago), actor=self.odile, at=long_ago,
        )  # fmt: skip
        line = ReviewedGrant.objects.create(review=self.review, grant=grant)
        of_omar = self.review.lines.get(grant__user=self.omar)
        self.client.force_login(self.odile)
        for lines, said in (([line], "Revoked: 0 of 1."), ([line, of_omar], "Revoked: 1 of 2.")):
            pressed = {"action": "withdraw", "_selected_action": [str(one.pk) for one in lines], "index": "0"}
            address = "/en/office/accounts/reviewedgrant/"
            page = self.client.post(address, {**pressed, "confirmed": "yes", "reason": "moved on"}, follow=True)
            self.assertContains(page, said)

    @pytest.mark.truth("21")
    def test_who_decided_and_signed_is_told_by_name(self) -> None:
        of_hana, of_omar = (self.review.lines.get(grant__user=user) for user in (self.hana, self.omar))
        of_odile = self.review.lines.get(grant__user=self.odile)
        accounts.confirm_grants([of_hana, of_omar], actor=self.odile, at=NOON)
        accounts.confirm_grants([of_odile], actor=self.omar, at=NOON)
        accounts.sign_review(self.review, conclusion="all fine", actor=self.omar, at=NOON)
        self.client.force_login(self.odile)
        self.assertContains(self.client.get("/office/accounts/reviewedgrant/"), f"Odile ({self.odile.reference})")
        page = self.client.get(f"/office/accounts/reviewedgrant/{of_hana.pk}/change/")
        self.assertContains(page, f"Odile ({self.odile.reference})")
        page = self.client.get(f"/office/accounts/accessreview/{self.review.pk}/change/")
        self.assertContains(page, f"Omar ({self.omar.reference})")

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

    @pytest.mark.law("S-34")
    def test_a_missed_review_shows_once_on_the_trail(self) -> None:
        late = self.review.due_on + timedelta(days=1)
        assert list(AccessReview.objects.overdue(on=self.review.due_on)) == []
        assert accounts.record_overdue_reviews(on=late, actor=SystemActor("workforce"), at=NOON) == 1
        assert accounts.record_overdue_reviews(on=late, actor=SystemActor("workforce"), at=NOON) == 0
        self.assertLedgered("accounts.review.overdue", self.review)


class RoundTest(PortalTestCase):
    """Many lines at once in the console: one's own refuse none of the others."""

    def setUp(self) -> None:
        self.odile, self.omar, self.hana = make_odile(granted=False), make_omar(), make_hana(granted=False)
        self.review = accounts.open_review(on=clock.today(), actor=SystemActor("workforce"), at=clock.now())
        assert self.review is not None
        self.client.force_login(self.odile)

    def press(self, action: str, **answers: str) -> str:
        chosen = [str(pk) for pk in self.review.lines.values_list("pk", flat=True)]
        posted = {"action": action, "_selected_action": chosen, **answers}
        return self.client.post(LINES, posted, follow=True).content.decode()

    def test_whoever_confirms_the_whole_list_leaves_their_own_line(self) -> None:
        page = self.press("confirm")
        assert "1건은 제외했습니다" in page
        assert "2건을 확인했습니다" in page
        assert self.review.lines.get(grant__user=self.odile).outcome == "pending"
        assert self.review.lines.filter(outcome="confirmed").count() == 2

    def test_whoever_revokes_the_whole_list_is_shown_whom_it_will_be(self) -> None:
        page = self.press("withdraw")
        assert "1건은 제외했습니다" in page
        self.press("withdraw", confirmed="yes", reason="moved on")
        assert self.review.lines.get(grant__user=self.odile).outcome == "pending"
        assert User.objects.get(pk=self.odile.pk).may("accounts.review_access")
        assert self.review.lines.filter(outcome="revoked").count() == 2

    def test_the_list_is_filtered_and_sorted_by_account(self) -> None:
        page = self.client.get(LINES, {"grant__user__id__exact": str(self.hana.pk)})
        assert [line.grant.user for line in page.context["cl"].result_list] == [self.hana]
        sorted_by_holder = self.client.get(LINES, {"o": "2"}).context["cl"].result_list
        names = [line.grant.user.name for line in sorted_by_holder]
        assert names == sorted(names)

    def test_one_s_own_line_has_no_buttons(self) -> None:
        for user, shown in ((self.odile, False), (self.hana, True)):
            line = self.review.lines.get(grant__user=user)
            page = self.client.get(reverse("admin:accounts_reviewedgrant_change", args=[line.pk])).content.decode()
            assert ('value="confirm"' in page) is shown


class OwnApprovalTest(PortalTestCase):
    def test_who_asked_is_not_shown_the_approval_and_a_colleague_is(self) -> None:
        omar, odile = make_omar(), make_odile(granted=False)
        act = accounts.ask_account(
            email="new@extrus.example",
            name="New",
            role="handler",
            is_outside=False,
            reason="joins",
            actor=omar,
            at=clock.now(),
        )
        address = reverse("admin:accounts_accountact_change", args=[act.pk])
        for person, shown in ((omar, False), (odile, True)):
            self.client.force_login(person)
            page = self.client.get(address).content.decode()
            assert ('value="approve"' in page) is shown, person.name
            assert 'value="refuse"' in page
