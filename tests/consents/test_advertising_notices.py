"""The result of a decision about advertising is told within 14 days, and confirmed every two years (law C-18, C-19)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from consents import actions as consents
from consents import advertising, agenda
from consents.models import AdvertisingNotice
from consents.tasks import send_notice
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import System
from privacy.lib.ids import new_id
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

ADVERTISING = System("advertising")


@pytest.mark.clause("P8.12")
class NoticeTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device()

    def reachable(self, address: str = "mina@example.com") -> None:
        subject = Subject.objects.get(pk=self.device.subject_id)
        subjects.record_contact(subject, kind="email", value=address, actor=System("tests"), at=factory.NOON)

    def deliver(self, *, at: datetime = factory.NOON) -> None:
        for row in GeneralOutbox.objects.filter(kind="consents.advertising"):
            send_notice(row.ids, event=row.id, starts=1, at=at)

    def test_every_decision_about_advertising_has_a_result_within_fourteen_days(self) -> None:
        factory.agree(self.device, "advertising-sms")
        factory.decide(self.device, "advertising-night", "disagree")
        factory.agree(self.device, "app-log")
        due = dict(AdvertisingNotice.objects.values_list("decision__agreement__code", "due_on"))
        assert due == {"advertising-sms": date(2026, 12, 8), "advertising-night": date(2026, 12, 8)}

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

    def test_who_has_no_address_is_unreachable_and_not_forgotten(self) -> None:
        factory.agree(self.device, "advertising-push")
        self.deliver()
        assert not mail.outbox
        assert AdvertisingNotice.objects.get().state == "unreachable"
        assert AdvertisingNotice.objects.late(date(2026, 12, 9)).count() == 1

    def test_a_consent_is_asked_about_before_its_two_years_are_over(self) -> None:
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)  # 10 March in Korea
        decision = factory.agree(self.device, "advertising-email", at=decided)
        asked = []
        for day in (date(2026, 2, 6), date(2026, 2, 8), date(2026, 2, 9)):
            at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=3)
            asked.append(consents.ask_to_confirm(on=day, actor=ADVERTISING, at=at))
        assert asked == [0, 1, 0]
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        assert (notice.due_on, notice.decision) == (date(2026, 3, 9), decision)

    def test_after_the_question_the_consent_stands_for_two_years_more(self) -> None:
        self.reachable()
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)
        decision = factory.agree(self.device, "advertising-email", at=decided)
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        consents.ask_to_confirm(on=date(2026, 2, 10), actor=ADVERTISING, at=at)
        self.deliver(at=at)
        assert advertising.confirm_by(decision) == date(2028, 2, 9)
        dated = [*agenda.confirmations(date(2026, 2, 1), date(2028, 12, 31))]
        assert [(one.on, one.count) for one in dated] == [(date(2028, 2, 9), 1)]
        later = datetime(2026, 3, 20, 3, tzinfo=UTC)
        assert advertising.permission(self.device.subject_id, "email", later).allowed

    def test_nobody_is_asked_who_withdrew(self) -> None:
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)
        factory.agree(self.device, "advertising-email", at=decided)
        factory.decide(self.device, "advertising-email", "withdraw", at=decided + timedelta(days=300))
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        assert consents.ask_to_confirm(on=date(2026, 2, 10), actor=ADVERTISING, at=at) == 0

    def test_a_delivery_that_is_repeated_sends_nothing_more(self) -> None:
        self.reachable()
        factory.agree(self.device, "advertising-email")
        notice = AdvertisingNotice.objects.get()
        consents.mark_sent(notice.id, message_id="<x@y>", actor=ADVERTISING, at=factory.NOON)
        send_notice({"notice": str(notice.id)}, event=new_id(), starts=2, at=factory.NOON)
        assert not mail.outbox
