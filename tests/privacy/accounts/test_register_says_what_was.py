"""The register of access says of each line what became of it: ended, replaced, reviewed, refused."""

from datetime import date, timedelta

import pytest
from django.contrib.admin import site
from django.test import RequestFactory

from privacy.accounts import actions as accounts
from privacy.accounts.actions.last_granter import granting_roles
from privacy.accounts.admin.access_reviews import AccessReviewAdmin
from privacy.accounts.models import AccessGrant, AccessRequest, AccessReview, ReviewedGrant, User
from privacy.accounts.register import lines
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.registries.registers import ExportScope
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_emin, make_hana, make_odile
from tests.privacy.retention.test_races import at_once

TODAY = date(2026, 11, 24)
JOBS = SystemActor("accounts")


@pytest.mark.clock(NOON)
class RegisterSaysWhatWasTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.hana = make_odile(granted=False), make_hana(granted=False)

    def grant(self, *, days: int = 7, start: date = TODAY, at_day: int = 0) -> AccessGrant:
        return accounts.grant(
            asked_by=self.hana,
            user=self.hana, category="app-log", purpose="error-analysis", reason="release 4", valid_from=start,
            valid_until=start + timedelta(days=days), actor=self.odile, at=NOON + timedelta(days=at_day),
        )  # fmt: skip

    def ask(self, start: date, until: date) -> AccessRequest:
        return accounts.request_access(
            user=self.hana, category="app-log", purpose="error-analysis", reason="release 5", valid_from=start,
            valid_until=until, at=NOON,
        )  # fmt: skip

    @pytest.mark.truth("ended-access-has-no-other-end")
    def test_access_that_ended_on_its_last_day_gets_no_other_end(self) -> None:
        grant = self.grant(days=2)
        with pytest.raises(accounts.GrantEnded):
            accounts.change_end(
                grant, valid_until=TODAY + timedelta(30), reason="forgotten", actor=self.odile, at=NOON + timedelta(10)
            )
        grant.refresh_from_db()
        assert grant.revoked_at is None
        assert grant.ended_on == TODAY + timedelta(2)

    @pytest.mark.truth("ended-access-has-no-other-end")
    def test_the_month_that_the_portal_adds_does_not_fill_the_gap_before_it(self) -> None:
        everybody = AccessGrant.objects.of_roles().filter(role__in=granting_roles())
        last = everybody.order_by("valid_until").last()
        assert last is not None
        after = last.valid_until + timedelta(5)
        made = accounts.extend_last_granter(on=after, actor=JOBS, at=NOON + (after - TODAY))[0]
        assert made.replaces is not None
        ended = AccessGrant.objects.get(pk=made.replaces_id)
        assert ended.ended_on <= last.valid_until, "the register does not say that access went on in between"
        assert (made.valid_from, made.user) == (after, ended.user)

    @pytest.mark.truth("review-follows-a-changed-grant")
    def test_a_review_asks_about_the_line_that_took_the_place_of_one_in_it(self) -> None:
        grant = self.grant(days=60)
        review = accounts.open_review(on=TODAY, actor=JOBS, at=NOON)
        assert review is not None
        made = accounts.change_end(
            grant, valid_until=TODAY + timedelta(30), reason="release 5", actor=self.odile, at=NOON
        )
        assert review.lines.filter(grant=made, outcome="pending").count() == 1
        assert not review.lines.filter(grant=grant).exists()
        others = ReviewedGrant.objects.filter(review=review).exclude(grant=made)
        for line in others:
            reviewer = self.odile if line.grant.user != self.odile else self._second_officer()
            accounts.confirm_grants([line], actor=reviewer, at=NOON)
        with pytest.raises(accounts.ReviewIncomplete):
            accounts.sign_review(review, conclusion="all in order", actor=self.odile, at=NOON)

    def _second_officer(self) -> User:
        return accounts.create_user(
            email="second@extrus.example", name="Second", roles=["officer"], password="long enough for it",
            actor=JOBS, at=NOON,
        )  # fmt: skip

    @pytest.mark.truth("approving-ends-no-later-access")
    def test_approving_access_of_now_leaves_access_of_later_as_it_is(self) -> None:
        later = self.grant(start=TODAY + timedelta(100), days=30)
        asked = self.ask(TODAY, TODAY + timedelta(20))
        made = accounts.approve_access(asked, reason="needed", actor=self.odile, at=NOON)
        later.refresh_from_db()
        assert later.revoked_at is None
        assert made.replaces is None
        assert (made.valid_from, made.valid_until) == (TODAY, TODAY + timedelta(20))

    @pytest.mark.truth("approving-replaces-all-that-runs")
    def test_approving_takes_the_place_of_every_line_that_runs(self) -> None:
        first = self.grant(days=10)
        second = self.grant(days=20)
        made = accounts.approve_access(
            self.ask(TODAY, TODAY + timedelta(5)), reason="shorter", actor=self.odile, at=NOON
        )
        assert list(AccessGrant.objects.living(on=TODAY).filter(user=self.hana, category="app-log")) == [made]
        for line in (first, second):
            line.refresh_from_db()
            assert line.revoked_at == NOON

    @pytest.mark.truth("register-of-access-in-order")
    def test_the_register_puts_a_revocation_on_its_own_day(self) -> None:
        first = self.grant(days=60)
        self.grant(days=60, start=TODAY + timedelta(3), at_day=3)
        accounts.revoke(grant=first, actor=self.odile, at=NOON + timedelta(days=5), why="moved")
        scope = ExportScope(TODAY, TODAY + timedelta(10), self.odile, NOON + timedelta(days=10), "audit")
        kinds = [line[-1] for line in lines(scope) if line[0] == self.hana.reference and line[7] >= NOON]
        assert kinds[-3:] == ["부여", "부여", "말소"]

    @pytest.mark.truth("review-counts-what-is-to-decide")
    def test_what_ended_meanwhile_is_not_counted_as_still_to_decide(self) -> None:
        today = clock.today()
        self.odile, granted = make_odile(), clock.now() - timedelta(days=9)
        ended = accounts.grant(
            asked_by=self.hana,
            user=self.hana, category="app-log", purpose="error-analysis", reason="release 4",
            valid_from=today - timedelta(9), valid_until=today - timedelta(2), actor=self.odile, at=granted,
        )  # fmt: skip
        review = accounts.open_review(on=today - timedelta(9), actor=JOBS, at=granted)
        assert review is not None and review.lines.filter(grant=ended).exists()
        living = review.lines.filter(grant__in=AccessGrant.objects.living(on=today)).count()
        shown = AccessReviewAdmin(AccessReview, site).get_queryset(RequestFactory().get("/")).get(pk=review.pk)
        assert AccessReviewAdmin(AccessReview, site).undecided(shown) == living

    @pytest.mark.truth("refused-access-is-on-the-register")
    def test_a_refused_request_is_on_the_register(self) -> None:
        asked = self.ask(TODAY, TODAY + timedelta(20))
        accounts.refuse_access(asked, reason="업무와 무관함", actor=self.odile, at=NOON)
        scope = ExportScope(TODAY, TODAY, self.odile, NOON, "audit")
        [found] = [line for line in lines(scope) if line[5] == "거부"]
        assert found[0] == self.hana.reference
        assert found[1] == asked.requested_at
        assert found[6] == "업무와 무관함"
        assert found[4] == self.odile.reference
        another = ExportScope(TODAY + timedelta(1), TODAY + timedelta(9), self.odile, NOON, "audit")
        assert not [line for line in lines(another) if line[5] == "거부"]


@pytest.mark.truth("nobody-who-left-is-given-access")
def test_access_given_while_the_account_is_closed_does_not_outlive_it(portal_database: PortalDatabase) -> None:
    odile, emin = make_odile(granted=False), make_emin()
    asked = accounts.request_access(
        user=emin, category="app-log", purpose="error-analysis", reason="release 5", valid_from=TODAY,
        valid_until=TODAY + timedelta(20), at=NOON,
    )  # fmt: skip
    stale = User.objects.get(pk=emin.pk)
    give = lambda: accounts.grant(  # noqa: E731
        asked_by=stale,
        user=stale, category="service-analytics", purpose="analytics", reason="x", valid_from=TODAY,
        valid_until=TODAY + timedelta(9), actor=odile, at=NOON,
    )  # fmt: skip
    at_once(
        lambda: accounts.deactivate_user(emin, why="left", actor=odile, at=NOON), give,
        lambda: accounts.approve_access(asked, reason="ok", actor=odile, at=NOON), give,
    )  # fmt: skip
    assert not User.objects.get(pk=emin.pk).is_active
    assert not AccessGrant.objects.living(on=TODAY).filter(user=emin).exists()
    with pytest.raises(accounts.UserInactive):
        give()
    assert AccessReview.objects.count() == 0
