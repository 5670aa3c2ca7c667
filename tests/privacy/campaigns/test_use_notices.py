"""The yearly notice of use and provision: what it says, who gets it, who has refused it, when it is due (C-22)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

import pytest
from django.db import IntegrityError, connections, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters
from privacy.campaigns.models import Campaign, Delivery, UseNoticeRefusal
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import deadlines, registers
from privacy.safeguards import actions as safeguards
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.law("C-22")
class UseNoticeTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.mina, self.juno, self.silent = (factory.make_mina() for _number in range(3))
        factory.make_contact(self.mina, value="mina@example.org")
        factory.make_contact(self.juno, value="juno@example.org", language="en")
        factory.decide(self.juno, "activation", "agree", language="en")

    def start(self) -> Campaign:
        return campaigns.notify_of_use(actor=self.odile, at=NOON)

    def told(self) -> dict[str, str]:
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        return {str(message["To"]): message.get_content() for message in box.arrived}

    def refuse(self, subject: Subject, **changes: object) -> UseNoticeRefusal:
        values = {"refused_on": TODAY, "how": "전화", "actor": self.odile, "at": NOON, **changes}
        return campaigns.refuse_use_notice(person=subject.reference.lower(), **values)  # type: ignore[arg-type]

    def test_it_says_purposes_items_recipients_and_where_to_see_more(self) -> None:
        """Decree art. 15-3(3) nos. 1 and 2, and the way to one's own history (PIPA art. 20-2(1))."""
        factory.name_recipient("acme", items=["model"])
        campaign = self.start()
        for said in ("서비스 앱의 로그. 이용 목적: 오류 분석", "Acme Devices: 모델명", "/rights/", "02-6928-6774"):
            assert said in campaign.text_ko, said
        for said in ("What we collect", "Acme Devices: Model name. Purpose: purpose en", "/rights/", "don't want"):
            assert said in campaign.text_en, said

    def test_everybody_who_can_be_reached_is_told_and_nobody_else_is_listed(self) -> None:
        campaign = self.start()
        assert set(self.told()) == {"mina@example.org", "juno@example.org"}
        assert "Once a year" in campaign.text_en
        assert not campaign.deliveries.filter(subject_id=self.silent.id).exists(), "no address of hers is held"
        campaign.refresh_from_db()
        assert campaign.state == Campaign.State.FINISHED

    def test_who_has_refused_it_is_left_out_until_they_want_it_again(self) -> None:
        refusal = self.refuse(self.mina)
        self.assertLedgered("campaigns.use-notice.refused", refusal)
        with pytest.raises(campaigns.AlreadyRefused):
            self.refuse(self.mina)
        campaign = self.start()
        assert set(self.told()) == {"juno@example.org"}
        assert not campaign.deliveries.filter(subject_id=self.mina.id).exists()
        campaigns.withdraw_refusal(refusal, actor=self.odile, at=NOON)
        with pytest.raises(campaigns.AlreadyRefused):
            campaigns.withdraw_refusal(refusal, actor=self.odile, at=NOON)
        later = NOON.replace(year=2027)
        again = campaigns.notify_of_use(actor=self.odile, at=later)
        campaigns.list_next_slice(again.pk, after="", actor=self.odile, at=later)
        assert again.deliveries.filter(subject_id=self.mina.id).exists()

    def test_a_refusal_stops_the_notice_that_waits_and_no_other(self) -> None:
        campaign = self.start()
        version = campaigns.notify_of_version(factory.make_policy(), actor=self.odile, at=NOON)
        for one in (campaign, version):
            campaigns.list_next_slice(one.pk, after="", actor=self.odile, at=NOON)
        self.refuse(self.mina)
        assert campaign.deliveries.get(subject_id=self.mina.id).state == Delivery.State.REFUSED
        assert version.deliveries.get(subject_id=self.mina.id).state == Delivery.State.WAITING
        assert campaign.progress.refused == 1
        with pytest.raises(campaigns.DeliverySettled, match="거부"):
            campaigns.record_offline_notice(
                campaign.deliveries.get(subject_id=self.mina.id), way="phone", on=TODAY, actor=self.odile, at=NOON
            )
        assert campaign.progress.refused == 1

    def test_a_mail_that_comes_back_from_who_has_refused_since_asks_for_no_letter(self) -> None:
        """Their delivery says so, and the campaign stays finished; of whom nothing was refused somebody must look."""
        factory.make_contact(self.mina, kind="address", value="1 Sejong-ro")
        campaign = self.start()
        self.told()
        sent = {one.subject_id: one for one in campaign.deliveries.all()}
        campaigns.withdraw_refusal(self.refuse(self.juno), actor=self.odile, at=NOON)
        self.refuse(self.mina)
        for subject in (self.mina, self.juno):
            assert campaigns.mark_bounced(sent[subject.id], why="5.1.1", actor=self.odile, at=NOON + DAY)
            self.assertLedgered("campaigns.delivery.bounced", sent[subject.id])
            assert campaign.deliveries.get(subject_id=subject.id).state == Delivery.State.REFUSED
        campaign.refresh_from_db()
        assert campaign.state == Campaign.State.FINISHED
        with pytest.raises(letters.NoPostalAddress):
            letters.print_letters(campaign, reason="x", actor=self.odile, at=NOON + DAY)
        later = NOON.replace(year=2027)
        again = campaigns.notify_of_use(actor=self.odile, at=later)
        campaigns.list_next_slice(again.pk, after="", actor=self.odile, at=later)
        juno = again.deliveries.get()
        campaigns.mark_sent(juno, actor=self.odile, at=later)
        assert campaigns.mark_bounced(juno, why="5.1.1", actor=self.odile, at=later)
        assert again.deliveries.get().state == Delivery.State.PARKED, "a refusal of another year, withdrawn since"

    def test_who_withdraws_while_people_are_listed_is_told_from_the_next_one_on(self) -> None:
        """Withdrawn before a campaign starts, be it on that day, it counts no more."""
        early, late = self.refuse(self.juno), self.refuse(self.mina)
        campaigns.withdraw_refusal(early, actor=self.odile, at=NOON)
        campaign = self.start()
        campaigns.withdraw_refusal(late, actor=self.odile, at=NOON)
        assert set(self.told()) == {"juno@example.org"}
        assert campaign.deliveries.get(subject_id=self.mina.id).state == Delivery.State.REFUSED
        campaign.refresh_from_db()
        assert campaign.state == Campaign.State.FINISHED

    def test_a_refusal_concerns_one_reference_and_the_page_says_so(self) -> None:
        """Who shares an address may be somebody else, whom nothing frees the company from telling."""
        factory.make_contact(self.silent, value="mina@example.org")
        self.refuse(self.mina)
        campaign = self.start()
        assert set(self.told()) == {"mina@example.org", "juno@example.org"}
        assert not campaign.deliveries.filter(subject_id=self.mina.id).exists()
        self.client.force_login(self.odile)
        shown = self.client.get(reverse("admin:campaigns_usenoticerefusal_new")).content.decode()
        assert "식별번호마다 거부를 기록하십시오" in shown

    def test_it_goes_out_once_a_year_by_an_officer(self) -> None:
        with pytest.raises(NotPermitted):
            campaigns.notify_of_use(actor=factory.make_hana(), at=NOON)
        self.start()
        with pytest.raises(campaigns.AlreadyNotified):
            self.start()

    def test_a_refusal_names_somebody_and_is_not_of_tomorrow(self) -> None:
        with pytest.raises(campaigns.UnknownPerson):
            campaigns.refuse_use_notice(person="X", refused_on=TODAY, how="전화", actor=self.odile, at=NOON)
        with pytest.raises(Refusal):
            self.refuse(self.mina, refused_on=TODAY + DAY)
        with pytest.raises(NotPermitted):
            self.refuse(self.mina, actor=factory.make_aram())
        made = self.refuse(self.mina)
        with pytest.raises(IntegrityError, match="says_by_whom"), transaction.atomic():
            UseNoticeRefusal.objects.filter(pk=made.pk).update(withdrawn_on=TODAY)

    def test_the_office_sees_the_text_before_it_starts_it_and_records_refusals(self) -> None:
        self.client.force_login(self.odile)
        new = reverse("admin:campaigns_usenoticerefusal_new")
        refused = self.client.post(new, {"person": "D-0000", "refused_on": clock.today().isoformat(), "how": "편지"})
        assert "편지" in refused.content.decode(), "what was typed stays"
        typed = {"person": self.mina.reference, "refused_on": clock.today().isoformat(), "how": "편지"}
        assert self.mina.reference in self.client.post(new, typed, follow=True).content.decode()
        page = reverse("admin:campaigns_campaign_use")
        shown = self.client.get(page).content.decode()
        assert "What we collect, and for what:" in shown
        assert "1명이 거부하여" in shown
        assert not Campaign.objects.exists()
        self.client.post(page)
        assert Campaign.objects.get().about == f"campaigns.use-notice:{clock.today().year}"

    def test_refusals_have_a_register(self) -> None:
        self.refuse(self.mina)
        window = registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), self.odile, NOON, "점검")
        (row,) = registers.get("use-notice-refusals").rows(window)
        assert self.mina.reference in row


@pytest.mark.law("C-22")
class DueTest(PortalTestCase):
    def due(self) -> list[date]:
        found = deadlines.deadlines_between(
            date(2020, 1, 1), date(2099, 1, 1), on=TODAY, may=lambda _p: True, names={"safeguards.use-notice"}
        )
        return [line.dated.on for line in found]

    def test_it_is_due_within_a_year_where_the_duty_binds(self) -> None:
        odile = factory.make_odile()
        safeguards.record_figures(
            year=2025, sales=0, average_sales=0, people=1_000_000, sensitive_people=0, users=0, is_small=False,
            source="통계", actor=odile, at=NOON,
        )  # fmt: skip
        decision = {"threshold": "use-notice", "reasons": "100만 명", "actor": odile}
        safeguards.decide_applicability(applies=False, at=NOON, **decision)  # type: ignore[arg-type]
        assert self.due() == []
        measure = factory.make_measure("use-notice")
        safeguards.decide_applicability(applies=True, measure=measure, at=NOON + DAY, **decision)  # type: ignore[arg-type]
        assert self.due() == [date(2027, 11, 25)]
        # To decide the same again puts nothing off; a break does.
        again = {"applies": True, "measure": measure, **decision}
        safeguards.decide_applicability(at=NOON + 5 * DAY, **again)  # type: ignore[arg-type]
        assert self.due() == [date(2027, 11, 25)]
        safeguards.decide_applicability(applies=False, at=NOON + 6 * DAY, **decision)  # type: ignore[arg-type]
        safeguards.decide_applicability(at=NOON + 7 * DAY, **again)  # type: ignore[arg-type]
        assert self.due() == [date(2027, 12, 1)]
        campaigns.notify_of_use(actor=odile, at=NOON + 10 * DAY)
        assert self.due() == [date(2027, 12, 4)]


def test_a_mail_that_went_out_waits_for_a_refusal_that_is_being_recorded(portal_database: PortalDatabase) -> None:
    """Who refuses holds the campaign, then takes the delivery: whoever sent the mail must not hold it meanwhile."""
    factory.make_contact(factory.make_mina(), value="mina@example.org")
    campaign = campaigns.notify_of_use(actor=factory.make_odile(), at=NOON)
    campaigns.list_next_slice(campaign.pk, after="", actor=SystemActor("campaigns"), at=NOON)
    delivery = campaign.deliveries.get()

    def sent() -> None:
        try:
            campaigns.mark_sent(delivery, actor=SystemActor("campaigns"), at=NOON)
        finally:
            connections.close_all()

    with (
        ThreadPoolExecutor(1) as pool,
        portal_database.connect() as holder,
        portal_database.connect() as watcher,
    ):
        holder.autocommit, watcher.autocommit = False, True
        holder.execute("SELECT 1 FROM campaigns_campaign FOR UPDATE")
        act = pool.submit(sent)
        while not act.done() and watcher.execute(WAITING).fetchone() != (1,):
            pass
        holder.execute("SELECT 1 FROM campaigns_delivery FOR UPDATE NOWAIT")
        holder.commit()
        act.result(timeout=20)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT


def test_who_starts_it_at_the_same_moment_as_somebody_else_is_told_that_it_runs(
    portal_database: PortalDatabase,
) -> None:
    odile, client = factory.make_officer(), Client()
    client.force_login(odile)
    began, may_end = Event(), Event()

    def first() -> None:
        try:
            with transaction.atomic():
                campaigns.notify_of_use(actor=odile, at=clock.now())
                began.set()
                may_end.wait(20)
        finally:
            connections.close_all()

    def second() -> HttpResponse:
        try:
            return client.post(reverse("admin:campaigns_campaign_use"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool, portal_database.connect() as watcher:
        watcher.autocommit = True
        winner = pool.submit(first)
        began.wait(20)
        loser = pool.submit(second)
        while not loser.done() and watcher.execute(WAITING).fetchone() != (1,):
            pass
        may_end.set()
        winner.result(timeout=20)
        page = loser.result(timeout=20).content.decode()
    assert "이미 통지하고 있습니다" in page
    assert Campaign.objects.count() == 1
