"""Answers announced by text message, also after a mail that came back: once, told only when it is on the phone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.models import CaseMessage, Letter, Request
from privacy.rights.next_steps import next_step, with_next_step
from tests import factory
from tests.privacy.rights.test_incoming_texts import TextCase

HERS, NOWHERE, MAIL = "010-9876-5432", "010-3456-0000", "mina@example.org"
CAME_BACK = "bounced 5.1.1"


class AnsweredCase(TextCase):
    def answered(self, *, answer_by: str = "portal", **contact: str) -> Letter:
        """Refuse what somebody asked who gave this contact; return the answer, before the worker looks at it."""
        receipt = factory.ask(answer_by=answer_by, contact=contact, target=factory.imei(7), at=clock.now())
        self.case = factory.make_verified(receipt, at=clock.now())
        rights.refuse(self.case.rights.get(), ground="life-or-body", actor=self.odile, at=clock.now())
        return self.case.letters.get(kind="result")

    def work[R: (Letter, CaseMessage)](self, row: R, *, at: datetime | None = None) -> R:
        for _round in range(3):
            GeneralOutbox.objects.waiting().update(not_before=clock.now() - timedelta(hours=1), lease_until=None)
            dispatch_due(at=at or clock.now())
        row.refresh_from_db()
        self.case.refresh_from_db()
        return row

    def came_back(self, letter: Letter) -> None:
        rights.mark_letter_bounced(letter, why=CAME_BACK, actor=tasks.WORKER, at=clock.now())

    def step(self) -> str:
        return next_step(with_next_step(Request.objects.filter(pk=self.case.pk)).get(), self.odile, at=clock.now())[0]


@pytest.mark.law("R-08", "R-30")
class AnswerTests(AnsweredCase):
    def test_an_answer_counts_from_when_the_text_is_on_the_phone(self) -> None:
        letter = self.answered(phone=HERS)
        assert (self.case.answer_by, letter.state, letter.sent_at) == ("text", "to-text", None)
        # The worker asks late; what arrived arrived.
        self.work(letter, at=clock.now() + timedelta(days=2))
        assert (letter.state, self.case.state) == ("texted", "notified")
        assert letter.sent_at is not None
        assert letter.sent_at == self.case.notified_at < clock.now()
        told = self.assertLedgered("rights.letter.sent", self.case)
        facts = facts_in(told.payload)
        assert facts["channel"] == "text"
        assert facts["template"].startswith("rights.answer-text built-in")
        accepted, answered = self.box.taken
        # That their identity was confirmed is a notice and no answer.
        assert ("통지가 있습니다" in accepted.text, "답변이 있습니다" in answered.text) == (True, True)
        assert self.case.number in answered.text
        assert "/rights/case/" in answered.text
        for model in (Letter, GeneralOutbox, Entry):
            written = str(list(model.objects.values()))
            assert not [number for number in (HERS, "98765432", "9876 5432") if number in written]
        self.work(letter)
        assert len(self.box.taken) == 2

    def test_what_does_not_arrive_waits_for_the_officer_and_the_term_goes_on(self) -> None:
        letter = self.work(self.answered(phone=NOWHERE))
        assert (letter.state, letter.trouble, letter.sent_at) == ("parked", "no-such-phone", None)
        assert self.case in Request.objects.unanswered()
        assert self.step()
        self.press(letter, "posted")
        letter.refresh_from_db()
        assert letter.state == "posted"

    def test_an_officer_who_does_not_wait_for_the_phone_posts_it(self) -> None:
        self.box.delay = timedelta(days=30)
        letter = self.work(self.answered(answer_by="text", phone=HERS, email=MAIL))
        assert letter.state == "to-text"
        rights.mark_letter_posted(letter, actor=self.odile, at=clock.now())
        self.box.delay = timedelta(0)
        assert self.work(letter).state == "posted"

    def test_nobody_who_gave_an_address_or_chose_another_way_is_texted(self) -> None:
        assert self.answered(phone=HERS, email=MAIL).state == "on-portal"
        assert self.answered(answer_by="letter", phone=HERS).state == "to-post"
        with override_settings(TEXT_MESSAGES_FROM=""):
            assert self.answered(phone=HERS).state == "on-portal"
            # One that was asked for before is given to the officer.
            assert self.work(self.answered(answer_by="text", phone=HERS)).trouble == "no-text-messages"
        self.work(self.case.letters.get(kind="result"))
        assert self.box.taken == []

    def test_a_reply_finds_the_request_until_it_is_over(self) -> None:
        self.work(self.answered(phone=HERS))
        draft = self.draft(sender=HERS)
        assert list(rights.cases_of_sender(draft)) == [self.case]
        rights.close_case(self.case, actor=self.odile, at=clock.now())
        tasks.resume()
        assert not Letter.objects.filter(texted_index__isnull=False).exists()

    def test_the_form_offers_it_and_asks_for_a_mobile_number(self) -> None:
        page = reverse("rights:request")
        assert 'value="text"' in self.client.get(page).content.decode()
        given: dict[str, Any] = {
            "rights": ["access"], "target_kind": "imei", "target": factory.imei(7), "requester": "self",
            "answer_by": "text", "phone": "02-6928-6774",
        }  # fmt: skip
        landline = self.client.post(page, given).content.decode()
        assert "010으로 시작하는 번호" in landline
        assert "휴대전화 번호를 적어 주십시오" in self.client.post(page, {**given, "phone": ""}).content.decode()
        self.client.post(page, {**given, "phone": HERS})
        assert Request.objects.latest("received_at").answer_by == "text"
        with override_settings(TEXT_MESSAGES_FROM=""):
            assert 'value="text"' not in self.client.get(page).content.decode()


class AfterAMailTests(AnsweredCase):
    def write(self, **contact: str) -> CaseMessage:
        self.case = factory.ask(answer_by="portal", contact=contact, target=factory.imei(7), at=clock.now()).request
        return rights.answer_messages(self.case, text="giraffe answers", actor=self.odile, at=clock.now())

    @pytest.mark.law("R-08")
    def test_an_answer_that_came_back_is_announced_once(self) -> None:
        letter = self.work(self.answered(answer_by="email", phone=HERS, email=MAIL))
        assert (letter.state, self.case.state, self.box.taken) == ("sent", "notified", [])
        self.came_back(letter)
        letter.refresh_from_db()
        assert (letter.state, letter.trouble) == ("to-text", CAME_BACK)
        assert self.case in Request.objects.unanswered()
        assert self.work(letter).state == "texted"
        assert (self.case.state, len(self.box.taken)) == ("notified", 1)
        # The number was somebody else's: no second text.
        self.came_back(letter)
        assert self.work(letter).state == "parked"
        assert len(self.box.taken) == 1

    def test_an_answer_waits_for_the_officer_where_neither_arrives(self) -> None:
        letter = self.work(self.answered(answer_by="email", phone=NOWHERE, email=MAIL))
        self.came_back(letter)
        self.work(letter)
        assert (letter.state, letter.trouble) == ("parked", f"{CAME_BACK}; no-such-phone")
        given_up = self.answered(answer_by="email", email=MAIL)
        tasks.park_letter({"letter": str(given_up.id)}, why="SMTPServerDisconnected", at=clock.now())
        self.work(given_up)
        assert (given_up.state, given_up.trouble) == ("parked", "SMTPServerDisconnected; no-number")
        assert self.case in Request.objects.unanswered()

    def test_a_message_is_untold_only_where_neither_arrives(self) -> None:
        made = self.work(self.write(phone=HERS, email=MAIL))
        assert made.state == "told"
        for _again in range(2):
            rights.mark_untold(made, why=CAME_BACK, actor=tasks.WORKER, at=clock.now())
            made.refresh_from_db()
            assert (made.state, made.trouble) == ("posted", CAME_BACK)
        self.work(made)
        assert (made.state, made.trouble, len(self.box.taken)) == ("texted", "", 1)
        assert not rights.mark_untold(made, why=CAME_BACK, actor=tasks.WORKER, at=clock.now())
        for contact, why in (({"phone": NOWHERE}, "no-such-phone"), ({}, "no-number")):
            made = self.write(email=MAIL, **contact)
            tasks.park_message({"message": str(made.id)}, why="TimeoutError", at=clock.now())
            self.work(made)
            assert (made.state, made.trouble) == ("untold", f"TimeoutError; {why}")
            assert "다른 방법으로 요구인에게 알려" in self.page(self.case)
        assert len([one for one in mail.outbox if "message-" in one.extra_headers["Message-ID"]]) == 1
