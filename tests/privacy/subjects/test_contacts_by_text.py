"""A mobile number is proven by a code in a text message, and the earlier one is told (decision 0398)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from config.demonstration.text_provider import Taken, TextProvider
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import PersonalOutbox
from privacy.ledger.actors import ExternalActor
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, ContactCode
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON

OLD, NEW, LANDLINE = "010-3456-7890", "010-9876-5432", "02-6928-6774"
ADDRESS = "203.0.113.9"
CODE = re.compile(r"[0-9A-Z]{1,4}(?:[- ][0-9A-Z]{1,4}){5,}")


class AMobileNumber(PortalTestCase):
    @pytest.fixture(autouse=True)
    def provider(self) -> Iterator[None]:
        with (
            TextProvider() as box,
            override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"),
        ):
            self.box = box
            yield

    def setUp(self) -> None:
        self.mina = factory.make_mina()
        self.me = ExternalActor("subject", self.mina.reference)

    def record(self, value: str = OLD, *, at: datetime = NOON, **more: Any) -> Contact:
        values: dict[str, Any] = {"kind": "phone", "source": "person", "actor": self.me, **more}
        return subjects.record_contact(self.mina, value=value, at=at, **values)

    def texts(self, *, at: datetime = NOON) -> list[Taken]:
        """What the worker texts now."""
        before = len(self.box.taken)
        dispatch_due(at=at)
        dispatch_due(at=at)
        return self.box.taken[before:]

    def prove(self, contact: Contact, *, at: datetime = NOON) -> None:
        (text,) = self.texts(at=at)
        code = CODE.search(text.text)
        assert code is not None, text.text
        subjects.verify_contact(code[0].lower(), address=ADDRESS, at=at)
        contact.refresh_from_db()
        assert contact.verified_at == at

    @pytest.mark.clause("P8.7")
    def test_is_proven_by_the_code_that_was_texted_to_it(self) -> None:
        contact = self.record()
        self.prove(contact)
        (text,) = self.box.taken
        assert (text.to, text.sender) == ("01034567890", "02-6928-6774")
        assert self.mina.reference in text.text and "/consents/contacts/verify/" in text.text
        assert CODE.search(text.text)[0] not in str(list(ContactCode.objects.values()))
        self.assertLedgered("subjects.contact.verified")

    def test_gets_the_text_in_its_language(self) -> None:
        self.record(language="ko")
        (korean,) = self.texts()
        assert "코드" in korean.text
        self.record(NEW, language="en")
        english = next(one for one in self.texts() if one.to == "01098765432")
        assert "Enter it until" in english.text

    def test_that_was_proven_is_told_when_another_takes_its_place(self) -> None:
        self.prove(self.record())
        later = NOON + timedelta(minutes=5)
        self.record(NEW, at=later)
        told = {one.to: one.text for one in self.texts(at=later)}
        assert set(told) == {"01034567890", "01098765432"}
        assert "다른 번호" in told["01034567890"]
        assert Contact.objects.get(ended_at__isnull=False).told_at == later
        assert self.texts(at=later + timedelta(hours=1)) == []

    def test_that_never_heard_of_us_is_not_told(self) -> None:
        with override_settings(TEXT_MESSAGES_FROM=""):
            self.record()
        self.record(NEW, at=NOON + timedelta(minutes=5))
        assert {one.to for one in self.texts(at=NOON + timedelta(minutes=5))} == {"01098765432"}

    def test_on_no_mobile_phone_gets_nothing(self) -> None:
        contact = self.record(LANDLINE)
        subjects.send_code(contact, actor=self.me, at=NOON)
        assert self.texts() == []

    def test_that_the_provider_never_takes_stops_no_queue(self) -> None:
        self.record("010-3456-9999")
        assert self.texts() == []
        assert dispatch_due(at=NOON + timedelta(hours=1)) == 0

    def test_gets_one_code_though_the_answer_of_the_provider_was_lost(self) -> None:
        self.record()
        self.box.trouble.append(0)
        dispatch_due(at=NOON)
        self.assertEqual(len(self.box.taken), 1)
        PersonalOutbox.objects.update(lease_until=None, not_before=NOON)
        dispatch_due(at=NOON + timedelta(minutes=2))
        self.assertEqual(len(self.box.taken), 1)
        assert ContactCode.objects.count() == 1

    def test_is_not_texted_while_a_correction_disputes_it(self) -> None:
        self.record()
        factory.make_freeze(self.mina.id, category="contact", item="phone", at=NOON)
        assert self.texts() == []

    def test_without_a_provider_it_is_as_before(self) -> None:
        with override_settings(TEXT_MESSAGES_FROM=""):
            contact = self.record()
            with pytest.raises(subjects.NotVerifiable):
                subjects.send_code(contact, actor=self.me, at=NOON)
        assert self.texts() == []

    def test_the_page_offers_a_code_for_a_mobile_number_alone(self) -> None:
        now = clock.now()
        device = factory.make_device(1, at=now)
        decision = factory.decide(device, "app-log", "agree", at=now)
        self.client.post("/consents/", {"code": factory.consent_code(decision, at=now)})
        for value, is_offered in ((OLD, True), (LANDLINE, False)):
            sent = {"kind": "phone", "value": value, "language": "en"}
            page = self.client.post("/en/consents/contacts/", sent, follow=True).content.decode()
            assert ('value="code"' in page) == is_offered
            assert ("receives no text messages, so" in page) != is_offered
