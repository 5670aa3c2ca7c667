"""A message of the office announced by text message: once, with nothing of it, told only when it is on the phone."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import override_settings

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.models import CaseMessage, IncomingMail
from tests import factory
from tests.privacy.rights.test_incoming_texts import MINA, TextCase

HERS = "010-9876-5432"


class AnnouncedTests(TextCase):
    language = "ko"

    def write(self, **contact: str) -> CaseMessage:
        """Write to a requester who gave this contact, and let the worker tell them."""
        given = contact or {"phone": HERS}
        self.case = factory.ask(
            answer_by="portal", contact=given, target=factory.imei(7), at=clock.now(), language=self.language
        ).request
        made = rights.answer_messages(self.case, text="giraffe answers", actor=self.odile, at=clock.now())
        return self.work(made)

    def work(self, made: CaseMessage, *, at: datetime | None = None) -> CaseMessage:
        for _round in range(3):
            GeneralOutbox.objects.waiting().update(not_before=clock.now() - timedelta(hours=1), lease_until=None)
            dispatch_due(at=at or clock.now())
        made.refresh_from_db()
        return made

    def test_who_gave_a_number_alone_is_told_by_it_and_a_reply_finds_the_request(self) -> None:
        opened = Entry.objects.filter(task="rights.message.addressed")
        before = opened.count()
        made = self.write()
        (text,) = self.box.taken
        assert text.to == "01098765432"
        assert self.case.number in text.text
        assert "/rights/case/" in text.text
        assert "giraffe" not in text.text
        assert (made.state, made.text_id) == ("texted", text.id)
        assert facts_in(self.assertLedgered("rights.message.told", self.case).payload)["channel"] == "text"
        assert opened.count() == before + 2
        assert "문자메시지로 안내함" in self.press(self.case, "read_messages").content.decode()
        for model in (CaseMessage, GeneralOutbox, Entry):
            written = str(list(model.objects.values()))
            assert not [number for number in (HERS, "98765432", "9876 5432") if number in written]
        assert self.work(made).state == "texted"
        assert len(self.box.taken) == 1
        draft = self.draft(sender="+821098765432")
        assert list(rights.cases_of_sender(draft)) == [self.case]
        assert tasks.resume() == 0
        assert list(rights.cases_of_sender(draft)) == [self.case]
        rights.reject_identity(self.case, actor=self.odile, at=clock.now())
        tasks.resume()
        assert not CaseMessage.objects.filter(texted_index__isnull=False).exists()
        assert IncomingMail.objects.get().state == "draft"

    def test_who_writes_in_english_is_led_to_the_english_page(self) -> None:
        self.language = "en"
        self.write()
        assert f"{settings.PORTAL_URL}/en/rights/case/" in self.box.taken[-1].text

    def test_who_gave_an_address_too_is_mailed(self) -> None:
        assert self.write(phone=MINA, email="mina@example.org").state == "told"
        assert self.box.taken == []
        assert [one.to for one in mail.outbox if "message-" in one.extra_headers["Message-ID"]] == [
            ["mina@example.org"]
        ]

    def test_nobody_is_texted_where_none_are_sent_or_no_mobile_number_is_given(self) -> None:
        assert self.write(phone="02-6928-6774").state == "posted"
        with override_settings(TEXT_MESSAGES_FROM=""):
            assert self.write().state == "posted"
        assert self.box.taken == []

    def test_what_does_not_arrive_told_nobody_and_the_office_sees_it(self) -> None:
        for number, why in (("010-3456-0000", "no-such-phone"), ("010-3456-9999", "status 422")):
            made = self.write(phone=number)
            assert (made.state, made.trouble) == ("untold", why)
            assert facts_in(self.assertLedgered("rights.message.untold", self.case).payload)["channel"] == "text"
            assert "다른 방법으로 요구인에게 알려" in self.page(self.case)

    def test_that_the_provider_took_it_tells_nobody(self) -> None:
        self.box.delay = timedelta(days=30)
        made = self.write()
        assert (made.state, len(self.box.taken)) == ("posted", 1)
        assert self.work(made, at=made.written_at + timedelta(hours=143)).state == "posted"
        with override_settings(TEXT_MESSAGES_FROM=""):
            assert self.work(made).state == "posted", "what was handed over is asked about, sent or not by now"
        late = self.work(made, at=made.written_at + timedelta(hours=144))
        assert (late.state, late.trouble, len(self.box.taken)) == ("untold", "no-report", 1)

    def test_trouble_and_a_death_between_the_call_and_its_note_send_it_once(self) -> None:
        self.box.trouble.extend([503, 0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.rights.actions.note_texted", _dies)
            made = self.write()
        assert (made.state, made.text_id, len(self.box.taken)) == ("posted", "", 1)
        assert self.work(made).state == "texted"
        assert len(self.box.taken) == 1

    def test_a_person_announces_nothing(self) -> None:
        made = rights.write_message(
            self.case, text="x", actor=self.odile, at=clock.now(), channel=CaseMessage.Channel.TEXT
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseMessage.objects.filter(pk=made.pk).update(state="texted")


def _dies(*_arguments: object, **_more: object) -> None:
    raise RuntimeError
