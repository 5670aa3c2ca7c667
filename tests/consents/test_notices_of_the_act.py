"""What must stand in a notice about advertising consent (ICN-D 62-2, 62-3) and in a text about provision (PIPA 17)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core import mail
from django.utils.html import escape

from consents import actions as consents
from consents.models import NOTICES, Agreement, Decision
from consents.tasks import send_notice
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

TESTS = SystemActor("tests")
GIVEN = datetime(2024, 3, 9, 15, tzinfo=UTC)  # 10 March in Korea


class AdvertisingNoticeTests(PortalTestCase):
    def setUp(self) -> None:
        device = factory.make_device()
        subject = Subject.objects.get(pk=device.subject_id)
        subjects.record_contact(subject, kind="email", value="mina@example.com", actor=TESTS, at=factory.NOON)
        self.decision = factory.agree(device, "advertising-email", at=GIVEN, language="en")

    def mailed(self, at: datetime) -> str:
        mail.outbox.clear()
        for row in GeneralOutbox.objects.filter(kind="consents.advertising"):
            send_notice(row.ids, event=row.id, starts=1, at=at)
        (message,) = mail.outbox
        return str(message.body)

    @pytest.mark.law("C-18")
    def test_the_result_names_sender_decision_day_and_the_way_to_change_it(self) -> None:
        text = self.mailed(GIVEN)
        for said in ("Sender: Extrus", "Decision: agreed", "Date: 2024-03-10", "/consents/"):
            assert said in text, said

    @pytest.mark.law("C-19")
    def test_the_question_names_sender_consent_its_day_and_how_to_keep_or_withdraw_it(self) -> None:
        self.mailed(GIVEN)
        at = datetime(2026, 2, 10, 3, tzinfo=UTC)
        consents.queue_confirmations(on=date(2026, 2, 10), actor=TESTS, at=at)
        text = self.mailed(at)
        for said in (
            "Sender: Extrus", "Date: 2024-03-10", "If it still applies, you don't need to do anything.", "To withdraw:",
        ):  # fmt: skip
            assert said in text, said


class ProvisionTextTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_provision_agreement("acme")

    def refused(self, words: dict[str, Any], refusal: type[Exception]) -> None:
        """A text of the provision to Acme that says this is drafted and not published."""
        agreement = Agreement.objects.get(code="provision-acme")
        draft = consents.draft_text(agreement, words=words, actor=factory.make_odile(), at=factory.NOON)
        with pytest.raises(refusal):
            consents.publish_text(draft, actor=factory.make_omar(), at=factory.NOON)
        consents.discard_text(draft, actor=factory.make_odile(), at=factory.NOON)

    @pytest.mark.law("P-02")
    def test_a_text_about_provision_is_not_published_without_recipient_or_any_other_of_the_five(self) -> None:
        for missing in ("recipient_ko", "purpose_ko", "items_en", "retention_ko", "refusal_en"):
            self.refused({missing: "", "asks_again": True}, consents.IncompleteText)

    @pytest.mark.law("P-02", "C-09")
    def test_a_change_of_any_of_the_five_asks_anew(self) -> None:
        for changed in ("recipient_ko", "purpose_en", "items_ko", "retention_en", "refusal_ko"):
            self.refused({changed: "다른 말", "asks_again": False}, consents.AsksNobody)


class EmphasisTests(PortalTestCase):
    @pytest.mark.law("C-05")
    def test_what_matters_stands_out_from_the_text(self) -> None:
        """DEC 17(3): period, recipient and its purpose, and what advertising is sent, are set off; the text is not."""
        now = clock.now()
        factory.make_device(at=now)
        factory.make_provision_agreement("acme", at=now)
        code = factory.consent_code(Decision.objects.get(agreement__code="activation"), at=now)
        self.client.post("/consents/", {"code": code})
        for agreement in ("activation", "advertising-email", "provision-acme"):
            page = self.client.get(f"/en/consents/{agreement}/")
            text = factory.text_in_force(agreement)
            parts = [*NOTICES, *(["recipient"] if agreement.startswith("provision") else [])]
            for part in parts:
                self.assertContains(page, f"<strong>{escape(text.spoken(part, 'en'))}</strong>")
            self.assertNotContains(page, f"<strong>{escape(text.spoken('body', 'en'))}")

    @pytest.mark.law("C-03")
    @pytest.mark.truth("23")
    def test_the_whole_text_that_is_decided_about_stands_on_the_page(self) -> None:
        now = clock.now()
        factory.make_device(at=now)
        code = factory.consent_code(Decision.objects.get(agreement__code="activation"), at=now)
        self.client.post("/consents/", {"code": code})
        for agreement in ("activation", "app-log", "advertising-email"):
            text = factory.text_in_force(agreement)
            for path, language in (("/consents/", "ko"), ("/en/consents/", "en")):
                page = self.client.get(f"{path}{agreement}/")
                self.assertContains(page, escape(text.spoken("body", language)))
