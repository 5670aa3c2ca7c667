"""What holds up a transfer of the business, and the badge of its record, are one answer (docs/decisions/0446)."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns import untold
from privacy.jobs.dispatcher import dispatch_due, dispatch_internal
from privacy.lib.dates import clock
from privacy.processors import actions as processors
from privacy.processors.admin.business_transfers import state_on
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.processors.test_business_transfers import DAY, GIVEN, TODAY


@pytest.mark.law("N-03")
class BadgeOfATransfer(PortalTestCase):
    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_a_text_message_that_arrives_on_the_day_holds_up_that_day_and_its_badge_says_so(self) -> None:
        odile = factory.make_odile()
        factory.make_contact(factory.make_mina(), kind="phone", value="010-1234-5678", is_preferred=True)
        recorded = processors.record_business_transfer(
            **{**GIVEN, "transfer_on": TODAY + 40 * DAY, "actor": odile, "at": NOON}
        )
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            made = processors.announce_business_transfer(recorded, actor=factory.make_omar(), at=NOON)
            dispatch_internal(now=lambda: NOON)
        made.campaign.refresh_from_db()
        sent, midnight = made.campaign.deliveries.get(state="waiting"), clock.midnight(made.transfer_on)
        minute, day = timedelta(minutes=1), factory.at_noon(made.transfer_on)
        campaigns.take_turn(sent, is_text=True, at=midnight - minute)
        done = {"actor": odile, "at": NOON + 90 * DAY}
        for on_the_phone, refused, says in (
            (None, r"still being told|진행 중", "통지 여부 확인 중"),
            (midnight + minute, r"told on that day|그날", "오늘 통지된 사람 있음"),
        ):
            if on_the_phone is not None:
                campaigns.mark_texted(sent, on_the_phone_at=on_the_phone, actor=odile, at=day)
            assert says in state_on(made, day)
            with pytest.raises(processors.WrongState, match=refused):
                processors.complete_business_transfer(made, done_on=made.transfer_on, **done)
        assert "통지함" in state_on(made, day + DAY)
        assert processors.complete_business_transfer(made, done_on=made.transfer_on + DAY, **done).done_on

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_whom_the_website_told_is_not_untold_since_an_address_came_on_record_after_the_handing_over(self) -> None:
        """Nor does the notice wait for her: a letter would speak of a day that has come."""
        odile, silent = factory.make_odile(), factory.make_mina()
        recorded = processors.record_business_transfer(
            **{**GIVEN, "transfer_on": TODAY + 40 * DAY, "actor": odile, "at": NOON}
        )
        made = processors.announce_business_transfer(recorded, actor=factory.make_omar(), at=NOON)
        dispatch_internal(now=lambda: NOON)
        later = NOON + 90 * DAY
        made = processors.complete_business_transfer(made, done_on=TODAY + 41 * DAY, actor=odile, at=later)
        factory.make_contact(silent, kind="address", value="Mina\nSeoul", at=later)
        made.campaign.refresh_from_db()
        assert made.campaign.deliveries.get().state == "without-address"
        assert (made.campaign.state, untold.why_missed(made.campaign, at=later + DAY)) == ("completed", None)

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_what_comes_back_after_the_handing_over_makes_the_notice_wait_for_nobody_again(self) -> None:
        odile, mina, silent = factory.make_odile(), factory.make_mina(), factory.make_mina()
        factory.make_contact(mina, value="mina@example.org")
        recorded = processors.record_business_transfer(
            **{**GIVEN, "transfer_on": TODAY + 40 * DAY, "actor": odile, "at": NOON}
        )
        made = processors.announce_business_transfer(recorded, actor=factory.make_omar(), at=NOON)
        with mailbox():
            dispatch_due(at=NOON)
        later = NOON + 90 * DAY
        made = processors.complete_business_transfer(made, done_on=TODAY + 41 * DAY, actor=odile, at=later)
        factory.make_contact(silent, kind="address", value="Mina\nSeoul", at=later)
        sent = made.campaign.deliveries.get(subject_id=mina.id)
        assert campaigns.mark_bounced(sent, why="5.1.1", actor=odile, at=later + DAY)
        made.campaign.refresh_from_db()
        assert (made.campaign.state, untold.why_missed(made.campaign, at=later + DAY)) == ("completed", None)

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_a_letter_posted_on_the_day_before_tells_whenever_the_report_comes_and_one_of_the_day_does_not(
        self,
    ) -> None:
        odile = factory.make_odile()
        factory.make_contact(factory.make_mina(), kind="address", value="Mina\nSeoul", at=NOON)
        recorded = processors.record_business_transfer(
            **{**GIVEN, "transfer_on": TODAY + 40 * DAY, "actor": odile, "at": NOON}
        )
        made = processors.announce_business_transfer(recorded, actor=factory.make_omar(), at=NOON)
        dispatch_internal(now=lambda: NOON)
        batch = campaigns.make_batch(made.campaign, actor=odile, at=NOON)
        campaigns.take_batch(batch, reason="posting", actor=odile, at=NOON)
        batch.refresh_from_db()
        for day, state in ((made.transfer_on - DAY, "told"), (made.transfer_on, "stopped")):
            said = f"letter,state,date\n{batch.letter_number(1)},posted,{day}\n".encode()
            with transaction.atomic():
                campaigns.report_letters(batch, name="r.csv", content=said, actor=odile, at=NOON + 50 * DAY)
                assert made.campaign.deliveries.get().state == state, day
                transaction.set_rollback(True)
