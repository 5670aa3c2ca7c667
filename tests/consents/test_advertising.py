"""May this channel be used for this person now, and why? (P8.12, law C-14 … C-19)"""

from datetime import UTC, date, datetime, timedelta

import pytest

from consents import advertising
from consents.models import AgreementVersion
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
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
        noon = clock.midnight(clock.kst_date(asked) + timedelta(days=1)) + timedelta(hours=12)
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

    @pytest.mark.law("C-17")
    def test_one_channel_is_the_scope_of_its_withdrawal_and_the_use_for_marketing_is_all_of_them(self) -> None:
        asked = AgreementVersion.objects.get(agreement__code="marketing-use").published_at
        assert asked is not None
        noon = clock.midnight(clock.kst_date(asked) + timedelta(days=1)) + timedelta(hours=12)
        channels = ("sms", "email", "push")
        for code in ("marketing-use", *(f"advertising-{channel}" for channel in channels)):
            factory.agree(self.device, code, at=noon)
        factory.decide(self.device, "advertising-push", "withdraw", at=noon + timedelta(minutes=1))
        then = noon + timedelta(minutes=2)
        assert [self.because(channel, then) for channel in channels] == [["agreed"], ["agreed"], ["refused"]]
        factory.decide(self.device, "marketing-use", "withdraw", at=noon + timedelta(minutes=3))
        then = noon + timedelta(minutes=4)
        assert all("marketing-use-refused" in self.because(channel, then) for channel in channels)

    def test_a_withdrawal_counts_at_once_whatever_the_clock_of_its_device_says(self) -> None:
        minute, gate, code = timedelta(minutes=1), factory.make_gate(), "advertising-sms"
        factory.agree(self.device, code, at=factory.NOON - minute, decided_at=factory.NOON - minute, actor=gate)
        ahead = factory.NOON + 4 * minute
        factory.decide(self.device, code, "withdraw", at=factory.NOON, decided_at=ahead, actor=gate)
        assert self.because(at=factory.NOON) == ["refused"]
        # One that ran behind, asked about after the person has agreed again.
        later = factory.NOON + timedelta(days=1)
        factory.agree(self.device, code, at=later, decided_at=later, actor=gate)
        behind = later - 3 * minute
        factory.decide(self.device, code, "withdraw", at=later + minute, decided_at=behind, actor=gate)
        factory.agree(self.device, code, at=later + timedelta(days=1), actor=gate)
        assert self.because(at=later + timedelta(hours=1)) == ["refused"]
        assert self.because(at=later + timedelta(days=1, hours=1)) == ["agreed"]

    def test_an_agreement_without_effect_stood_at_no_moment(self) -> None:
        """It arrives late and is dated between what a withdrawal ended and that; a new one later changes nothing."""
        minute, gate, code = timedelta(minutes=1), factory.make_gate(), "advertising-sms"
        for choice, dated, recorded in (("agree", 3, 0), ("withdraw", 1, 1), ("agree", 2, 20)):
            dated_at, at = factory.NOON + dated * minute, factory.NOON + recorded * minute
            factory.decide(self.device, code, choice, at=at, decided_at=dated_at, actor=gate)
        then, next_day = factory.NOON + timedelta(hours=1), factory.NOON + timedelta(days=1)
        assert self.because(at=then) == ["refused"]
        factory.agree(self.device, code, at=next_day, actor=gate)
        assert self.because(at=then) == ["refused"]
        assert self.because(at=factory.NOON + 2.5 * minute) == ["refused"]
        assert self.because(at=next_day) == ["agreed"]

    def test_an_agreement_that_a_refusal_came_before_stood_at_no_moment(self) -> None:
        """It is dated before the refusal that was on record when it arrived; so is one here, by paper."""
        hour = timedelta(hours=1)
        for code, actor in (("advertising-sms", factory.make_gate()), ("advertising-email", factory.make_hana())):
            factory.decide(self.device, code, "disagree", at=factory.NOON, actor=actor)
            factory.agree(self.device, code, at=factory.NOON + hour, decided_at=factory.NOON - hour, actor=actor)
            for moment in (-hour, -hour / 2, 0 * hour, hour, 2 * hour):
                stood = advertising.latest_decision(self.device.subject_id, code, factory.NOON + moment)
                assert stood is None or stood.choice == "disagree", (code, moment)

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
