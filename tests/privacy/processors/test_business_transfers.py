"""Transfers of the business: everybody is told beforehand by a second person's word, then it is handed over (N-03)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import TextProvider
from privacy.accounts.second_person import NotASecondPerson
from privacy.campaigns import actions as campaigns
from privacy.campaigns import tasks, untold
from privacy.campaigns.letters import NoPostalAddress, next_letters, print_letters
from privacy.campaigns.models import Campaign
from privacy.campaigns.untold import Untold
from privacy.jobs import outbox
from privacy.jobs.dispatcher import dispatch_due, dispatch_internal
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines, registers
from privacy.policies.models import Notice
from privacy.processors import actions as processors
from privacy.processors.admin.business_transfers import state_on
from privacy.processors.models import BusinessTransfer
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

TODAY = NOON.date()
DAY = timedelta(days=1)
GIVEN: dict[str, Any] = {
    "direction": "given", "kind": "part", "party_ko": "다음모바일", "party_en": "Next Mobile",
    "address_ko": "서울 테헤란로 1", "address_en": "1 Teheran-ro, Seoul", "phone": "02-123-4567",
    "objection_ko": "서면으로 알려 주십시오.",
    "objection_en": "Write to us.", "bound_by": "계약 제7조", "transfer_on": TODAY + 60 * DAY,
}  # fmt: skip
TAKEN = {**GIVEN, "direction": "taken", "objection_ko": "", "objection_en": "", "told_on": TODAY, "transfer_on": TODAY}


@pytest.mark.law("N-03")
class BusinessTransferTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        self.mina, self.silent = factory.make_mina(), factory.make_mina()
        factory.make_contact(self.mina, value="mina@example.org")

    def record(self, **changes: Any) -> BusinessTransfer:
        return processors.record_business_transfer(**{**GIVEN, "actor": self.odile, "at": NOON, **changes})

    def test_what_the_act_asks_for_is_there_and_the_day_is_to_come(self) -> None:
        for wrong, field in (
            ({"phone": " "}, "/phone"), ({"objection_en": ""}, "/objection_en"), ({"bound_by": ""}, "/bound_by"),
            ({"transfer_on": TODAY}, "/transfer_on"), ({**TAKEN, "told_on": None}, "/told_on"),
        ):  # fmt: skip
            with pytest.raises(processors.Incomplete) as refused:
                self.record(**wrong)
            assert refused.value.pointer == field
        taken = self.record(**TAKEN)
        assert processors.complete_business_transfer(taken, done_on=TODAY, actor=self.odile, at=NOON).done_on == TODAY
        with pytest.raises(processors.WrongState):
            processors.announce_business_transfer(taken, actor=self.omar, at=NOON)

    def test_everybody_is_told_before_and_whom_no_notice_reaches_by_the_website(self) -> None:
        made = self.record(transfer_on=TODAY + 20 * DAY)
        assert self.due() == {"processors.business-untold"}
        done = {"actor": self.odile, "at": NOON + 90 * DAY}
        with pytest.raises(processors.WrongState):
            processors.complete_business_transfer(made, done_on=TODAY + DAY, **done)
        with pytest.raises((processors.SamePerson, NotASecondPerson)):
            processors.announce_business_transfer(made, actor=self.odile, at=NOON)
        with mailbox() as box:
            made = processors.announce_business_transfer(made, actor=self.omar, at=NOON)
            with pytest.raises(processors.WrongState):
                processors.complete_business_transfer(made, done_on=TODAY + DAY, **done)
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        (mail,) = box.arrived
        for said in ("다음모바일", "테헤란로", "02-123-4567", "서면으로", "영업 일부의 양도"):
            assert said in mail.get_content(), said
        assert self.due() == {"processors.business"}
        notice = Notice.objects.get(pk=made.notice_id)
        assert (notice.body_en, notice.posted_until) == (made.campaign.text_en, TODAY + 30 * DAY)
        assert "Next Mobile, 1 Teheran-ro, Seoul" in notice.body_en
        assert made.campaign.deliveries.get(subject_id=self.silent.id).state == "without-address"
        with pytest.raises(processors.WrongState, match=r"website|누리집"):
            processors.complete_business_transfer(made, done_on=TODAY + 29 * DAY, **done)
        made = processors.complete_business_transfer(made, done_on=TODAY + 30 * DAY, **done)
        self.assertLedgered("processors.business.handed-over", made)
        assert self.due() == set()
        with pytest.raises(processors.WrongState):
            processors.cancel_business_transfer(made, reason="x", actor=self.odile, at=NOON)

    def test_who_registers_before_the_day_is_told_as_well_and_once(self) -> None:
        made = self.record(transfer_on=TODAY + 20 * DAY)
        assert self.newcomers() == 0, "nobody is told before the notice is approved"
        with mailbox():
            made = processors.announce_business_transfer(made, actor=self.omar, at=NOON)
            for _round in range(3):
                dispatch_due(at=NOON)
        campaigns.record_offline_notice(
            made.campaign.deliveries.get(state="without-address"), way="letter", on=TODAY, actor=self.odile, at=NOON
        )
        made.campaign.refresh_from_db()
        assert (made.campaign.state, self.newcomers()) == ("completed", 0)
        late, same_day = TODAY + 39 * DAY, TODAY + 40 * DAY
        self.register("early", TODAY + 5 * DAY)
        done = {"done_on": same_day, "actor": self.odile, "at": NOON + 90 * DAY}
        with pytest.raises(processors.WrongState, match=r"not told|통지받지 못한|알리지"):
            processors.complete_business_transfer(made, **done)
        assert [self.newcomers(), self.newcomers()] == [1, 0]
        with pytest.raises(processors.WrongState, match=r"still being told|진행 중"):
            processors.complete_business_transfer(made, **done)
        with mailbox() as box:
            dispatch_due(at=NOON + 5 * DAY)
            dispatch_due(at=NOON + 6 * DAY)
        assert [str(mail["to"]) for mail in box.arrived] == ["early@example.org"]
        # Of the last day before it is enough to be told at all; who comes on the day is the receiver's.
        self.register("last", late)
        assert self.newcomers() == 1
        made.campaign.deliveries.filter(state="waiting").update(
            state="sent", settled_at=NOON + 40 * DAY, settled_by="worker"
        )
        self.register("after", same_day)
        assert processors.complete_business_transfer(made, **done).done_on == same_day
        assert self.newcomers() == 0, "the list grows until the day alone"

    def test_nobody_is_told_of_a_day_that_has_passed(self) -> None:
        with mailbox():
            processors.announce_business_transfer(self.record(transfer_on=TODAY + 20 * DAY), actor=self.omar, at=NOON)
            dispatch_due(at=NOON)
        self.register("late", TODAY + 19 * DAY)
        # It is recorded as done days afterwards, and until then nobody is listed.
        assert self.newcomers(at=NOON + 20 * DAY) == 0
        assert self.newcomers(at=NOON + 19 * DAY) == 1

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_what_still_waits_on_the_day_goes_to_nobody_and_the_office_tells_them_before_a_later_one(self) -> None:
        made = processors.announce_business_transfer(
            self.record(transfer_on=TODAY + 40 * DAY), actor=self.omar, at=NOON
        )
        dispatch_internal(now=lambda: NOON)  # everybody is listed, and the mail is queued
        day = factory.at_noon(TODAY + 40 * DAY)
        with mailbox() as box:
            dispatch_due(at=day)
        assert not box.arrived
        waiting = made.campaign.deliveries.filter(state="waiting")
        assert [campaigns.end_late(actor=self.odile, at=at) for at in (day - DAY, day, day)] == [0, 1, 0]
        self.assertLedgered("campaigns.campaign.late", made.campaign)
        assert not waiting.exists()
        assert made.campaign.deliveries.filter(state="without-address").exists(), "the website tells these"
        done = {"actor": self.odile, "at": NOON + 90 * DAY}
        with pytest.raises(processors.WrongState, match=r"not told before the planned|예정일 전에"):
            processors.complete_business_transfer(made, done_on=TODAY + 50 * DAY, **done)
        with pytest.raises(NoPostalAddress, match=r"announces has come|예정일이 되어"):
            print_letters(made.campaign, reason="x", actor=self.odile, at=day)
        with pytest.raises(NoPostalAddress, match=r"announces has come|예정일이 되어"):
            next_letters(made.campaign, at=day)
        self.client.force_login(self.odile)
        Campaign.objects.filter(pk=made.campaign_id).update(told_before=clock.midnight(clock.today()))
        page = self.client.get(reverse("admin:processors_businesstransfer_change", args=[made.pk]), secure=True)
        self.assertContains(page, "기한 내 미통지자 있음")
        (untold,) = made.campaign.deliveries.filter(state="stopped")
        delivery = self.client.get(reverse("admin:campaigns_delivery_change", args=[untold.pk]), secure=True)
        self.assertContains(delivery, 'value="record_telling"')
        notice = self.client.get(reverse("admin:campaigns_campaign_change", args=[made.campaign_id]), secure=True)
        for shown in (delivery, notice):
            self.assertContains(shown, "미통지: 예정일이 도래함")
            self.assertNotContains(shown, "미통지: 통지가 중단됨")
        notices = self.client.get(reverse("admin:campaigns_campaign_changelist"), secure=True)
        for shown in (notice, notices):
            self.assertContains(shown, "기한 내 미통지자 있음")
        campaigns.record_offline_notice(untold, way="phone", on=TODAY + 45 * DAY, **done)
        with pytest.raises(processors.WrongState, match=r"told on that day|그날"):
            processors.complete_business_transfer(made, done_on=TODAY + 45 * DAY, **done)
        assert processors.complete_business_transfer(made, done_on=TODAY + 46 * DAY, **done).done_on

    def test_the_hourly_job_ends_a_notice_whose_day_has_come(self) -> None:
        made = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
        dispatch_internal(now=lambda: NOON)
        for told_before, ended in ((clock.now() + DAY, 0), (clock.now(), 1)):
            Campaign.objects.filter(pk=made.campaign_id).update(told_before=told_before)
            assert tasks.end_undeliverable() == ended
        assert made.campaign.deliveries.filter(state="stopped").exists()

    def test_whom_the_day_finds_on_no_list_is_listed_as_not_told(self) -> None:
        made = processors.announce_business_transfer(
            self.record(transfer_on=TODAY + 40 * DAY), actor=self.omar, at=NOON
        )
        campaigns.pause_campaign(made.campaign, actor=self.odile, at=NOON)
        day = factory.at_noon(TODAY + 40 * DAY)
        missed = [untold.why_missed(made.campaign, at=at) for at in (day - DAY, day)]
        assert (missed, processors.list_untold(actor=self.odile, at=day)) == ([None, Untold.UNDER_WAY], 0), "its turn"
        with mailbox() as box:
            dispatch_due(at=day)
        assert not box.arrived
        made.campaign.refresh_from_db()
        closed = made.campaign.deliveries.filter(state="stopped")
        assert (made.campaign.state, closed.count(), untold.why_missed(made.campaign, at=day)) == (
            "completed", 2, Untold.UNTOLD,
        )  # fmt: skip
        done = {"done_on": TODAY + 70 * DAY, "actor": self.odile, "at": NOON + 90 * DAY}
        self.register("after", TODAY + 60 * DAY)
        with pytest.raises(processors.WrongState, match=r"were not told\.|통지받지 못한"):
            processors.complete_business_transfer(made, **done)
        assert [processors.list_untold(actor=self.odile, at=at) for at in (day - DAY, day, day)] == [0, 1, 0]
        with pytest.raises(processors.WrongState, match=r"not told before the planned|예정일 전에"):
            processors.complete_business_transfer(made, **done)
        for delivery in closed.filter(subject_id__in=[self.mina.id, self.silent.id]):
            campaigns.record_offline_notice(delivery, way="visit", on=TODAY + 49 * DAY, actor=self.odile, at=done["at"])
        told_by = day + 10 * DAY
        assert untold.why_missed(made.campaign, at=told_by) is None, "who came after the day is none of them"
        assert processors.complete_business_transfer(made, **{**done, "done_on": TODAY + 60 * DAY}).done_on

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_who_registers_after_the_day_is_told_by_the_office_before_a_later_one(self) -> None:
        made = processors.announce_business_transfer(
            self.record(transfer_on=TODAY + 40 * DAY), actor=self.omar, at=NOON
        )
        with mailbox():
            for _round in range(3):
                dispatch_due(at=NOON)
        self.register("between", TODAY + 42 * DAY)
        assert processors.list_untold(actor=self.odile, at=NOON + 43 * DAY) == 1
        done = {"done_on": TODAY + 46 * DAY, "actor": self.odile, "at": NOON + 90 * DAY}
        with pytest.raises(processors.WrongState, match=r"not told before the planned|예정일 전에"):
            processors.complete_business_transfer(made, **done)
        (missed,) = made.campaign.deliveries.filter(state="stopped")
        made.campaign.refresh_from_db()
        assert not outbox.is_queued(f"{campaigns.MAIL}:{missed.pk}"), "the notice names a day that has come"
        assert untold.why_missed(made.campaign, at=NOON + 46 * DAY) is None, "she was not there by the day"
        assert "이후 등록자 중 미통지자 있음" in state_on(made, NOON + 46 * DAY)
        campaigns.record_offline_notice(missed, way="phone", on=TODAY + 45 * DAY, actor=self.odile, at=done["at"])
        assert "통지함" in state_on(made, NOON + 46 * DAY)
        assert processors.complete_business_transfer(made, **done).done_on

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_one_that_comes_back_after_the_day_takes_no_other_way(self) -> None:
        factory.make_contact(self.mina, kind="phone", value="010-1234-5678")
        made = processors.announce_business_transfer(
            self.record(transfer_on=TODAY + 40 * DAY), actor=self.omar, at=NOON
        )
        with mailbox():
            for _round in range(2):
                dispatch_due(at=NOON)
        sent = made.campaign.deliveries.get(state="sent")
        done = {"actor": self.odile, "at": NOON + 90 * DAY}
        late = {"actor": self.odile, "at": factory.at_noon(TODAY + 40 * DAY)}
        with transaction.atomic():
            # No text message can be sent, so no way is left: the website tells her.
            assert campaigns.mark_bounced(sent, why="5.1.1", **late)
            sent.refresh_from_db()
            assert (sent.state, campaigns.end_late(**late)) == ("parked", 0)
            transaction.set_rollback(True)
        # A way is left that the day alone holds back: she was reached by nothing, and no website stands in for it.
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            assert campaigns.mark_bounced(sent, why="5.1.1", **late)
            sent.refresh_from_db()
            assert (sent.state, campaigns.end_late(**late), box.taken) == ("stopped", 0, [])
        self.assertLedgered("campaigns.campaign.late", made.campaign)
        with pytest.raises(processors.WrongState, match=r"not told before the planned|예정일 전에"):
            processors.complete_business_transfer(made, done_on=TODAY + 40 * DAY, **done)
        campaigns.record_offline_notice(sent, way="phone", on=TODAY + 41 * DAY, **done)
        assert processors.complete_business_transfer(made, done_on=TODAY + 42 * DAY, **done).done_on

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_a_text_message_that_fails_on_the_day_leaves_her_untold_where_a_mail_is_left(self) -> None:
        factory.make_contact(self.mina, kind="phone", value="010-1234-5678", is_preferred=True)
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            made = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
            dispatch_internal(now=lambda: NOON)
        sent = made.campaign.deliveries.get(state="waiting")
        for day, outcome in ((59, "waiting"), (60, "stopped")):
            with transaction.atomic():
                campaigns.mark_undelivered(sent, why="x", actor=self.odile, at=factory.at_noon(TODAY + day * DAY))
                assert made.campaign.deliveries.get(pk=sent.pk).state == outcome
                transaction.set_rollback(True)

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_no_website_stands_in_for_a_letter_that_nobody_posted(self) -> None:
        factory.make_contact(self.silent, kind="address", value="Mina\nSeoul")
        soon = self.record(transfer_on=TODAY + 40 * DAY)
        made = processors.announce_business_transfer(soon, actor=self.omar, at=NOON)
        with mailbox():
            for _round in range(3):
                dispatch_due(at=NOON)
        done = {"actor": self.odile, "at": NOON + 90 * DAY}
        with pytest.raises(processors.WrongState, match=r"not told before the planned|예정일 전에"):
            processors.complete_business_transfer(made, done_on=TODAY + 40 * DAY, **done)
        assert [processors.list_untold(actor=self.odile, at=NOON + day * DAY) for day in (39, 40, 40)] == [0, 1, 0]
        untold = made.campaign.deliveries.get(subject_id=self.silent.id)
        made.campaign.refresh_from_db()
        assert (untold.state, made.campaign.state) == ("stopped", "completed")
        campaigns.record_offline_notice(untold, way="letter", on=TODAY + 41 * DAY, **done)
        assert processors.complete_business_transfer(made, done_on=TODAY + 42 * DAY, **done).done_on

    def newcomers(self, at: datetime = NOON) -> int:
        return processors.tell_newcomers(actor=self.odile, at=at)

    def register(self, name: str, on: date) -> None:
        factory.make_contact(factory.make_mina(at=factory.at_noon(on)), value=f"{name}@example.org")

    def test_who_is_told_late_or_not_at_all_was_not_told_before(self) -> None:
        soon = self.record(transfer_on=TODAY + 20 * DAY)
        made = processors.announce_business_transfer(soon, actor=self.omar, at=NOON)
        done = {"actor": self.odile, "at": NOON + 90 * DAY}
        with mailbox():
            dispatch_due(at=NOON)
            dispatch_due(at=NOON + 40 * DAY)
        assert made.campaign.deliveries.filter(state="sent").count() == 1
        made.campaign.deliveries.filter(state="sent").update(settled_at=NOON + 40 * DAY)
        with pytest.raises(processors.WrongState, match=r"told on that day|그날"):
            processors.complete_business_transfer(made, done_on=TODAY + 40 * DAY, **done)
        assert processors.complete_business_transfer(made, done_on=TODAY + 41 * DAY, **done).done_on
        later = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
        with mailbox():
            for _round in range(3):
                dispatch_due(at=NOON)
        with pytest.raises(processors.WrongState, match=r"and not before|전에는"):
            processors.complete_business_transfer(later, done_on=TODAY + 59 * DAY, **done)
        assert processors.complete_business_transfer(later, done_on=TODAY + 60 * DAY, **done).done_on

    @pytest.mark.truth("notice-of-what-was-given-up")
    def test_a_stopped_notice_told_nobody_and_giving_up_stops_it(self) -> None:
        made = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
        campaigns.stop_campaign(made.campaign, reason="x", actor=self.odile, at=NOON)
        made.campaign.refresh_from_db()
        assert untold.why_missed(made.campaign, at=NOON) == Untold.STOPPED, "nobody was listed before it was stopped"
        assert campaigns.list_untold(made.campaign, actor=self.odile, at=NOON + 61 * DAY) == 0
        other = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
        with mailbox() as box:
            processors.cancel_business_transfer(other, reason="x", actor=self.odile, at=NOON)
            for _round in range(3):
                dispatch_due(at=NOON)
        assert not box.arrived
        other.campaign.refresh_from_db()
        assert other.campaign.stopped_at == NOON
        assert other.notice not in Notice.objects.posted(TODAY + DAY)
        assert made.notice in Notice.objects.posted(TODAY + DAY)
        self.assertLedgered("policies.notice.ended", other.notice)
        for later in ({"posted_until": TODAY + 9 * DAY}, {"title_ko": "x"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Notice.objects.filter(pk=other.notice_id).update(**later)
        with pytest.raises(processors.WrongState, match=r"stopped|중단"):
            processors.complete_business_transfer(made, done_on=TODAY + 60 * DAY, actor=self.odile, at=NOON + 90 * DAY)

    def test_no_sql_hands_over_untold_or_approves_alone(self) -> None:
        rows = BusinessTransfer.objects.filter(pk=self.record().pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(done_on=TODAY, done_by="U-x")
        told = processors.announce_business_transfer(self.record(), actor=self.omar, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(
                announced_by=self.odile.ref, announced_at=NOON, campaign=told.campaign_id, notice=told.notice_id
            )

    def test_the_console_shows_the_notice_before_it_goes_out_and_the_register_has_it(self) -> None:
        self.client.force_login(self.odile)
        sent = {**GIVEN, "transfer_on": (date.today() + 60 * DAY).isoformat()}
        self.client.post(reverse("admin:processors_businesstransfer_new"), sent, secure=True)
        made = BusinessTransfer.objects.get()
        page = reverse("admin:processors_businesstransfer_change", args=[made.pk])
        self.assertContains(self.client.get(page, secure=True), made.reference)
        asked = self.client.post(
            page, {"CHANGE_FORM-action": "announce", "_selected_action": str(made.pk)}, secure=True
        )
        self.assertContains(asked, "Next Mobile, 1 Teheran-ro, Seoul")
        assert Notice.objects.count() == 0, "nothing goes out before it is confirmed"
        day = made.recorded_at.date()
        window = registers.ExportScope(day - DAY, day + DAY, self.odile, NOON, "점검")
        (row,) = registers.get("business-transfers").rows(window)
        assert list(row)[2:5] == ["다음모바일", "서울 테헤란로 1", "02-123-4567"]

    def due(self) -> set[str]:
        names = {"processors.business", "processors.business-untold"}
        found = deadlines.deadlines_between(TODAY, TODAY + 400 * DAY, on=TODAY, may=lambda _p: True, names=names)
        return {line.source.name for line in found}
