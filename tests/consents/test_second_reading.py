"""What people are told about consents and asked for them: the recipient, the night, the office they can reach."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.core import mail

from consents import actions as consents
from consents import advertising
from consents.models import AdvertisingNotice, CurrentConsent, Decision
from consents.tasks import send_notice
from devices import actions as devices
from devices import api_consents
from devices.models import Challenge
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Officer
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

NIGHT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 21:00 in Korea
TESTS = SystemActor("tests")


class SecondReadingTest(PortalTestCase):
    @pytest.mark.truth("night-text-changed")
    def test_a_changed_text_about_the_night_needs_a_new_consent(self) -> None:
        device = factory.make_device()
        factory.agree(device, "advertising-sms", at=factory.NOON - timedelta(days=1))
        factory.agree(device, "advertising-night", at=factory.NOON - timedelta(days=1))
        assert advertising.permission(device.subject_id, "sms", NIGHT).allowed
        factory.make_agreement_text("advertising-night", at=factory.NOON - timedelta(hours=1), asks_again=True)
        found = advertising.permission(device.subject_id, "sms", NIGHT)
        assert [reason.code for reason in found.because] == ["night"]
        factory.agree(device, "advertising-night", at=factory.NOON)
        assert advertising.permission(device.subject_id, "sms", NIGHT).allowed

    @pytest.mark.law("P-02")
    @pytest.mark.truth("provision-names-its-recipient")
    def test_who_decides_about_a_provision_reads_who_receives_it(self) -> None:
        now = clock.now()
        device = factory.make_device(at=now)
        factory.make_provision_agreement("acme", at=now)
        decision = Decision.objects.get(agreement__code="activation")
        self.client.post("/consents/", {"code": factory.consent_code(decision, at=now)})
        page = self.client.get("/en/consents/provision-acme/", follow=True)
        self.assertContains(page, "recipient en")
        self.assertContains(page, "Recipient and purpose of use")
        made = factory.agree(device, "provision-acme", at=now)
        self.assertContains(self.client.get(f"/consents/receipts/{made.reference}/"), "recipient ko")

    @pytest.mark.truth("mails-name-the-office-of-today")
    def test_a_notice_names_the_department_and_the_number_of_the_day(self) -> None:
        device = factory.make_device(at=factory.NOON)
        subject = Subject.objects.get(pk=device.subject_id)
        subjects.record_contact(subject, kind="email", value="mina@example.org", actor=TESTS, at=factory.NOON)
        policies.designate_officer(
            name="김새롬", department_ko="개인정보보호팀", department_en="Privacy Team", phone="02-555-0199", email="",
            designated_from=date(2026, 11, 24), actor=factory.make_odile(granted=False), at=factory.NOON,
        )  # fmt: skip
        factory.agree(device, "advertising-email", at=factory.NOON, language="en")
        row = GeneralOutbox.objects.get(kind="consents.advertising")
        send_notice(row.ids, event=row.id, starts=1, at=factory.NOON)
        body = str(mail.outbox[0].body)
        assert "Privacy Team" in body and "02-555-0199" in body
        assert "02-6928-6774" not in body and "Security Business" not in body
        assert Officer.objects.on(date(2026, 11, 24)) is not None

    @pytest.mark.truth("proof-on-the-device-registered-twice")
    def test_the_question_goes_to_the_record_whose_service_goes_on(self) -> None:
        now = clock.now()
        old = factory.make_device(
            1, device_id=UUID(int=1), gateway=factory.make_gate("Old"), at=now - timedelta(days=30)
        )
        subjects.mark_withdrawn(Subject.objects.get(pk=old.subject_id), actor=TESTS, at=now - timedelta(days=20))
        new = factory.make_device(1, gateway=factory.make_gate("New"), at=now - timedelta(days=1))
        self.client.post("/consents/proof/device/", {"term": factory.imei(1)})
        asked = Challenge.objects.get(device_id=new.id, state="waiting")
        page = self.client.get("/consents/waiting/")
        self.assertContains(page, asked.shown)
        devices.answer_challenge(
            device_id=new.id,
            challenge_id=asked.id,
            confirmed=True,
            code=asked.shown,
            gateway=factory.make_gate("New"),
            at=clock.now(),
        )
        opened = self.client.post("/consents/waiting/", follow=True)
        self.assertContains(opened, Subject.objects.get(pk=new.subject_id).reference)

    @pytest.mark.truth("ended-people-are-not-to-be-asked")
    def test_who_has_left_is_neither_counted_as_agreed_nor_on_the_list_of_those_to_ask(self) -> None:
        stays, left = (factory.make_device(number, agreed=("app-log",)) for number in (1, 2))
        later = factory.NOON + timedelta(hours=1)
        subjects.mark_withdrawn(Subject.objects.get(pk=left.subject_id), actor=TESTS, at=later)
        factory.make_agreement_text("app-log", at=later, asks_again=True)
        assert list(CurrentConsent.objects.needing_reconsent().values_list("subject_id", flat=True)) == [
            stays.subject_id
        ]

    @pytest.mark.truth("ended-people-are-not-to-be-asked")
    def test_nobody_who_has_left_is_asked_whether_the_consent_still_applies(self) -> None:
        stays, left = factory.make_device(1), factory.make_device(2)
        for device in (stays, left):
            factory.agree(device, "advertising-email", at=datetime(2025, 1, 10, 3, tzinfo=UTC))
        subjects.mark_withdrawn(Subject.objects.get(pk=left.subject_id), actor=TESTS, at=factory.NOON)
        assert consents.queue_confirmations(on=date(2026, 12, 20), actor=TESTS, at=factory.NOON) == 1
        asked = AdvertisingNotice.objects.filter(kind="confirmation")
        assert list(asked.values_list("subject_id", flat=True)) == [stays.subject_id]

    @pytest.mark.truth("provision-names-its-recipient")
    def test_a_device_shows_who_receives_the_data(self) -> None:
        device = factory.make_device()
        factory.make_provision_agreement("acme", at=factory.NOON)
        asked = api_consents.current_consents(device.id, caller=factory.make_gate(), at=factory.NOON)
        [text] = [one for one in asked["needed"] if one["agreement"] == "provision-acme"]
        assert text["en"]["body"] == "body en\n\nrecipient en"
        [other] = [one for one in asked["needed"] if one["agreement"] == "app-log"]
        assert other["en"]["body"] == factory.text_in_force("app-log").body_en.strip()

    @pytest.mark.truth("withdrawing-tells-what-a-law-keeps")
    def test_who_withdraws_reads_what_a_law_makes_us_keep(self) -> None:
        device = factory.make_device(agreed=("activation", "service-analytics", "app-log"), at=clock.now())
        decision = Decision.objects.get(agreement__code="activation", subject_id=device.subject_id)
        self.client.post("/consents/", {"code": factory.consent_code(decision, at=clock.now())})
        said = "we move records that a law requires us to keep to a separate archive"
        required = self.client.get("/en/consents/activation/")
        self.assertContains(required, said)
        self.assertContains(required, "3 months, Protection of Communications Secrets Act")
        self.assertNotContains(self.client.get("/en/consents/app-log/"), said)
