"""A notice by text message: whole, once, and told only when it is on the phone; else the next way (decision 0398)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns import device_messages, tasks
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.integrations import text_messages
from privacy.subjects.models import Contact, Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import REFUSE, mailbox

PHONE, NOWHERE, NOT_TAKEN = "010-3456-7890", "010-3456-0000", "010-3456-9999"


@pytest.mark.clause("P0.3")
@pytest.mark.law("B-02")
class ByTextMessage(PortalTestCase):
    @pytest.fixture(autouse=True)
    def provider(self) -> Iterator[None]:
        with (
            TextProvider() as box,
            override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"),
        ):
            self.box = box
            yield

    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.version = factory.make_policy()

    def person(self, phone: str = "", email: str = "", prefers: str = "") -> Subject:
        made = factory.make_mina()
        for kind, value in (("phone", phone), ("email", email)):
            if value:
                factory.make_contact(made, kind=kind, value=value, is_preferred=prefers == kind)
        return made

    def start(self) -> Campaign:
        return campaigns.notify_of_version(self.version, actor=self.odile, at=NOON)

    def work(self, *, at: datetime = NOON, mood: str = "") -> list[str]:
        """Let the worker do all that is due, and return to whom mails went."""
        GeneralOutbox.objects.waiting().update(not_before=NOON, lease_until=None)
        with mailbox() as box:
            box.mood = mood or box.mood
            for _round in range(4):
                dispatch_due(at=at)
        return [str(mail["To"]) for mail in box.arrived]

    def delivery(self, person: Subject) -> Delivery:
        return Delivery.objects.get(subject_id=person.id)

    def test_whoever_has_a_number_alone_is_told_by_it_once_it_arrived(self) -> None:
        mina = self.person(phone=PHONE)
        campaign = self.start()
        assert self.work() == []
        (text,) = self.box.taken
        assert text.to == "01034567890"
        assert "라이선스 정보의 보유 기간 변경" in text.text and f"/policy/{self.version.number}/" in text.text
        told = self.delivery(mina)
        assert (told.state, told.way, told.message_id, told.means) == ("sent", "text", text.id, "문자메시지")
        assert text.id in self.assertLedgered("campaigns.delivery.sent", told).payload
        assert Entry.objects.naming(mina.id).filter(task="campaigns.delivery.addressed").count() == 1
        campaign.refresh_from_db()
        assert campaign.state == "completed"
        assert self.work() == [] and len(self.box.taken) == 1

    def test_that_the_provider_took_it_tells_nobody(self) -> None:
        mina = self.person(phone=PHONE)
        self.box.delay = timedelta(hours=1)
        campaign = self.start()
        self.work()
        waiting = self.delivery(mina)
        assert (waiting.state, waiting.settled_at, len(self.box.taken)) == ("waiting", None, 1)
        assert campaign.progress.settled == 0
        self.box.delay = timedelta(0)
        self.work(at=NOON + timedelta(hours=1))
        assert (self.delivery(mina).state, len(self.box.taken)) == ("sent", 1)

    def test_what_the_device_shows_while_a_text_is_under_way_counts_once_that_failed(self) -> None:
        mina = self.person(phone=NOWHERE)
        self.box.delay = timedelta(hours=1)
        self.start()
        self.work()
        # The device had it first, and showed it late: the text message was its next way.
        Delivery.objects.update(on_device_at=NOON)
        assert device_messages.note_shown(self.delivery(mina).pk, subject_id=mina.id, shown_at=NOON)
        self.work()
        assert (self.delivery(mina).state, self.delivery(mina).is_under_way) == ("waiting", True)
        assert not Entry.objects.filter(word="campaigns.delivery.sent").exists()
        self.box.delay = timedelta(0)
        for _turn in range(2):
            self.work(at=NOON + timedelta(hours=2))
        told = self.delivery(mina)
        assert (told.state, told.way, told.settled_at) == ("sent", "device", NOON)
        assert Entry.objects.filter(word="campaigns.delivery.sent").count() == 1
        assert not GeneralOutbox.objects.waiting().exists()

    def test_what_nobody_reports_in_three_days_counts_as_not_told(self) -> None:
        mina = self.person(phone=PHONE)
        self.box.delay = timedelta(days=30)
        self.start()
        self.work()
        self.work(at=NOON + timedelta(hours=71))
        assert self.delivery(mina).state == "waiting"
        self.work(at=NOON + timedelta(hours=72))
        parked = self.delivery(mina)
        assert (parked.state, parked.trouble, parked.means) == ("parked", "NotDelivered no report", "")

    def test_the_way_that_is_preferred_comes_first(self) -> None:
        both = {"phone": PHONE, "email": "mina@example.org"}
        by_text, by_mail = self.person(**both, prefers="phone"), self.person(**both, prefers="email")
        self.start()
        assert self.work() == ["mina@example.org"]
        assert [self.delivery(one).way for one in (by_text, by_mail)] == ["text", ""]
        assert [self.delivery(one).means for one in (by_text, by_mail)] == ["문자메시지", "전자우편"]

    @pytest.mark.truth("the-next-way")
    def test_what_does_not_arrive_goes_by_mail(self) -> None:
        for phone in (NOWHERE, NOT_TAKEN, "02-6928-6774"):
            with self.subTest(phone):
                mina = self.person(phone=phone, email=f"mina{phone[-4:]}@example.org", prefers="phone")
        self.start()
        assert len(self.work()) == 3
        assert {one.state for one in Delivery.objects.all()} == {"sent"}
        assert {one.way for one in Delivery.objects.all()} == {""}
        assert self.delivery(mina).message_id.startswith("<campaign-")

    def test_without_another_way_a_person_looks(self) -> None:
        lost, landline = self.person(phone=NOWHERE), self.person(phone="02-6928-6774")
        campaign = self.start()
        self.work()
        assert self.delivery(lost).state == "parked"
        assert self.delivery(landline).state == "without-address"
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:campaigns_delivery_change", args=[self.delivery(lost).pk]))
        self.assertContains(page, "no-such-phone")
        assert campaign.progress.settled == 0
        factory.make_contact(lost, kind="address", value="서울시 강남구 1-1")
        assert (
            campaigns.record_offline_notice(
                self.delivery(lost), way="letter", on=NOON.date(), actor=self.odile, at=NOON
            ).means
            == "우편"
        )

    def test_a_mail_that_comes_back_goes_by_text_and_ends_a_campaign_that_had_ended(self) -> None:
        mina = self.person(phone=PHONE, email="mina@example.org", prefers="email")
        campaign = self.start()
        self.work()
        campaigns.mark_bounced(self.delivery(mina), why="5.1.1", actor=self.odile, at=NOON)
        assert self.delivery(mina).state == "waiting"
        self.work()
        told = self.delivery(mina)
        assert (told.state, told.way, len(self.box.taken)) == ("sent", "text", 1)
        assert not campaigns.mark_bounced(told, why="5.1.1", actor=self.odile, at=NOON), "no mail told her"
        campaign.refresh_from_db()
        assert campaign.state == "completed"

    def test_a_dead_mail_server_is_gone_round(self) -> None:
        mina = self.person(phone=PHONE, email="mina@example.org", prefers="email")
        self.start()
        self.work(mood=REFUSE)
        GeneralOutbox.objects.filter(kind=campaigns.MAIL).update(failing_since=NOON - timedelta(days=4))
        self.work(mood=REFUSE)
        assert (self.delivery(mina).state, self.delivery(mina).way) == ("sent", "text")

    @pytest.mark.truth("told-twice")
    def test_a_provider_whose_answers_are_lost_gets_it_once(self) -> None:
        mina = self.person(phone=PHONE)
        self.start()
        for answers in ([0], [503], [-1, 0], [-1, 500]):
            self.box.trouble.extend(answers)
            self.work()
        self.work()
        assert (self.delivery(mina).state, len(self.box.taken)) == ("sent", 1)

    def test_a_long_notice_goes_whole_in_parts_and_counts_when_all_arrived(self) -> None:
        mina = self.person(phone=PHONE)
        words = " ".join(f"낱말{number}" for number in range(500))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.campaigns.revision_notice._address", lambda _name, *about: words if about else "")
            self.start()
        self.work()
        assert len(self.box.taken) > 1
        assert words.replace(" ", "") in "".join(
            one.text.partition("\n")[2].replace(" ", "").replace("\n", "") for one in self.box.taken
        )
        assert self.delivery(mina).message_id.split() == [one.id for one in self.box.taken]
        assert all(text_messages.size(one.text) <= text_messages.LMS_BYTES for one in self.box.taken)

    def test_a_disputed_number_waits_and_an_altered_text_goes_to_nobody(self) -> None:
        disputed, other = self.person(phone=PHONE), self.person(phone="010-1111-2222")
        factory.make_freeze(disputed.id, category="contact", item="phone", at=NOON)
        campaign = self.start()
        self.work()
        assert [one.to for one in self.box.taken] == ["01011112222"]
        assert (self.delivery(disputed).state, self.delivery(other).state) == ("waiting", "sent")
        assert self.delivery(disputed).trouble == "AddressDisputed"
        Campaign.objects.filter(pk=campaign.pk).update(text_ko="something else")
        GeneralOutbox.objects.filter(kind=campaigns.TEXT).update(done_at=None)
        Delivery.objects.update(state="waiting", way="", message_id="", settled_at=None, settled_by="", handed_at=None)
        self.work()
        assert len(self.box.taken) == 1
        assert {one.trouble for one in Delivery.objects.all()} == {"TextAltered"}

    def test_without_a_provider_nobody_waits_for_it(self) -> None:
        mina = self.person(phone=PHONE)
        with override_settings(TEXT_MESSAGES_FROM="", TEXT_MESSAGES_URL=""):
            self.start()
            self.work()
            assert self.delivery(mina).state == "without-address"

    def test_a_provider_that_is_taken_away_leaves_nobody_waiting(self) -> None:
        mina = self.person(phone=PHONE)
        self.start()
        with override_settings(TEXT_MESSAGES_FROM="", TEXT_MESSAGES_URL=""):
            self.work()
        assert self.delivery(mina).state == "without-address"

    @pytest.mark.attack("24.2")
    @pytest.mark.asvs("16.5.2")
    def test_a_slow_provider_does_not_hold_up_the_others(self) -> None:
        for number in range(3):
            self.person(phone=f"010-2222-000{number + 1}")
        self.box.delay = timedelta(hours=1)
        self.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.jobs.dispatcher.HANGING_SECONDS", 0.0)
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        assert len(self.box.taken) == 3, "what is put off has not failed"

    @pytest.mark.attack("24.2")
    def test_a_mail_that_went_out_beside_a_text_and_came_back_is_no_telling(self) -> None:
        mina = self.person(phone=PHONE, email="mina@example.org", prefers="phone")
        self.box.delay = timedelta(hours=1)
        self.start()
        self.work()
        campaigns.mark_sent(self.delivery(mina), actor=self.odile, at=NOON)
        assert self.delivery(mina).means == "전자우편"
        assert campaigns.mark_bounced(self.delivery(mina), why="5.1.1", actor=self.odile, at=NOON)

    @pytest.mark.attack("24.2")
    def test_a_stop_between_the_turn_and_the_answer_waits_for_the_provider(self) -> None:
        mina = self.person(phone=PHONE)
        campaign = self.start()
        self.box.trouble.append(0)
        self.work()
        assert len(self.box.taken) == 1, "the provider has it, and the worker does not know"
        campaigns.stop_campaign(campaign, reason="wrong text", actor=self.odile, at=NOON)
        self.work(at=NOON + timedelta(minutes=5))
        campaign.refresh_from_db()
        assert (self.delivery(mina).state, campaign.state, len(self.box.taken)) == ("sent", "completed", 1)

    @pytest.mark.attack("24.2")
    def test_a_stopped_notice_ends_also_where_a_text_fails_or_is_given_up(self) -> None:
        failed, parked = self.person(phone=NOWHERE, email="a@example.org"), self.person(phone=PHONE)
        Contact.objects.filter(kind="email").update(is_preferred=False)
        Contact.objects.filter(kind="phone").update(is_preferred=True)
        self.box.delay = timedelta(hours=1)
        campaign = self.start()
        self.work()
        campaigns.stop_campaign(campaign, reason="wrong text", actor=self.odile, at=NOON)
        self.box.delay = timedelta(0)
        why = {"why": "503", "actor": self.odile, "at": NOON}
        campaigns.mark_parked(self.delivery(parked), failed=campaigns.TEXT, **why)
        assert self.work() == []
        campaign.refresh_from_db()
        assert {self.delivery(one).state for one in (failed, parked)} == {"stopped"}
        assert campaign.state == "completed"

    @pytest.mark.attack("24.2")
    def test_who_refuses_or_is_destroyed_while_the_phone_is_asked_counts_by_what_became_of_it(self) -> None:
        mina = self.person(phone=PHONE)
        self.box.delay = timedelta(hours=1)
        campaign = self.start()
        self.work()
        Campaign.objects.update(kind="use-notice")
        said = {"refused_on": NOON.date(), "how": "by phone", "actor": self.odile, "at": NOON}
        campaigns.refuse_use_notice(person=mina.reference, **said)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.campaigns.recipients.erased", set)
            assert campaigns.end_undeliverable(actor=self.odile, at=NOON) == 0
        assert self.delivery(mina).state == "waiting"
        self.box.delay = timedelta(0)
        self.work()
        campaign.refresh_from_db()
        assert (self.delivery(mina).state, campaign.state) == ("sent", "completed")

    @pytest.mark.attack("24.2")
    def test_a_worker_that_dies_after_a_failure_says_it_once(self) -> None:
        mina = self.person(phone=NOWHERE, email="mina@example.org", prefers="phone")
        self.start()
        ids = {"delivery": str(self.delivery_after_listing(mina).pk)}
        for _again in range(2):
            tasks.deliver_text(ids, event=uuid4(), starts=1, at=NOON)
        assert Entry.objects.filter(word="campaigns.delivery.undelivered").count() == 1
        assert self.delivery(mina).state == "waiting", "the mail is queued, and no letter is printed meanwhile"
        assert self.work() == ["mina@example.org"]

    @pytest.mark.attack("24.2")
    def test_another_number_gets_all_parts(self) -> None:
        mina = self.person(phone=PHONE)
        words = " ".join(f"낱말{number}" for number in range(500))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.campaigns.revision_notice._address", lambda _name, *about: words if about else "")
            self.start()
        self.box.trouble.extend([-1, 503])
        self.work()
        factory.make_contact(mina, kind="phone", value="010-5555-6666")
        self.work()
        new = [one for one in self.box.taken if one.to == "01055556666" and one.text.startswith("(")]
        assert [one.text[:5] for one in new] == [f"({place}/{len(new)})" for place in range(1, len(new) + 1)]
        assert self.delivery(mina).message_id.split() == [one.id for one in new]

    def delivery_after_listing(self, person: Subject) -> Delivery:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.jobs.dispatcher.due_external", list)
            dispatch_due(at=NOON)
        return self.delivery(person)
