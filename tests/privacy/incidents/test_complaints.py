"""Complaints: taken on the public page, sealed, read on record, answered on time (P2.2)."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint, ComplaintText
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.cookie_words import words_in_cookies
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.clause("P2.2")
class ComplaintTests(PortalTestCase):
    def post(self, **changes: str) -> object:
        fields = {"explanation": "zebra-canary", "email": "mina@example.org", **changes}
        return self.client.post(reverse("incidents:complaint"), fields)

    def test_the_page_names_the_officer_and_the_agencies(self) -> None:
        text = self.client.get(reverse("incidents:complaint")).content.decode()
        for told in ("정경수", "02-6928-6774", "118", "1301", "182"):
            assert told in text
        assert "<script" not in text

    def test_a_complaint_gets_a_reference_and_a_day(self) -> None:
        answer = self.post()
        complaint = Complaint.objects.get()
        assert complaint.reference in answer.content.decode()  # type: ignore[attr-defined]
        assert (complaint.target_on - complaint.received_on).days >= 10
        self.assertLedgered("incidents.complaint.received", complaint)

    def test_its_words_are_sealed(self) -> None:
        self.post()
        assert "zebra-canary" not in str(Complaint.objects.values()) + str(ComplaintText.objects.values())

    def test_an_empty_one_is_refused_and_what_was_typed_is_kept(self) -> None:
        answer = self.post(explanation="", email="mina@example.org")
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert b'value="mina@example.org"' in answer.content  # type: ignore[attr-defined]

    def test_too_many_from_one_address_are_sent_to_the_telephone(self) -> None:
        assert [self.post().status_code for _number in range(6)] == [200] * 5 + [429]  # type: ignore[attr-defined]

    def test_a_form_sent_twice_is_one_complaint_with_one_code(self) -> None:
        first, again = (self.post(submission="one form").content for _time in range(2))  # type: ignore[attr-defined]
        assert Complaint.objects.count() == ComplaintText.objects.count() == 1
        assert first == again

    def test_a_program_in_the_trap_leaves_nothing(self) -> None:
        assert self.post(website="x").status_code == 200  # type: ignore[attr-defined]
        assert not Complaint.objects.exists()

    def test_it_is_read_on_record_and_answered_by_mail_once(self) -> None:
        odile = factory.make_officer()
        complaint = incidents.file_complaint(
            explanation="zebra", contact={"email": "mina@example.org"}, at=NOON
        ).complaint
        assert incidents.read_complaint(complaint, actor=odile, at=NOON).explanation == "zebra"
        assert self.assertLedgered("ledger.read").actor == odile.reference
        incidents.answer_complaint(complaint, answer="we are sorry", actor=odile, at=NOON)
        with mailbox() as box:
            dispatch_due(at=NOON)
            dispatch_due(at=NOON)
        assert len(box.arrived) == 1
        assert "we are sorry" in box.arrived[0].get_content()
        complaint.refresh_from_db()
        assert complaint.sent_at is not None
        assert complaint.answered_with.startswith("incidents.complaint-answer built-in ")
        sent = self.assertLedgered("incidents.complaint.sent", complaint)
        assert facts_in(sent.payload)["template"] == complaint.answered_with
        with pytest.raises(incidents.AlreadyAnswered):
            incidents.answer_complaint(complaint, answer="again", actor=odile, at=NOON)

    def test_a_handler_reads_and_does_not_answer(self) -> None:
        hana = factory.make_handler()
        complaint = incidents.file_complaint(explanation="zebra", at=NOON).complaint
        incidents.read_complaint(complaint, actor=hana, at=NOON)
        with pytest.raises(NotPermitted):
            incidents.answer_complaint(complaint, answer="no", actor=hana, at=NOON)

    def test_the_officer_answers_in_the_console(self) -> None:
        self.client.force_login(factory.make_officer())
        complaint = incidents.file_complaint(explanation="zebra", at=NOON).complaint
        address = reverse("admin:incidents_complaint_change", args=[complaint.pk])
        assert b"zebra" not in self.client.get(address).content
        pressed = {"CHANGE_FORM-action": "answer", "_selected_action": str(complaint.pk), "index": "0"}
        page = self.client.post(address, pressed).content
        assert b"zebra" in page
        self.client.post(address, {**pressed, "confirmed": "yes", "answer": "sorry", "seen": seen_on(page.decode())})
        complaint.refresh_from_db()
        assert complaint.state == "answered"


def seen_on(page: str) -> str:
    """The digest of the text that a page shows before it is sent."""
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    return found[1] if found else ""


@pytest.mark.truth("one-opening")
class OpeningTests(PortalTestCase):
    """One answered complaint is one opening on record; what is not held is told, never an error page."""

    seen = ""

    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.client.force_login(self.odile)
        given = {"email": "mina@example.org"}
        self.complaint = incidents.file_complaint(explanation="zebra", contact=given, at=NOON).complaint

    def press(self, **fields: str) -> str:
        """Press the button and return the page; what it showed the last time was read."""
        address = reverse("admin:incidents_complaint_change", args=[self.complaint.pk])
        pressed = {"CHANGE_FORM-action": "answer", "_selected_action": str(self.complaint.pk), "index": "0"}
        read = {"seen": self.seen} if self.seen else {}
        answer = self.client.post(address, {**pressed, **read, **fields})
        # What it says of the act waits for the next page in the session, and in no cookie.
        assert not re.search("[가-힣]|zebra|mina@|sorry", words_in_cookies(self.client))
        if answer.status_code == 302:
            answer = self.client.get(answer.headers["Location"])
        assert answer.status_code == 200
        page = answer.content.decode()
        self.seen = seen_on(page)
        return page

    def word(self, heading: str) -> None:
        """Have another heading approved for the mail that answers a complaint."""
        changed = {"subject_ko": f"{heading} {{reference}}", "subject_en": f"{heading} {{reference}}"}
        omar = factory.make_omar()
        factory.make_template("incidents.complaint-answer", actor=self.odile, approved_by=omar, **changed)

    def openings(self) -> int:
        found = Entry.objects.filter(task="incidents.complaint.read", payload__contains=self.complaint.reference)
        return found.count()

    def destroy(self) -> None:
        ids = [self.complaint.holder_id]
        incidents.destroy_texts(ids, certificate="C-1", actor=self.odile, at=NOON)

    @pytest.mark.truth("key-gone-before-the-row")
    def test_one_whose_key_is_destroyed_and_whose_row_is_not_yet_removed(self) -> None:
        """Between the two steps of a destruction the words are gone: said so to the office and to the complainant."""
        incidents.answer_complaint(self.complaint, answer="sorry", actor=self.odile, at=NOON)
        vault.shred_subjects(
            subject_ids=[self.complaint.holder_id], categories=["complaint"], cause="retention", certificate="C-1",
            actor=self.odile, at=NOON,
        )  # fmt: skip
        assert incidents.show_answer(Complaint.objects.get(), at=NOON) == ""
        with pytest.raises(incidents.ComplaintTextGone):
            incidents.read_complaint(Complaint.objects.get(), actor=self.odile, at=NOON)

    @pytest.mark.asvs("14.3.3")
    def test_reading_a_refused_form_and_answering_are_one_opening(self) -> None:
        assert "zebra" in self.press()
        again = self.press(confirmed="yes", answer="x" * 4_001)
        assert "x" * 4_001 in again, "what was typed is kept"
        assert "zebra" not in again
        self.press(confirmed="yes", answer="we are sorry")
        self.complaint.refresh_from_db()
        assert self.complaint.state == "answered"
        assert self.openings() == 1

    def test_the_mail_is_shown_around_the_answer_as_it_is_sent(self) -> None:
        page = self.press()
        text = html.unescape(re.findall(r'<pre class="statement" tabindex="0">(.*?)</pre>', page, re.DOTALL)[0])
        before, mark, after = re.split(r"(\[ .* \])", text.strip())
        self.press(confirmed="yes", answer="we are sorry\n\nand mended it")
        with mailbox() as box:
            dispatch_due(at=clock.now())
        self.complaint.refresh_from_db()
        (message,) = {
            one["Message-ID"]: one for one in box.arrived if one["Message-ID"] == self.complaint.message_id
        }.values()
        part = next(one for one in message.walk() if one.get_content_type() == "text/plain")
        sent = part.get_content().replace("\r\n", "\n").strip()
        assert sent == f"{before}we are sorry\n\nand mended it{after}"
        assert mark

    def test_words_that_nobody_read_around_the_answer_are_shown_first_and_not_sent(self) -> None:
        """Another version was approved after the page was shown, and one more before the worker came to it."""
        self.press()
        self.word("FIRST")
        page = self.press(confirmed="yes", answer="we are sorry")
        assert "FIRST" in page and "we are sorry" in page
        self.complaint.refresh_from_db()
        assert self.complaint.state == "received"
        self.press(confirmed="yes", answer="we are sorry")
        self.word("SECOND")
        with mailbox() as box:
            dispatch_due(at=clock.now())
        self.complaint.refresh_from_db()
        assert self.complaint.answered_with == "incidents.complaint-answer 1"
        assert [str(one["Subject"])[:5] for one in box.arrived if one["Message-ID"] == self.complaint.message_id] == [
            "FIRST"
        ]

    def test_words_approved_while_the_answer_is_taken_are_not_sent(self) -> None:
        """Between the comparison with what was read and the queueing, another version is approved."""
        self.word("FIRST")
        self.press()
        approved: list[str] = []

        def approve(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not approved and "FOR UPDATE" in sql and "incidents_complaint" in sql:
                approved.append("SECOND")
                self.word("SECOND")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(approve):
            self.press(confirmed="yes", answer="we are sorry")
        with mailbox():
            dispatch_due(at=clock.now())
        self.complaint.refresh_from_db()
        assert (approved, self.complaint.answered_with) == (["SECOND"], "incidents.complaint-answer 1")

    def test_an_answered_one_is_read_with_its_answer_and_asks_for_none(self) -> None:
        incidents.answer_complaint(self.complaint, answer="we are sorry", actor=self.odile, at=NOON)
        page = self.press()
        assert "zebra" in page and "we are sorry" in page
        assert "<textarea" not in page
        self.press(confirmed="yes")
        assert self.openings() == 1

    def test_one_whose_term_is_over_says_so(self) -> None:
        incidents.answer_complaint(self.complaint, answer="we are sorry", actor=self.odile, at=NOON)
        self.destroy()
        page = self.press()
        assert "파기" in page
        assert "zebra" not in page
        assert self.openings() == 0
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "mina@example.org" not in {str(mail["To"]) for mail in box.arrived}

    def test_one_whose_words_never_arrived_can_be_answered(self) -> None:
        ComplaintText.objects.all().delete()
        assert "<textarea" in self.press()
        self.press(confirmed="yes", answer="please write again")
        self.complaint.refresh_from_db()
        assert incidents.show_answer(self.complaint, at=NOON) == "please write again"


@pytest.mark.clause("P2.2")
@pytest.mark.clock(NOON)
class StatusPageTests(PortalTestCase):
    def setUp(self) -> None:
        self.receipt = incidents.file_complaint(explanation="zebra", contact={"email": "mina@example.org"}, at=NOON)
        self.complaint = self.receipt.complaint

    def enter(self, **changes: str) -> int:
        given = {"reference": self.complaint.reference, "code": self.receipt.code, **changes}
        return self.client.post(reverse("incidents:status"), given).status_code

    def page(self) -> str:
        return self.client.get("/en/complaint/status/").content.decode()

    def test_number_and_code_show_the_state_and_the_day(self) -> None:
        assert self.enter(code=self.receipt.code.replace("-", " ").lower()) == 302
        text = self.page()
        assert self.complaint.reference in text
        assert f'datetime="{self.complaint.target_on.isoformat()}"' in text
        assert "zebra" not in text
        self.assertLedgered("incidents.complaint.entered", self.complaint)

    @pytest.mark.truth("15")
    def test_a_day_that_has_passed_is_no_day_until_which_an_answer_comes(self) -> None:
        self.enter()
        assert "find our answer here by" in self.page()
        Complaint.objects.update(target_on=clock.today())
        assert "find our answer here by" in self.page()
        Complaint.objects.update(target_on=clock.today() - timedelta(days=1))
        text = self.page()
        assert "find our answer here by" not in text
        assert "has passed without an answer" in text

    def test_the_answer_stands_there_and_its_reading_is_on_record(self) -> None:
        incidents.answer_complaint(self.complaint, answer="we are sorry", actor=factory.make_officer(), at=NOON)
        self.enter()
        assert "we are sorry" in self.page()
        entry = self.assertLedgered("ledger.read")
        assert (entry.actor, entry.task) == (self.complaint.reference, "incidents.complaint.shown")

    def test_an_answer_whose_term_is_over_is_told_as_destroyed(self) -> None:
        odile = factory.make_officer()
        incidents.answer_complaint(self.complaint, answer="we are sorry", actor=odile, at=NOON)
        incidents.destroy_texts([self.complaint.holder_id], certificate="C-1", actor=odile, at=NOON)
        self.enter()
        assert "was destroyed when the retention period ended" in self.page()

    @pytest.mark.asvs("6.3.8")
    def test_a_wrong_code_and_an_unknown_number_get_the_same_answer(self) -> None:
        wrong, unknown = (
            self.client.post(reverse("incidents:status"), {"reference": reference, "code": "0" * 26})
            for reference in (self.complaint.reference, "Q-0000-0000")
        )
        assert wrong.status_code == unknown.status_code == 422
        assert len(wrong.content) == len(unknown.content)
        assert self.complaint.reference not in self.page()

    def test_a_complaint_from_before_the_codes_is_opened_by_none(self) -> None:
        Complaint.objects.update(code_digest="")
        assert self.enter(code="") == self.enter(code="0") == 422

    def test_tries_are_limited_and_each_door_counts_its_own(self) -> None:
        for _number in range(10):
            self.enter(code="0" * 26)
        assert self.enter() == 429
        case = factory.ask()
        opened = self.client.post(reverse("rights:case"), {"number": case.number, "code": case.code})
        assert opened.status_code == 302

    @pytest.mark.asvs("7.4.1", "7.4.4", "14.3.1")
    def test_the_page_can_be_closed(self) -> None:
        self.enter()
        assert 'complaint/status/leave/"' in self.page()
        assert self.client.post(reverse("incidents:leave")).headers["Clear-Site-Data"] == '"cache"'
        assert self.complaint.reference not in self.page()
