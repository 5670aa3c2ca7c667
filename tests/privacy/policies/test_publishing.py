"""From draft to publication: complete, judged by a second person, announced ahead, sealed, superseded."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies import advance_notice, integrity, policy_document
from privacy.policies.models import Item, Notice, PolicyVersion, RetentionRule, Review
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)


def at(day: date) -> datetime:
    return NOON + timedelta((day - TODAY).days)


class PublishingTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)
        self.hana = factory.make_hana(granted=False)

    @pytest.mark.clause("P0.2")
    def test_a_reviewed_version_is_published_with_its_effective_date(self) -> None:
        version = factory.make_version_under_review()
        policies.approve(version, actor=self.odile, at=NOON)
        published = policies.publish(version, actor=self.odile, at=NOON)
        assert published.state == PolicyVersion.State.PUBLISHED
        assert published.number == "2026-12-24"
        assert published.seal == policy_document.document_digest(published.document)
        assert integrity.is_intact(published)
        assert integrity.recorded_seal(published) == published.seal
        self.assertLedgered("policies.version.submitted", version)
        self.assertLedgered("policies.version.approved", version)
        self.assertLedgered("policies.version.published", version)

    @pytest.mark.law("V-05")
    @pytest.mark.clause("P0.3")
    def test_a_revision_is_announced_on_the_website_ahead_of_its_day(self) -> None:
        version = factory.make_policy()
        notice = Notice.objects.get(version=version)
        assert notice.kind == Notice.Kind.REVISION
        assert notice.posted_on == TODAY
        assert version.effective_on is not None
        assert notice.posted_on < version.effective_on
        assert "2026-12-24" in notice.title_ko
        assert notice.body_en.startswith("Change of how long licence data is kept")
        assert "3 years" in notice.body_en
        self.assertLedgered("policies.notice.posted", notice)

    @pytest.mark.law("V-05", "V-07")
    @pytest.mark.clause("P0.3")
    def test_no_version_takes_effect_unannounced(self) -> None:
        version = factory.make_version_under_review()
        policies.approve(version, actor=self.odile, at=NOON)
        with pytest.raises(policies.Incomplete) as refused:
            policies.publish(version, effective_on=TODAY + timedelta(29), actor=self.odile, at=NOON)
        assert "2026-12-24" in str(refused.value)
        policies.publish(version, effective_on=TODAY + timedelta(30), actor=self.odile, at=NOON)

    def test_who_submitted_a_version_does_not_review_it(self) -> None:
        version = factory.make_version_under_review()
        with pytest.raises(policies.OwnDraft):
            policies.approve(version, actor=self.hana, at=NOON)
        assert not Review.objects.exists()

    def test_nothing_is_published_without_a_review(self) -> None:
        version = factory.make_version_under_review()
        with pytest.raises(policies.NotReviewed):
            policies.publish(version, actor=self.odile, at=NOON)
        with pytest.raises(policies.NotUnderReview):
            policies.publish(factory.make_draft(), actor=self.odile, at=NOON)
        assert not Notice.objects.exists()

    def test_an_approval_holds_only_for_what_was_approved(self) -> None:
        version = factory.make_version_under_review()
        policies.approve(version, actor=self.odile, at=NOON)
        RetentionRule.objects.filter(category__version=version, category__code="app-log").update(months=2)
        with pytest.raises(policies.NotReviewed):
            policies.publish(version, actor=self.odile, at=NOON)

    def test_a_returned_version_can_be_changed_and_submitted_again(self) -> None:
        version = factory.make_version_under_review()
        with pytest.raises(policies.ReviewNoteMissing):
            policies.return_to_draft(version, note="  ", actor=self.odile, at=NOON)
        review = policies.return_to_draft(version, note="Say why.", actor=self.odile, at=NOON)
        assert review.verdict == Review.Verdict.RETURNED
        version.refresh_from_db()
        assert version.state == PolicyVersion.State.DRAFT
        self.assertLedgered("policies.version.returned", version)
        policies.submit(version, actor=self.hana, at=NOON)
        with pytest.raises(policies.NotReviewed):
            policies.publish(version, actor=self.odile, at=NOON)

    def test_an_incomplete_draft_is_not_submitted(self) -> None:
        version = policies.create_draft(actor=self.hana, at=NOON)
        with pytest.raises(policies.Incomplete) as refused:
            policies.submit(version, actor=self.hana, at=NOON)
        assert len(refused.value.problems) == 2  # no reason, no effective date
        assert refused.value.code == "incomplete"

    @pytest.mark.law("O-03")
    def test_only_who_may_publish_publishes(self) -> None:
        version = factory.make_version_under_review()
        policies.approve(version, actor=self.odile, at=NOON)
        with pytest.raises(NotPermitted):
            policies.publish(version, actor=self.hana, at=NOON)
        self.assertLedgered("ledger.denied")

    def test_a_version_is_published_once(self) -> None:
        version = factory.make_policy()
        with pytest.raises(policies.NotUnderReview):
            policies.publish(version, actor=self.odile, at=NOON)
        assert Notice.objects.count() == 1

    def test_a_draft_does_not_take_back_what_was_published_meanwhile(self) -> None:
        second = factory.make_version_under_review(years=4)
        policies.approve(second, actor=self.odile, at=NOON)
        first = factory.make_policy(years=3)
        with pytest.raises(policies.Incomplete) as refused:
            policies.publish(second, effective_on=TODAY + timedelta(60), actor=self.odile, at=NOON)
        assert first.number in str(refused.value)

    @pytest.mark.truth("30")
    def test_no_version_takes_effect_before_one_that_is_announced(self) -> None:
        """Its rules would hold for some days only, and then silently change back."""
        announced = factory.make_policy(effective_on=TODAY + timedelta(60), years=3)
        draft = factory.make_draft(years=1, based_on=announced, adverse=False, effective_on=TODAY + timedelta(40))
        with pytest.raises(policies.Incomplete) as refused:
            policies.submit(draft, actor=self.hana, at=NOON)
        assert announced.number in str(refused.value)
        assert (TODAY + timedelta(61)).isoformat() in str(refused.value)
        self.describe(draft, effective_on=TODAY + timedelta(61))
        policies.submit(draft, actor=self.hana, at=NOON)
        policies.approve(draft, actor=self.odile, at=NOON)
        for day in (TODAY + timedelta(40), announced.effective_on):
            with pytest.raises(policies.Incomplete):
                policies.publish(draft, effective_on=day, actor=self.odile, at=NOON)
        assert policies.publish(draft, actor=self.odile, at=NOON).effective_on == TODAY + timedelta(61)

    @pytest.mark.truth("30")
    def test_the_database_refuses_it_too(self) -> None:
        factory.make_policy(effective_on=TODAY + timedelta(60))
        draft = factory.make_draft(years=4)
        published = factory.the_policy()
        with pytest.raises(IntegrityError, match="published already"), transaction.atomic():
            PolicyVersion.objects.filter(pk=draft.pk).update(
                state="published", effective_on=TODAY + timedelta(40), published_at=NOON,
                document=published.document, seal=published.seal,
            )  # fmt: skip

    @pytest.mark.truth("30")
    def test_a_draft_is_compared_with_every_version_that_rules_before_it(self) -> None:
        """The one announced shortens, this one takes it back: people read the one in force, or the one announced."""
        longer = factory.make_policy(effective_on=TODAY + timedelta(60), years=5)
        draft = factory.make_draft(years=4, based_on=longer, adverse=False, effective_on=TODAY + timedelta(61))
        assert [change.adverse for change in advance_notice.changes_ahead(draft, TODAY)] == [True, False]
        assert advance_notice.is_adverse(draft, TODAY)

    def describe(self, version: PolicyVersion, *, effective_on: date, adverse: bool = False) -> PolicyVersion:
        return policies.describe_draft(
            version, effective_on=effective_on, reason_ko="이유", reason_en="Reason", adverse=adverse,
            actor=self.hana, at=NOON,
        )  # fmt: skip

    def more_is_taken(self) -> PolicyVersion:
        """A draft that takes one item more, for which nobody ticked the box."""
        version = policies.create_draft(actor=self.hana, at=NOON)
        category = version.categories.get(code="service-analytics")
        item = Item(
            category=category, code="battery", name_ko="배터리 상태", name_en="State of the battery", position=9
        )
        policies.revise_draft(version, rows=[item], actor=self.hana, at=NOON)
        return self.describe(version, effective_on=TODAY + timedelta(14))

    @pytest.mark.law("V-07")
    @pytest.mark.truth("31")
    @pytest.mark.clause("P0.3")
    def test_what_takes_more_is_announced_longer_ahead_whoever_ticked_what(self) -> None:
        version = self.more_is_taken()
        with pytest.raises(policies.Incomplete) as refused:
            policies.submit(version, actor=self.hana, at=NOON)
        assert "2026-12-24" in str(refused.value)
        self.describe(version, effective_on=TODAY + timedelta(30))
        policies.submit(version, actor=self.hana, at=NOON)
        factory.settle_assessments(version)
        policies.approve(version, actor=self.odile, at=NOON)
        with pytest.raises(policies.Incomplete):
            policies.publish(version, effective_on=TODAY + timedelta(29), actor=self.odile, at=NOON)
        assert policies.publish(version, actor=self.odile, at=NOON).adverse

    @pytest.mark.truth("31")
    def test_a_renamed_item_is_announced(self) -> None:
        version = policies.create_draft(actor=self.hana, at=NOON)
        item = Item.objects.get(category__version=version, code="model")
        item.name_ko, item.name_en = "모델명과 색상", "Model name and colour"
        policies.revise_draft(version, rows=[item], actor=self.hana, at=NOON)
        self.describe(version, effective_on=TODAY + timedelta(14))
        policies.submit(version, actor=self.hana, at=NOON)
        policies.approve(version, actor=self.odile, at=NOON)
        notice = Notice.objects.get(version=policies.publish(version, actor=self.odile, at=NOON))
        assert "“Model name” is now called “Model name and colour”" in notice.body_en
        assert "“모델명과 색상”" in notice.body_ko

    @pytest.mark.law("V-07")
    def test_what_burdens_nobody_is_announced_seven_days_ahead(self) -> None:
        version = policies.create_draft(actor=self.hana, at=NOON)
        item = Item.objects.get(category__version=version, code="model")
        item.name_ko, item.name_en = "모델명과 색상", "Model name and colour"
        policies.revise_draft(version, rows=[item], actor=self.hana, at=NOON)
        self.describe(version, effective_on=TODAY + timedelta(6))
        with pytest.raises(policies.Incomplete):
            policies.submit(version, actor=self.hana, at=NOON)
        self.describe(version, effective_on=TODAY + timedelta(7))
        policies.submit(version, actor=self.hana, at=NOON)
        policies.approve(version, actor=self.odile, at=NOON)
        assert not policies.publish(version, actor=self.odile, at=NOON).adverse

    @pytest.mark.truth("approval-covers-the-reason-and-the-hidden-rules")
    def test_an_approval_holds_for_the_rules_that_no_reader_sees_too(self) -> None:
        for change in (
            lambda rule: rule.update(approval_required=False),
            lambda rule: rule.update(wait_hours=0),
        ):
            version = factory.make_version_under_review()
            policies.approve(version, actor=self.odile, at=NOON)
            change(RetentionRule.objects.filter(category__version=version, category__code="device-registration"))
            with pytest.raises(policies.NotReviewed):
                policies.publish(version, actor=self.odile, at=NOON)

    def test_two_versions_do_not_take_effect_on_the_same_day(self) -> None:
        first = factory.make_policy(years=3)
        second = factory.make_version_under_review(years=4, based_on=first, effective_on=TODAY + timedelta(60))
        policies.approve(second, actor=self.odile, at=NOON)
        with pytest.raises(policies.Incomplete) as refused:
            policies.publish(second, effective_on=first.effective_on, actor=self.odile, at=NOON)
        assert len(refused.value.problems) == 1

    @pytest.mark.clause("P0.2")
    def test_the_earlier_version_is_superseded_on_the_day_and_not_before(self) -> None:
        later = factory.make_policy()
        assert later.effective_on is not None
        system = SystemActor("policies")
        assert policies.take_effect(actor=system, at=at(later.effective_on - timedelta(1))) == 0
        assert factory.the_policy().state == PolicyVersion.State.PUBLISHED
        assert policies.take_effect(actor=system, at=at(later.effective_on)) == 1
        assert policies.take_effect(actor=system, at=at(later.effective_on)) == 0
        earlier = factory.the_policy()
        assert earlier.state == PolicyVersion.State.SUPERSEDED
        assert integrity.is_intact(earlier)
        self.assertLedgered("policies.version.superseded", earlier)

    def test_the_versions_that_came_with_the_portal_are_put_on_record_once(self) -> None:
        system = SystemActor("policies")
        assert policies.record_shipped_seals(actor=system, at=NOON) == 1
        assert policies.record_shipped_seals(actor=system, at=NOON) == 0
        assert integrity.recorded_seal(factory.the_policy()) == factory.the_policy().seal
