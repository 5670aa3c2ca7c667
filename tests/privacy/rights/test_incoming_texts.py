"""Text messages to the office: fetched once each, sorted by a person, whatever the service or a stranger answers."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import TextProvider
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.text_replies import MOST_REPLIES, Reply
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights import locks, tasks
from privacy.rights.models import CaseMessage, IncomingMail, Particulars
from tests import factory
from tests.privacy.rights.test_case_actions import DeskCase

MINA = "010-3456-7890"
OURS = "02-6928-6774"


class TextCase(DeskCase):
    @pytest.fixture(autouse=True)
    def _service(self) -> Iterator[None]:
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM=OURS):
            self.box = box
            yield

    def setUp(self) -> None:
        super().setUp()
        self.case = factory.ask(target=MINA, target_kind="phone", at=clock.now()).request

    def draft(self, text: str = "zebra asks", sender: str = "+82 10-3456-7890".replace(" ", "")) -> IncomingMail:
        self.box.write(sender, text)
        assert tasks.read_texts() == 1
        return IncomingMail.objects.latest("received_at")


class SortedTests(TextCase):
    def test_a_text_is_a_draft_with_the_requests_about_its_number(self) -> None:
        made = self.draft()
        assert (made.state, made.channel, made.why, made.request) == ("draft", "text", "by-hand", None)
        assert not CaseMessage.objects.exists()
        assert list(rights.cases_of_sender(made)) == [self.case]
        opened = rights.read_mail(made, actor=self.odile, at=clock.now())
        assert (opened.sender, opened.text) == ("+8210-3456-7890", "zebra asks")
        source = next(one for one in deadlines.sources() if one.name == "rights.mail")
        assert made.sort_by_on is not None
        assert [one.reference for one in source.find(made.sort_by_on, made.sort_by_on)] == [made.reference]
        assert facts_in(self.assertLedgered("rights.mail.drafted", made).payload)["channel"] == "text"
        for model in (Entry, IncomingMail, Particulars):
            for secret in ("zebra", "3456"):
                assert secret not in str(list(model.objects.values()))

    def test_it_becomes_a_message_that_says_by_which_way_it_came(self) -> None:
        made, again = self.draft(), self.draft("again")
        assert list(rights.drafts_of_sender(made)) == [again]
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:rights_incomingmail_change", args=[made.pk])).content.decode()
        assert self.case.number in page
        assert "문자메시지" in page
        message = rights.file_mail(made, number=self.case.number, actor=self.hana, at=clock.now())
        assert (message.channel, message.author, message.written_at) == ("text", "person", made.received_at)
        [opened] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert opened.text == "zebra asks"
        assert facts_in(self.assertLedgered("rights.message.received", self.case).payload)["channel"] == "text"
        rights.discard_mail(again, reason="advertising", actor=self.hana, at=clock.now())
        assert not Particulars.objects.filter(about="mail").exists()
        assert not self.box.taken  # nothing is ever answered by itself

    def test_what_comes_from_our_own_number_is_not_kept(self) -> None:
        self.box.write("0269286774", "x")
        assert tasks.read_texts() == 1
        assert IncomingMail.objects.get().state == "automatic"


class OnceTests(TextCase):
    def test_each_is_taken_once_over_many_pages(self) -> None:
        for number in range(MOST_REPLIES + 3):
            self.box.write(MINA, f"{number}")
        assert tasks.read_texts() == MOST_REPLIES + 3
        assert tasks.read_texts() == 0
        self.box.write(MINA, "one more")
        assert tasks.read_texts() == 1

    def test_a_service_that_forgets_where_it_was_gives_nothing_twice(self) -> None:
        self.draft()
        self.box.replies_after = lambda last: [one.said for one in self.box.written or []]  # type: ignore[method-assign]
        self.box.write(MINA, "again")
        assert [tasks.read_texts(), tasks.read_texts()] == [1, 0]

    def test_times_out_of_order_lose_none(self) -> None:
        for hours in (1, 30 * 24 * 90, 5):
            self.box.write(MINA, "x", received_at=(clock.now() - timedelta(hours=hours)).isoformat())
        assert [tasks.read_texts(), tasks.read_texts()] == [3, 0]
        oldest = IncomingMail.objects.earliest("received_at").received_at
        assert clock.now() - oldest < timedelta(days=31)

    def test_the_next_is_asked_for_after_the_one_that_was_taken_last(self) -> None:
        self.box.write("nobody", "refused: it counts as received now")
        last = self.box.write(MINA, "x", received_at=(clock.now() - timedelta(hours=5)).isoformat())
        assert tasks.read_texts() == 2
        assert rights.newest_text(text_messages.replies_origin()) == last

    def test_two_workers_at_once_take_it_once(self) -> None:
        self.box.write(MINA, "x")
        with locks.texts() as alone:
            assert alone
            reply = Reply("one", MINA, "x", clock.now())
            assert rights.keep_text(reply, origin="here", actor=tasks.INBOX, at=clock.now()) is not None
            assert rights.keep_text(reply, origin="here", actor=tasks.INBOX, at=clock.now()) is None
        with pytest.MonkeyPatch.context() as patch, pytest.raises(IntegrityError):
            # The other one committed after this one had looked.
            patch.setattr("privacy.rights.actions.incoming_mail.known_mail", lambda place: False)
            rights.keep_text(reply, origin="here", actor=tasks.INBOX, at=clock.now())


class HostileTests(TextCase):
    @pytest.mark.attack("24.hostile-text")
    @pytest.mark.asvs("2.2.1")
    def test_what_can_not_be_read_is_refused_with_a_reason_and_keeps_no_other(self) -> None:
        later = (clock.now() + timedelta(days=9)).isoformat()
        for why, said in (
            ("malformed", {"from": "<script>"}),
            ("malformed", {"from": "٠١٠٣٤٥٦٧٨٩٠"}),
            ("malformed", {"from": None}),
            ("malformed", {"text": ["x"]}),
            ("malformed", {"received_at": "2026-11-29T02:00:00"}),
            ("malformed", {"received_at": "0001-01-01T00:00:00+14:00"}),
            ("malformed", {"received_at": 1}),
            ("too-large", {"text": "x" * 4_001}),
            ("empty", {"text": "\u202e\x00 \ud800"}),
        ):
            self.box.write(**{"sender": MINA, "text": "x"} | said)
            assert tasks.read_texts() == 1, said
            made = IncomingMail.objects.latest("received_at", "id")
            assert (made.state, made.why) == ("refused", why), said
        self.box.write(MINA, "\u202ezebra\x00 \ud800asks", received_at=later)
        assert tasks.read_texts() == 1
        made = IncomingMail.objects.get(state="draft")
        assert made.received_at <= clock.now()
        assert rights.read_mail(made, actor=self.odile, at=clock.now()).text == "zebra asks"

    def test_what_has_no_usable_id_is_left_and_keeps_no_other(self) -> None:
        for wrong in ("../x?y=1", "x" * 49, "", 7, None):
            self.box.write(MINA, "x", id=wrong)
        with self.assertLogs("portal.rights") as logged:
            assert tasks.read_texts() == 0
            self.draft()
        assert IncomingMail.objects.count() == 1
        assert all("have no usable id" in line for line in logged.output)
        assert "../x" not in str(logged.output)

    def test_many_without_a_usable_id_hold_up_none_behind_them(self) -> None:
        for number in range(2 * MOST_REPLIES):
            self.box.write(MINA, "x", id=f"no id/{number}")
        with self.assertLogs("portal.rights"):
            self.draft()
        # A service that gives all at once.
        self.box.replies_after = lambda last: [one.said for one in self.box.written or []]  # type: ignore[method-assign]
        with self.assertLogs("portal.rights"):
            self.draft("again")

    def test_a_service_in_trouble_is_asked_again_and_no_log_has_what_was_said(self) -> None:
        self.box.write(MINA, "zebra")
        with self.assertLogs("portal.rights") as logged:
            for status in (0, 429, 500):
                self.box.trouble.append(status)
                assert tasks.read_texts() == 0
        assert "zebra" not in str(logged.output)
        assert "34567890" not in str(logged.output).replace("-", "")
        assert tasks.read_texts() == 1
        self.box.written = None  # a provider that has no replies
        assert tasks.read_texts() == 0
        with override_settings(TEXT_MESSAGES_URL=self.box.solapi_url):
            assert tasks.read_texts() == 0
        with override_settings(TEXT_MESSAGES_URL=""):
            assert tasks.read_texts() == 0

    def test_nesting_and_size_stop_the_reader_of_no_other_answer(self) -> None:
        for said in ([[]] * 60_000, "x", {"id": "a"}):
            self.box.replies_after = lambda last, said=said: said  # type: ignore[method-assign,misc]
            assert tasks.read_texts() == 0
        assert not IncomingMail.objects.exists()


def test_a_reply_is_shown_by_no_log() -> None:
    assert "zebra" not in repr(Reply("one", MINA, "zebra", datetime.now().astimezone()))
