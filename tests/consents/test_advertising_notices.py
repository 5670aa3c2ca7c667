"""The result of a decision about advertising is told within 14 days, and confirmed every two years (law C-18, C-19)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import translation

from consents import actions as consents
from consents import advertising, deadlines
from consents.models import AdvertisingNotice
from consents.tasks import send_notice
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

ADVERTISING = SystemActor("advertising")


@pytest.mark.clause("P8.12")
class NoticeTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device()

    def reachable(self, address: str = "mina@example.com") -> None:
        subject = Subject.objects.get(pk=self.device.subject_id)
        subjects.record_contact(subject, kind="email", value=address, actor=SystemActor("tests"), at=factory.NOON)

    def deliver(self, *, at: datetime = factory.NOON) -> None:
        for row in GeneralOutbox.objects.filter(kind="consents.advertising"):
            send_notice(row.ids, event=row.id, starts=1, at=at)

    @pytest.mark.law("C-18")
    def test_every_decision_about_advertising_has_a_result_within_fourteen_days(self) -> None:
        factory.agree(self.device, "advertising-sms")
        factory.decide(self.device, "advertising-night", "disagree")
        factory.agree(self.device, "app-log")
        due = dict(AdvertisingNotice.objects.values_list("decision__agreement__code", "due_on"))
        assert due == {"advertising-sms": date(2026, 12, 8), "advertising-night": date(2026, 12, 8)}
        withdrawn = factory.decide(self.device, "advertising-sms", "withdraw")
        assert AdvertisingNotice.objects.get(decision=withdrawn).due_on == date(2026, 12, 8)

    @pytest.mark.law("C-18")
    def test_a_result_that_arrives_after_its_fourteen_days_is_late(self) -> None:
        """The days count from the decision: a gateway that held it back moves nothing."""
        decided_at = factory.NOON - timedelta(days=20)
        factory.decide(self.device, "advertising-sms", "disagree", decided_at=decided_at)
        assert AdvertisingNotice.objects.get().due_on == clock.kst_date(factory.NOON) - timedelta(days=6)
        assert AdvertisingNotice.objects.late(clock.kst_date(factory.NOON)).count() == 1

    def test_it_is_sent_once_by_mail(self) -> None:
        self.reachable()
        factory.agree(self.device, "advertising-email", language="en")
        for _again in range(2):
            self.deliver()
        assert len(mail.outbox) == 1
        message = mail.outbox[0]
        notice = AdvertisingNotice.objects.get()
        assert message.to == ["mina@example.com"]
        assert notice.decision.reference in message.body
        assert "Extrus" in message.body
        assert (notice.state, notice.sent_at) == ("sent", factory.NOON)
        assert str(notice.id) in message.extra_headers["Message-ID"]
        self.assertLedgered("consents.notice.sent", notice)

    @pytest.mark.law("C-18")
    def test_who_has_no_address_is_unreachable_and_not_forgotten(self) -> None:
        factory.agree(self.device, "advertising-push")
        self.deliver()
        assert not mail.outbox
        assert AdvertisingNotice.objects.get().state == "unreachable"
        assert AdvertisingNotice.objects.late(date(2026, 12, 9)).count() == 1

    @pytest.mark.law("C-19")
    def test_a_consent_is_asked_about_before_its_two_years_are_over(self) -> None:
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)  # 10 March in Korea
        decision = factory.agree(self.device, "advertising-email", at=decided)
        asked = []
        for day in (date(2026, 2, 6), date(2026, 2, 8), date(2026, 2, 9)):
            at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=3)
            asked.append(consents.queue_confirmations(on=day, actor=ADVERTISING, at=at))
        assert asked == [0, 1, 0]
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        assert (notice.due_on, notice.decision) == (date(2026, 3, 9), decision)

    @pytest.mark.law("C-19")
    def test_after_the_question_the_consent_stands_for_two_years_more(self) -> None:
        self.reachable()
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)
        decision = factory.agree(self.device, "advertising-email", at=decided)
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        consents.queue_confirmations(on=date(2026, 2, 10), actor=ADVERTISING, at=at)
        self.deliver(at=at)
        assert advertising.confirm_by(decision) == date(2028, 2, 9)
        dated = [*deadlines.confirmations(date(2026, 2, 1), date(2028, 12, 31))]
        assert [(one.on, one.count) for one in dated] == [(date(2028, 2, 9), 1)]
        later = datetime(2026, 3, 20, 3, tzinfo=UTC)
        assert advertising.permission(self.device.subject_id, "email", later).allowed

    @pytest.mark.law("C-19")
    def test_a_question_that_goes_out_late_gives_no_longer_until_the_next_one(self) -> None:
        """Before the same day of every second year (ICN-D 62-3(1)), also where nobody could be asked in time."""
        decision = factory.agree(self.device, "advertising-email", at=datetime(2022, 3, 9, 15, 0, tzinfo=UTC))
        asked = datetime(2024, 2, 20, 3, tzinfo=UTC)
        consents.queue_confirmations(on=asked.date(), actor=ADVERTISING, at=asked)
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        for sent_on, until in (
            (date(2024, 3, 9), date(2026, 3, 8)),  # on its last day, and counts from then
            (date(2024, 9, 1), date(2026, 3, 9)),  # late
            (date(2026, 2, 7), date(2028, 2, 6)),  # when the next one could be asked already
            (date(2026, 3, 10), date(2028, 3, 9)),  # on the next same day
            (date(2028, 9, 1), date(2030, 3, 9)),  # after two of them
        ):
            at = datetime.combine(sent_on, datetime.min.time(), UTC) + timedelta(hours=3)
            with transaction.atomic():
                consents.mark_sent(notice.id, message_id="<x@y>", actor=ADVERTISING, at=at)
                assert advertising.confirm_by(decision) == until
                dated = [*deadlines.confirmations(date(2022, 1, 1), date(2031, 1, 1))]
                assert [(one.on, one.count) for one in dated] == [(until, 1)]
                early = until - timedelta(days=advertising.CONFIRM_BEFORE.days + 1)
                assert consents.queue_confirmations(on=early, actor=ADVERTISING, at=at) == 0
                assert consents.queue_confirmations(on=early + timedelta(days=1), actor=ADVERTISING, at=at) == 1
                assert consents.mark_returned(notice.id, why="550", actor=ADVERTISING, at=at)
                assert advertising.confirm_by(decision) == date(2024, 3, 9), "what came back confirms nothing"
                transaction.set_rollback(True)

    def test_a_late_question_that_comes_back_to_the_release_before_confirms_nothing(self) -> None:
        """It works on the new tables until its host has its turn, and leaves the day that it knows nothing of."""
        decision = factory.agree(self.device, "advertising-email", at=datetime(2022, 3, 9, 15, 0, tzinfo=UTC))
        asked, late = datetime(2024, 2, 20, 3, tzinfo=UTC), datetime(2024, 9, 1, 3, tzinfo=UTC)
        consents.queue_confirmations(on=asked.date(), actor=ADVERTISING, at=asked)
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        consents.mark_sent(notice.id, message_id="<x@y>", actor=ADVERTISING, at=late)
        AdvertisingNotice.objects.filter(pk=notice.pk).update(state="unreachable", sent_at=None, returned_at=late)
        assert advertising.confirm_by(decision) == date(2024, 3, 9)
        assert [*deadlines.confirmations(date(2026, 1, 1), date(2026, 12, 31))] == []

    @pytest.mark.truth("two-year-slice")
    def test_who_can_not_be_reached_stands_in_nobodys_way_and_counts_as_not_asked(self) -> None:
        decided = datetime(2022, 3, 9, 15, 0, tzinfo=UTC)
        silent, reached = self.device, factory.make_device(2)
        subject = Subject.objects.get(pk=reached.subject_id)
        subjects.record_contact(
            subject, kind="email", value="mina@example.com", actor=SystemActor("tests"), at=factory.NOON
        )
        factory.agree(silent, "advertising-email", at=decided)
        first = datetime(2024, 2, 20, 3, tzinfo=UTC)
        assert consents.queue_confirmations(on=first.date(), actor=ADVERTISING, at=first, most=1) == 1
        self.deliver(at=first)
        assert AdvertisingNotice.objects.get(kind="confirmation").state == "unreachable"
        assert not Entry.objects.filter(word="consents.confirmation.asked").exists()
        behind = factory.agree(reached, "advertising-email", at=decided + timedelta(days=1))
        later = datetime(2026, 3, 1, 3, tzinfo=UTC)
        assert consents.queue_confirmations(on=later.date(), actor=ADVERTISING, at=later, most=1) == 1
        self.deliver(at=later)
        assert consents.queue_confirmations(on=later.date(), actor=ADVERTISING, at=later, most=1) == 0
        assert AdvertisingNotice.objects.get(kind="confirmation", state="sent").decision == behind
        self.assertLedgered("consents.confirmation.asked", behind)

    @pytest.mark.truth("shown-nowhere")
    def test_a_notice_without_an_address_is_not_said_to_be_shown_anywhere(self) -> None:
        factory.agree(self.device, "advertising-email")
        self.deliver()
        with translation.override("en"):
            assert AdvertisingNotice.objects.get().get_state_display() == "no working address on record"

    @pytest.mark.truth("two-year-slice")
    def test_who_gives_an_address_later_is_written_to_then(self) -> None:
        factory.agree(self.device, "advertising-email")
        self.deliver()
        assert consents.retry_unreachable(actor=ADVERTISING, at=factory.NOON) == 0
        self.reachable()
        assert consents.retry_unreachable(actor=ADVERTISING, at=factory.NOON) == 1
        self.deliver()
        assert len(mail.outbox) == 1
        assert AdvertisingNotice.objects.get().state == "sent"
        assert consents.retry_unreachable(actor=ADVERTISING, at=factory.NOON) == 0

    @pytest.mark.truth("two-year-slice")
    def test_nobody_is_asked_about_a_consent_withdrawn_before_the_mail_went_out(self) -> None:
        self.reachable()
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)
        factory.agree(self.device, "advertising-email", at=decided)
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        consents.queue_confirmations(on=date(2026, 2, 10), actor=ADVERTISING, at=at)
        factory.decide(self.device, "advertising-email", "withdraw", at=at)
        self.deliver(at=at)
        assert AdvertisingNotice.objects.get(kind="confirmation").state == "dropped"
        assert not AdvertisingNotice.objects.filter(kind="confirmation").late(date(2027, 1, 1))

    @pytest.mark.truth("who-has-left-is-asked-nothing")
    def test_nobody_is_asked_after_the_registration_has_ended(self) -> None:
        self.reachable()
        factory.agree(self.device, "advertising-email", at=datetime(2024, 3, 9, 15, 0, tzinfo=UTC))
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        assert consents.queue_confirmations(on=date(2026, 2, 10), actor=ADVERTISING, at=at) == 1
        subjects.mark_withdrawn(Subject.objects.get(pk=self.device.subject_id), actor=ADVERTISING, at=at)
        self.deliver(at=at)
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        assert notice.state == "dropped"
        assert not notice.decision.advertising_notices.filter(kind="confirmation", state="sent").exists()
        assert len(mail.outbox) == 1, "the result of the decision alone"
        with translation.override("en"):
            assert "the registration has ended" in notice.get_state_display()

    @pytest.mark.truth("two-year-slice")
    def test_the_consent_to_the_night_is_confirmed_too(self) -> None:
        decision = factory.agree(self.device, "advertising-night", at=datetime(2024, 3, 9, 15, 0, tzinfo=UTC))
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        assert consents.queue_confirmations(on=date(2026, 2, 10), actor=ADVERTISING, at=at) == 1
        assert AdvertisingNotice.objects.get(kind="confirmation").decision == decision

    def test_nobody_is_asked_who_withdrew(self) -> None:
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)
        factory.agree(self.device, "advertising-email", at=decided)
        factory.decide(self.device, "advertising-email", "withdraw", at=decided + timedelta(days=300))
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        assert consents.queue_confirmations(on=date(2026, 2, 10), actor=ADVERTISING, at=at) == 0

    def test_a_delivery_that_is_repeated_sends_nothing_more(self) -> None:
        self.reachable()
        factory.agree(self.device, "advertising-email")
        notice = AdvertisingNotice.objects.get()
        consents.mark_sent(notice.id, message_id="<x@y>", actor=ADVERTISING, at=factory.NOON)
        send_notice({"notice": str(notice.id)}, event=new_id(), starts=2, at=factory.NOON)
        assert not mail.outbox
