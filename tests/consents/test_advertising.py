"""May this channel be used for this person now, and why? (P8.12, law C-14 … C-19)"""

from datetime import UTC, date, datetime, timedelta

import pytest

from consents import advertising
from consents.models import AgreementVersion
from privacy.ledger.actors import SystemActor
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

NIGHT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 21:00 in Korea
MORNING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # 08:00 in Korea


@pytest.mark.clause("P8.12")
class PermissionTest(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device()

    def because(self, channel: str = "sms", at: datetime = factory.NOON) -> list[str]:
        found = advertising.permission(self.device.subject_id, channel, at)
        assert found.allowed == ([reason.code for reason in found.because] == ["agreed"])
        return [reason.code for reason in found.because]

    @pytest.mark.law("C-14")
    def test_without_a_consent_nothing_is_sent(self) -> None:
        assert self.because() == ["no-consent"]

    @pytest.mark.law("C-14")
    def test_each_channel_needs_its_own(self) -> None:
        factory.agree(self.device, "advertising-sms")
        assert self.because("sms") == ["agreed"]
        assert self.because("email") == ["no-consent"]
        assert self.because("push") == ["no-consent"]

    @pytest.mark.law("C-02", "C-14")
    def test_the_use_for_marketing_is_agreed_to_apart_from_receiving_it(self) -> None:
        """From the day on which it is asked apart: what was answered before stays as it was."""
        asked = AgreementVersion.objects.get(agreement__code="marketing-use").published_at
        assert asked is not None
        factory.agree(self.device, "advertising-email", at=asked - timedelta(days=1))
        assert self.because("email", at=asked - timedelta(seconds=1)) == ["agreed"]
        noon = asked + timedelta(hours=12)
        assert self.because("email", at=noon) == ["no-marketing-use"]
        factory.decide(self.device, "marketing-use", "disagree", at=noon)
        assert self.because("email", at=noon) == ["marketing-use-refused"]
        factory.agree(self.device, "marketing-use", at=noon + timedelta(minutes=1))
        assert self.because("email", at=noon + timedelta(minutes=1)) == ["agreed"]
        assert self.because("sms", noon + timedelta(minutes=1)) == ["no-consent"]
        factory.make_agreement_text("marketing-use", at=noon + timedelta(minutes=2))
        assert self.because("email", at=noon + timedelta(minutes=2)) == ["marketing-text-changed"]

    @pytest.mark.law("C-17")
    def test_who_refused_or_withdrew_gets_nothing(self) -> None:
        factory.decide(self.device, "advertising-sms", "disagree", at=factory.NOON - timedelta(days=2))
        assert self.because() == ["refused"]
        factory.agree(self.device, "advertising-sms", at=factory.NOON - timedelta(days=1))
        assert self.because() == ["agreed"]
        factory.decide(self.device, "advertising-sms", "withdraw", at=factory.NOON)
        assert self.because() == ["refused"]

    def test_a_past_moment_is_answered_as_it_was_then(self) -> None:
        factory.agree(self.device, "advertising-sms", at=factory.NOON)
        factory.decide(self.device, "advertising-sms", "withdraw", at=factory.NOON + timedelta(days=2))
        assert self.because(at=factory.NOON + timedelta(days=1)) == ["agreed"]

    @pytest.mark.truth("15")
    def test_what_came_later_stands_against_no_past_moment(self) -> None:
        hour = timedelta(hours=1)
        factory.agree(self.device, "advertising-sms", at=factory.NOON)
        factory.agree(self.device, "advertising-night", at=factory.NOON)
        for agreement in ("advertising-sms", "advertising-night"):
            factory.make_agreement_text(agreement, at=factory.NOON + 30 * hour)
        assert self.because(at=NIGHT) == ["agreed"]
        assert self.because(at=factory.NOON + 30 * hour) == ["text-changed"]
        subject = Subject.objects.get(pk=self.device.subject_id)
        subjects.mark_withdrawn(subject, actor=SystemActor("tests"), at=factory.NOON + 48 * hour)
        assert self.because(at=NIGHT) == ["agreed"]
        assert self.because(at=factory.NOON + 48 * hour) == ["withdrawn", "text-changed"]

    @pytest.mark.law("C-16")
    def test_the_night_needs_a_consent_of_its_own_but_for_email(self) -> None:
        factory.agree(self.device, "advertising-sms")
        factory.agree(self.device, "advertising-email")
        for moment, night in ((NIGHT - timedelta(seconds=1), False), (NIGHT, True), (MORNING, False)):
            assert self.because("sms", moment) == (["night"] if night else ["agreed"])
            assert self.because("email", moment) == ["agreed"]
        assert self.because("sms", MORNING - timedelta(seconds=1)) == ["night"]
        factory.agree(self.device, "advertising-night")
        assert self.because("sms", NIGHT) == ["agreed"]

    @pytest.mark.law("C-19")
    def test_the_consent_is_confirmed_before_two_years_are_over(self) -> None:
        decided = datetime(2024, 3, 9, 15, 0, tzinfo=UTC)  # 10 March in Korea
        factory.agree(self.device, "advertising-sms", at=decided)
        found = advertising.permission(self.device.subject_id, "sms", datetime(2026, 3, 9, 3, 0, tzinfo=UTC))
        assert found.confirm_by == date(2026, 3, 9)
        assert found.allowed
        assert self.because("sms", datetime(2026, 3, 10, 3, 0, tzinfo=UTC)) == ["confirmation-overdue"]

    def test_a_changed_text_needs_a_new_consent(self) -> None:
        factory.agree(self.device, "advertising-sms", at=factory.NOON - timedelta(days=1))
        factory.make_agreement_text("advertising-sms", at=factory.NOON - timedelta(hours=1))
        assert self.because() == ["text-changed"]

    @pytest.mark.law("C-17")
    def test_suspended_and_ended_people_get_nothing(self) -> None:
        factory.agree(self.device, "advertising-sms")
        factory.make_freeze(self.device.subject_id, cause="suspension", at=factory.NOON)
        assert self.because() == ["suspended"]
        subjects.mark_withdrawn(
            Subject.objects.get(pk=self.device.subject_id), actor=SystemActor("tests"), at=factory.NOON
        )
        assert self.because() == ["withdrawn", "suspended"]
