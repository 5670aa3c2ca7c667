"""A notice to many can be paused, slowed down and stopped; the listing waits for those who wait (decision 0399)."""

from datetime import datetime, timedelta

import pytest
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns import shown_progress
from privacy.campaigns.actions import deliveries, pace
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.subjects.models import Contact
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

MINUTE = timedelta(minutes=1)


@pytest.mark.clause("P0.3")
class PaceTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.people = [factory.make_mina() for _number in range(5)]
        for number, person in enumerate(self.people):
            factory.make_contact(person, value=f"mina{number}@example.org")
        self.version = factory.make_policy()

    def start(self) -> Campaign:
        return campaigns.notify_of_version(self.version, actor=self.odile, at=NOON)

    def work(self, *, at: datetime = NOON) -> int:
        """Let the worker do all that is due by then; return how many mails went out."""
        GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
        with mailbox() as box:
            for _round in range(3):
                dispatch_due(at=at)
        return len(box.arrived)

    def again(self, campaign: Campaign) -> Campaign:
        return Campaign.objects.get(pk=campaign.pk)

    def test_a_paused_notice_sends_nothing_and_goes_on_where_it_was(self) -> None:
        campaign = self.start()
        campaigns.pause_campaign(campaign, actor=self.odile, at=NOON)
        assert (self.work(), self.work(at=NOON + MINUTE)) == (0, 0)
        self.assertLedgered("campaigns.campaign.paused", campaign)
        campaigns.continue_campaign(campaign, actor=self.odile, at=NOON + MINUTE)
        assert self.work(at=NOON + 2 * MINUTE) == 5
        assert self.again(campaign).state == "completed"

    def test_a_pace_lets_so_many_out_a_minute_and_each_once(self) -> None:
        campaign = self.start()
        campaigns.set_pace(campaign, per_minute=2, actor=self.odile, at=NOON)
        sent = [self.work(at=NOON + number * MINUTE) for number in range(4)]
        assert sent == [2, 2, 1, 0]
        assert self.again(campaign).progress.sent == 5
        with pytest.raises(campaigns.CampaignOver):
            campaigns.pause_campaign(campaign, actor=self.odile, at=NOON)

    def test_within_a_minute_the_pace_holds_however_often_the_worker_comes(self) -> None:
        campaign = self.start()
        campaigns.set_pace(campaign, per_minute=2, actor=self.odile, at=NOON)
        sent = [self.work(at=NOON + timedelta(seconds=number)) for number in (0, 1, 30, 59, 60)]
        assert sent == [2, 0, 0, 0, 2]

    def test_a_stopped_notice_tells_nobody_more_and_says_so_of_each(self) -> None:
        campaign = self.start()
        campaigns.set_pace(campaign, per_minute=2, actor=self.odile, at=NOON)
        assert self.work() == 2
        campaigns.stop_campaign(campaign, reason="wrong text", actor=self.odile, at=NOON)
        assert self.work(at=NOON + 5 * MINUTE) == 0
        ended = self.again(campaign)
        assert (ended.state, ended.progress.sent, ended.progress.stopped) == ("completed", 2, 3)
        assert "wrong text" in self.assertLedgered("campaigns.campaign.stopped", campaign).payload
        left = Delivery.objects.filter(state="stopped").first()
        assert left is not None
        with pytest.raises(campaigns.DeliverySettled):
            campaigns.record_offline_notice(left, way="letter", on=NOON.date(), actor=self.odile, at=NOON)
        told = Delivery.objects.filter(state="sent").first()
        assert told is not None
        campaigns.mark_bounced(told, why="5.1.1", actor=self.odile, at=NOON)
        assert (Delivery.objects.get(pk=told.pk).state, self.again(campaign).state) == ("stopped", "completed")

    def test_a_notice_stopped_before_everybody_was_listed_lists_nobody_more(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deliveries, "BATCH_SIZE", 2)
            patch.setattr(pace, "MOST_WAITING", 1)
            campaign = self.start()
            campaigns.set_pace(campaign, per_minute=1, actor=self.odile, at=NOON)
            self.work()
            campaigns.stop_campaign(campaign, reason="wrong text", actor=self.odile, at=NOON)
            listed = campaign.progress.total
            assert 0 < listed < len(self.people)
            self.work()
        assert self.again(campaign).progress.total == listed
        assert self.again(campaign).state == "completed"

    def test_the_figures_of_many_people_are_counted_anew_after_a_while(self) -> None:
        campaign = self.start()
        self.client.force_login(self.odile)
        address = reverse("admin:campaigns_campaign_change", args=[campaign.pk])

        def seen() -> tuple[int, bool]:
            shown = self.client.get(address, secure=True, headers={"accept-language": "en"}).context
            return shown["progress"].sent, shown["counted_at"] is not None

        def listed() -> bool:
            page = reverse("admin:campaigns_campaign_changelist")
            return " 집계)" in self.client.get(page, secure=True).text

        campaigns.set_pace(campaign, per_minute=2, actor=self.odile, at=NOON)
        self.work()
        assert (seen(), listed()) == ((2, False), False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shown_progress, "MANY", 4)
            patch.setattr(shown_progress, "_counted", {})
            assert (seen(), self.work(at=NOON + MINUTE), seen()) == ((2, True), 2, (2, True))
            assert listed(), "the list says of which moment its figures are"
            found = [
                shown_progress.shown_progress(campaign, at=clock.now() + after).progress.sent
                for after in (timedelta(0), shown_progress.STAND_FOR)
            ]
            assert found == [2, 4]

    def test_the_listing_waits_while_many_wait(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deliveries, "BATCH_SIZE", 2)
            patch.setattr(pace, "MOST_WAITING", 1)
            campaign = self.start()
            campaigns.pause_campaign(campaign, actor=self.odile, at=NOON)
            assert self.work() == 0
            assert campaign.progress.total == 0, "nobody is listed while it is paused"
            campaigns.continue_campaign(campaign, actor=self.odile, at=NOON)
            campaigns.set_pace(campaign, per_minute=1, actor=self.odile, at=NOON)
            most = 0
            for number in range(8):
                self.work(at=NOON + number * MINUTE)
                most = max(most, campaign.progress.waiting)
        assert most <= 3
        assert self.again(campaign).progress.sent == 5

    @pytest.mark.truth("bad-addresses-hold-up-nobody")
    def test_addresses_that_do_not_exist_hold_up_nobody_behind_them(self) -> None:
        with pytest.MonkeyPatch.context() as patch, mailbox() as box:
            box.unknown = {f"mina{number}@example.org" for number in range(3)}
            patch.setattr(deliveries, "BATCH_SIZE", 2)
            patch.setattr(pace, "MOST_WAITING", 1)
            campaign = self.start()
            for number in range(12):
                GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
                dispatch_due(at=NOON + number * MINUTE)
        assert len(box.arrived) == 2
        assert self.again(campaign).listed_at is not None

    def test_a_notice_of_a_breach_is_paused_and_not_stopped(self) -> None:
        campaign = self.start()
        Campaign.objects.filter(pk=campaign.pk).update(kind="breach")
        with pytest.raises(campaigns.MustBeTold):
            campaigns.stop_campaign(self.again(campaign), reason="x", actor=self.odile, at=NOON)

    def test_who_may_not_start_one_may_not_pause_it(self) -> None:
        campaign = self.start()
        for verb in (campaigns.pause_campaign, campaigns.continue_campaign):
            with pytest.raises(NotPermitted):
                verb(campaign, actor=factory.make_hana(), at=NOON)
        with pytest.raises(NotPermitted):
            campaigns.stop_campaign(campaign, reason="x", actor=factory.make_aram(), at=NOON)

    def test_the_page_has_the_buttons_that_fit(self) -> None:
        campaign = self.start()
        self.client.force_login(self.odile)
        address = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
        page = self.client.get(address).content.decode()
        assert 'value="pause"' in page and 'value="go_on"' not in page and 'value="stop"' in page
        assert "계속 등록되므로" in page
        campaigns.pause_campaign(campaign, actor=self.odile, at=NOON)
        page = self.client.get(address).content.decode()
        assert 'value="go_on"' in page and 'value="pause"' not in page and "일시 중지되어" in page

    @pytest.mark.attack("24.2")
    def test_a_clock_that_goes_back_begins_no_new_minute(self) -> None:
        self.start()
        campaigns.set_pace(Campaign.objects.get(), per_minute=1, actor=self.odile, at=NOON)
        sent = [self.work(at=NOON + timedelta(seconds=number)) for number in (10, 9, 8)]
        assert sent == [1, 0, 0]

    @pytest.mark.attack("24.2")
    def test_who_waits_while_it_is_paused_is_not_opened(self) -> None:
        Contact.objects.all().delete()
        for number, person in enumerate(self.people):
            factory.make_contact(person, kind="phone", value=f"010-1111-000{number + 1}")
        with (
            TextProvider() as box,
            override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"),
        ):
            opened = Entry.objects.filter(task="campaigns.delivery.addressed")

            def people() -> int:
                return sum(opened.naming(one.id).count() for one in self.people)

            before = people()
            campaign = self.start()
            campaigns.set_pace(campaign, per_minute=2, actor=self.odile, at=NOON)
            for second in (0, 1, 2):
                self.work(at=NOON + timedelta(seconds=second))
            assert len(box.taken) == 2
            assert people() - before == 2
            campaigns.pause_campaign(campaign, actor=self.odile, at=NOON)
            self.work(at=NOON + 5 * MINUTE)
            assert people() - before == 2
            assert campaign.progress.sent == 2
