"""Individual notices: everybody listed, each told once in her language, with proof (P0.3, law B-02)."""

from datetime import date, timedelta

import pytest
from django.db import Error, transaction
from django.urls import reverse

from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters, tasks
from privacy.campaigns.actions import deliveries
from privacy.campaigns.models import Campaign, Delivery, digest_of
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import issued_documents
from privacy.subjects import actions as subjects
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import REFUSE, mailbox


@pytest.mark.clause("P0.3")
class PolicyTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odile = factory.make_odile()
        self.mina, self.juno, self.silent = (factory.make_mina() for _number in range(3))
        factory.make_contact(self.mina, value="mina@example.org")
        # What she chose with her contact counts, whatever the device showed her once.
        factory.make_contact(self.juno, value="juno@example.org", language="en")
        factory.decide(self.juno, "activation", "agree")
        self.version = factory.make_policy()

    def start(self) -> Campaign:
        return campaigns.notify_of_version(self.version, actor=self.odile, at=NOON)

    def told(self) -> dict[str, str]:
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        return {str(message["To"]): message.get_content() + str(message["Subject"]) for message in box.arrived}

    def test_everybody_is_listed_and_each_told_once_in_her_language(self) -> None:
        # Whoever gave a number that nobody proved says nothing of the language of what goes to the proven address.
        number = {"kind": "phone", "value": "010-1234-5678", "language": "en", "is_preferred": True}
        factory.make_contact(self.mina, is_verified=False, **number)
        campaign = self.start()
        mails = self.told()
        assert set(mails) == {"mina@example.org", "juno@example.org"}
        assert "라이선스 정보의 보유 기간 변경" in mails["mina@example.org"]
        assert "Change of how long licence data is kept" in mails["juno@example.org"]
        for mail in mails.values():
            assert f"/policy/2020-12-01..{self.version.number}/" in mail
        assert (campaign.progress.sent, campaign.progress.without_address, campaign.progress.waiting) == (2, 1, 0)
        assert self.told() == {}

    def test_each_delivery_is_its_proof(self) -> None:
        campaign = self.start()
        self.told()
        delivery = campaign.deliveries.get(subject_id=self.mina.id)
        assert delivery.message_id.startswith("<campaign-")
        # One entry for all who were told together: it names them, and vouches for the row of each as it is.
        entry = Entry.objects.naming(self.mina.id).get(word="campaigns.deliveries.sent")
        assert campaign.digest in entry.payload
        assert str(delivery.pk) in parse_payload(entry.payload)["rows"]["campaigns_delivery"]
        opened = Entry.objects.naming(self.mina.id).filter(task="campaigns.delivery.addressed")
        assert opened.count() == 1, "the opening of the address is on record"

    def test_it_ends_when_those_without_address_were_told_another_way(self) -> None:
        campaign = self.start()
        self.told()
        left = campaign.deliveries.open().get()
        assert left.subject_id == self.silent.id
        with pytest.raises(NotPermitted):
            campaigns.record_offline_notice(left, way="letter", on=NOON.date(), actor=factory.make_aram(), at=NOON)
        campaigns.record_offline_notice(left, way="letter", on=NOON.date(), actor=factory.make_hana(), at=NOON)
        campaign.refresh_from_db()
        assert campaign.state == "completed"
        self.assertLedgered("campaigns.campaign.finished", campaign)
        with pytest.raises(campaigns.DeliverySettled):
            campaigns.record_offline_notice(left, way="phone", on=NOON.date(), actor=self.odile, at=NOON)

    @pytest.mark.truth("proof-of-the-telling")
    def test_who_was_told_another_way_after_a_mail_came_back_has_no_proof_by_mail(self) -> None:
        campaign = self.start()
        self.told()
        delivery = campaign.deliveries.get(subject_id=self.mina.id)
        campaigns.mark_bounced(delivery, why="bounced 5.1.1", actor=self.odile, at=NOON)
        told = campaigns.record_offline_notice(delivery, way="letter", on=NOON.date(), actor=self.odile, at=NOON)
        assert (told.state, told.way, told.message_id, told.trouble) == ("told", "letter", "", "")
        self.assertLedgered("campaigns.delivery.bounced", told)

    @pytest.mark.truth("gone-before-told")
    def test_who_is_destroyed_before_being_told_is_told_by_nobody_and_holds_up_nothing(self) -> None:
        campaign = self.start()
        self.told()
        assert tasks.end_undeliverable() == 0
        subjects.mark_destroyed([self.silent.id], certificate="C-1", actor=SystemActor("tests"), at=NOON)
        assert tasks.end_undeliverable() == 1
        assert tasks.end_undeliverable() == 0
        campaign.refresh_from_db()
        assert campaign.state == "completed"
        assert (campaign.progress.sent, campaign.progress.ended, campaign.progress.without_address) == (2, 1, 0)
        assert campaign.progress.percent == 100
        ended = campaign.deliveries.get(subject_id=self.silent.id)
        assert (ended.state, ended.settled_at) == ("ended", None), "nobody says that she was told"
        self.assertLedgered("campaigns.delivery.ended", ended)
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
        assert "state__exact=ended" in page

    def test_a_version_is_told_once_and_only_when_published(self) -> None:
        self.start()
        with pytest.raises(campaigns.AlreadyNotified):
            self.start()
        draft = factory.make_draft(years=4, based_on=self.version, effective_on=date(2027, 6, 1))
        with pytest.raises(campaigns.NotPublished):
            campaigns.notify_of_version(draft, actor=self.odile, at=NOON)
        with pytest.raises(NotPermitted):
            campaigns.notify_of_version(self.version, actor=factory.make_hana(), at=NOON)

    @pytest.mark.asvs("15.2.2")
    def test_listing_goes_on_in_slices(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deliveries, "BATCH_SIZE", 2)
            campaign = self.start()
            self.told()
        campaign.refresh_from_db()
        assert campaign.progress.total == 3
        assert campaign.listed_at is not None

    def test_a_dead_mail_server_parks_it_where_a_person_sees_it(self) -> None:
        campaign = self.start()
        with mailbox() as box:
            box.mood = REFUSE
            dispatch_due(at=NOON)
        delivery = campaign.deliveries.get(subject_id=self.mina.id)
        assert (delivery.state, delivery.trouble) == ("waiting", "SMTPDataError")
        campaigns.mark_parked(delivery, failed=campaigns.MAIL, why="SMTPDataError", actor=self.odile, at=NOON)
        assert campaign.progress.parked == 1
        self.assertLedgered("campaigns.delivery.parked", delivery)

    @pytest.mark.truth("campaign-text-and-digest-altered")
    def test_a_text_altered_with_its_digest_goes_to_nobody(self) -> None:
        """Who can change the text can change the digest beside it, but not the one on the audit trail."""
        campaign = self.start()
        campaign.text_ko = campaign.text_en = "다른 글"
        Campaign.objects.filter(pk=campaign.pk).update(
            text_ko=campaign.text_ko, text_en=campaign.text_en, digest=digest_of(campaign)
        )
        assert self.told() == {}
        assert set(campaign.deliveries.filter(state="waiting").values_list("trouble", flat=True)) == {"TextAltered"}
        assert not Campaign.objects.get(pk=campaign.pk).is_intact

    @pytest.mark.truth("told-another-way-overwritten")
    def test_a_mail_under_way_does_not_erase_that_she_was_told_by_phone(self) -> None:
        campaign = self.start()
        with mailbox() as box:
            box.mood = REFUSE
            dispatch_due(at=NOON)
        delivery = campaign.deliveries.get(subject_id=self.mina.id)
        campaigns.record_offline_notice(delivery, way="phone", on=NOON.date(), actor=self.odile, at=NOON)
        campaigns.mark_sent(delivery, actor=SystemActor("campaigns"), at=NOON)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.way, delivery.settled_by) == ("told", "phone", self.odile.ref)
        self.assertLedgered("campaigns.delivery.sent", delivery)

    def test_who_was_told_has_a_time_and_a_name_or_the_database_refuses(self) -> None:
        campaign = self.start()
        self.told()
        for change in ({"state": "sent"}, {"settled_at": NOON}):
            with pytest.raises(Error, match="told_if_and_only_if_proven"), transaction.atomic():
                Delivery.objects.filter(campaign=campaign, subject_id=self.silent.id).update(**change)

    def test_letters_are_printed_for_a_reason_and_on_record(self) -> None:
        campaign = self.start()
        self.told()
        with pytest.raises(letters.NoPostalAddress):
            letters.print_letters(campaign, reason="told by letter", actor=self.odile, at=NOON)
        factory.make_contact(self.silent, kind="address", value="서울시 강남구 1-1 홍길동")
        assert letters.print_letters(campaign, reason="told by letter", actor=self.odile, at=NOON).startswith(b"%PDF-")
        assert Entry.objects.naming(self.silent.id).filter(task="campaigns.letters.printed").exists()

    @pytest.mark.truth("disputed-addresses-at-the-head")
    def test_disputed_addresses_hold_up_no_letter_behind_them_and_are_not_counted(self) -> None:
        other = factory.make_mina()
        for one in (self.silent, other):
            factory.make_contact(one, kind="address", value="서울시 강남구 1-1 홍길동")
        campaign = self.start()
        self.told()
        first = campaign.deliveries.filter(subject_id__in=[self.silent.id, other.id]).order_by("id").first()
        assert first is not None
        factory.make_freeze(first.subject_id, category="contact", item="address", at=NOON)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(letters, "MAX_LETTERS", 1)
            assert letters.count_next_letters(campaign, at=NOON) == 1
            made = letters.print_letters(campaign, reason="told by letter", actor=self.odile, at=NOON)
        assert made.startswith(b"%PDF-")
        written = {self.silent.id, other.id} - {first.subject_id}
        assert Entry.objects.naming(written.pop()).filter(task="campaigns.letters.printed").exists()
        assert not Entry.objects.naming(first.subject_id).filter(task="campaigns.letters.printed").exists()


@pytest.mark.clause("P0.3")
class ConsoleTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(factory.make_odile())
        factory.make_contact(factory.make_mina(), value="mina@example.org")
        self.version = factory.make_policy()

    def test_the_officer_starts_it_on_the_page_of_the_version_and_follows_it(self) -> None:
        page = self.client.get(reverse("admin:policies_policyversion_change", args=[self.version.pk]))
        address = reverse("admin:campaigns_campaign_policy", args=[self.version.pk])
        assert address in page.content.decode()
        asked = self.client.get(address).content.decode()
        assert "1" in asked
        assert not Campaign.objects.exists()
        answer = self.client.post(address)
        campaign = Campaign.objects.get()
        assert answer.headers["Location"] == reverse("admin:campaigns_campaign_change", args=[campaign.pk])
        assert self.client.get(answer.headers["Location"]).headers["Refresh"] == "5"
        assert "Refresh" not in self.client.get(f"{answer.headers['Location']}?stay").headers
        with mailbox():
            dispatch_due(at=NOON)
        settled = self.client.get(answer.headers["Location"])
        assert "Refresh" not in settled.headers
        assert "1 / 1" in settled.content.decode()

    def test_a_text_changed_behind_the_portal_is_shown(self) -> None:
        self.client.post(reverse("admin:campaigns_campaign_policy", args=[self.version.pk]))
        campaign = Campaign.objects.get()
        address = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
        assert b"notice-error" not in self.client.get(address).content
        Campaign.objects.update(text_ko="바뀐 글")
        assert b"notice-error" in self.client.get(address).content

    def test_how_people_were_told_is_recorded_on_the_list(self) -> None:
        factory.make_mina()
        self.client.post(reverse("admin:campaigns_campaign_policy", args=[self.version.pk]))
        with mailbox():
            dispatch_due(at=NOON)
        left = Delivery.objects.open().get()
        pressed = {
            "action": "record_telling", "_selected_action": str(left.pk), "index": "0", "confirmed": "yes",
            "way": "phone", "on": clock.today().isoformat(),
        }  # fmt: skip
        self.client.post(reverse("admin:campaigns_delivery_changelist"), pressed)
        left.refresh_from_db()
        assert left.state == "told"


@pytest.mark.truth("4")
class LettersTests(PortalTestCase):
    def test_two_notices_with_the_same_text_are_told_apart_by_nobody_s_guess(self) -> None:
        """People found later get the same text: their notice's number and day were told of the letters before, too."""
        odile = factory.make_odile()
        first, second = (
            campaigns.start_campaign(
                kind=Campaign.Kind.BREACH,
                about="incidents.incident:x",
                occasion=f"I-1 full {number}",
                title={"ko": "통지", "en": "Notice"},
                text={"ko": "내용", "en": "Contents"},
                subject_ids=[factory.make_mina().id],
                actor=odile,
                at=NOON + timedelta(days=number),
            )
            for number in range(2)
        )
        assert first.digest == second.digest
        found = issued_documents.find_document(first.digest)
        assert found is not None
        assert found.genuine
        assert (found.number, found.issued_at) == (f"{first.reference}, {second.reference}", first.started_at)
