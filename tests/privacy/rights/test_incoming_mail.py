"""Mails to the office: a signed reply address finds the case, a person sorts any other, and each is taken once."""

import imaplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail as sent
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse

from config.transport_checks import mailbox_is_whole
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights import inbox, tasks
from privacy.rights.models import CaseMessage, IncomingMail, Letter, Particulars
from privacy.rights.reply_addresses import named_cases, reply_address
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.lib.hostile_mails import mails
from tests.privacy.lib.test_mail_parsing import attached
from tests.privacy.rights.imap_server import ImapServer, imap_server
from tests.privacy.rights.test_bounces import REPORT
from tests.privacy.rights.test_case_actions import DeskCase
from tests.sample_uploads import PDF

BOX = "imaps://office:secret@mail.example/INBOX"


def letter(to: str, *parts: bytes, text: str = "zebra writes", number: int = 1, head: bytes = b"") -> bytes:
    """A mail of Mina's, with what is attached to it."""
    top = f"From: Mina <mina@example.org>\r\nTo: {to}\r\nMessage-ID: <{number}@x>\r\nSubject: Re: okapi\r\n".encode()
    if not parts:
        return top + head + b"\r\n" + text.encode()
    body = b"--b\r\nContent-Type: text/plain\r\n\r\n" + text.encode() + b"\r\n"
    return top + head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"".join(parts) + b"--b--"


@override_settings(INBOX_URL=BOX)
class MailCase(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        self.case = factory.ask(target=factory.imei(1), at=clock.now()).request

    def keep(self, raw: bytes, place: str = "") -> IncomingMail:
        where = place or f"box:1:{IncomingMail.objects.count() + 1}"
        return rights.keep_mail(raw, place=where, actor=tasks.INBOX, at=clock.now())

    def draft(self, **more: Any) -> IncomingMail:
        return self.keep(letter("privacy@extrus.example", **more))


class ThreadingTests(MailCase):
    def test_a_reply_with_its_attachment_lands_on_its_case(self) -> None:
        mail = self.keep(letter(reply_address(self.case), attached(b"a.pdf", PDF), attached(b"b.exe", b"MZ")))
        assert (mail.state, mail.request, mail.files, mail.files_left_out) == ("filed", self.case, 1, 1)
        message = self.case.messages.get()
        assert (message.author, message.channel, message.state) == ("person", "email", "waiting")
        [opened] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert opened.text == "Re: okapi\n\nzebra writes"
        assert (opened.files, EncryptedFile.objects.get().state) == (1, "pending")
        self.assertLedgered("rights.message.received", self.case)
        self.assertLedgered("rights.mail.filed", mail)
        for model in (Entry, IncomingMail, CaseMessage, Particulars):
            for secret in ("zebra", "okapi", "mina@"):
                assert secret not in str(list(model.objects.values()))

    @pytest.mark.asvs("9.1.1")
    def test_the_address_carries_nothing_personal_and_no_other_signature_opens_a_case(self) -> None:
        address = reply_address(self.case)
        local, _at, domain = address.partition("@")
        assert domain == "extrus.example"
        assert len(local) <= 64
        assert named_cases(f"To: <{address.upper()}>") == ([self.case], False)
        for forged in (
            address.replace(".", ".a", 1),
            address.replace(local[-1:] + "@", "2@" if local[-1] != "2" else "3@"),
        ):
            assert named_cases(forged)[0] == []
        other = factory.ask(target=factory.imei(2), at=clock.now()).request
        moved = address.replace(self.case.reference.lower(), other.reference.lower())
        assert named_cases(moved) == ([], True)
        mail = self.keep(letter(moved))
        assert (mail.state, mail.why) == ("draft", "bad-signature")
        assert not CaseMessage.objects.exists()

    def test_mails_to_the_requester_carry_the_address_where_a_mailbox_is_read(self) -> None:
        rights.answer_messages(self.case, text="x", actor=self.odile, at=clock.now())
        other = factory.ask(target=factory.imei(2), at=clock.now()).request
        rights.reject_identity(other, actor=self.odile, at=clock.now())
        sent.outbox.clear()
        dispatch_due(at=clock.now())
        told = {one.extra_headers["Message-ID"]: one for one in sent.outbox}
        assert told[self.case.messages.get().message_id].reply_to == [reply_address(self.case)]
        assert told[Letter.objects.get(request=other).message_id].reply_to == [reply_address(other)]
        with override_settings(INBOX_URL=""):
            assert reply_address(self.case) == ""

    def test_a_case_that_is_over_takes_none(self) -> None:
        address = reply_address(self.case)
        rights.reject_identity(self.case, actor=self.odile, at=clock.now())
        mail = self.keep(letter(address))
        assert (mail.state, mail.why) == ("draft", "case-over")


class NobodyWroteTests(MailCase):
    def test_what_answers_by_itself_is_noted_and_not_kept(self) -> None:
        for number, head in enumerate(
            (b"Auto-Submitted: auto-replied\r\n", b"Precedence: bulk\r\n", b"X-Autoreply: 1\r\n")
        ):
            mail = self.keep(letter(reply_address(self.case), number=number, head=head))
            assert mail.state == "automatic"
        ours = letter("x@y.example").replace(b"mina@example.org", b"privacy@extrus.example")
        assert self.keep(ours).state == "automatic"
        assert not CaseMessage.objects.exists()
        assert not Particulars.objects.filter(about="mail").exists()

    def test_a_mail_of_ours_that_came_back_is_told_on_its_case(self) -> None:
        made = rights.answer_messages(self.case, text="x", actor=self.odile, at=clock.now())
        rights.mark_told(made, actor=tasks.WORKER, at=clock.now())
        report = REPORT.format(message_id=made.message_id, status="5.1.1", action="failed", returned="message/rfc822")
        assert self.keep(report.encode()).state == "returned"
        made.refresh_from_db()
        assert made.state == "untold"

    def test_what_says_nothing_is_refused(self) -> None:
        mail = self.keep(b"From: a@b.example\r\n\r\n")
        assert (mail.state, mail.why) == ("refused", "empty")

    @pytest.mark.attack("24.hostile-mail")
    def test_each_of_three_hundred_hostile_mails_is_kept_or_refused_with_a_reason(self) -> None:
        for number, (_name, raw) in enumerate(mails()):
            mail = self.keep(raw, place=f"box:1:{number}")
            assert mail.state in {"draft", "refused"}
            assert mail.why
        assert IncomingMail.objects.filter(state="draft").count() > 200
        assert not CaseMessage.objects.exists()


class DraftTests(MailCase):
    def test_an_unknown_sender_opens_a_draft_that_waits_among_the_deadlines(self) -> None:
        mail = self.draft()
        assert (mail.state, mail.why) == ("draft", "no-case")
        source = next(one for one in deadlines.sources() if one.name == "rights.mail")
        assert mail.sort_by_on is not None
        assert [one.reference for one in source.find(mail.sort_by_on, mail.sort_by_on)] == [mail.reference]
        assert "zebra" not in self.page(mail)
        assert "zebra writes" in self.press(mail, "read_mail").content.decode()
        assert self.assertLedgered("ledger.read").actor == self.odile.reference

    def test_a_handler_puts_it_onto_a_case_with_its_document(self) -> None:
        mail = self.keep(letter("privacy@extrus.example", attached(b"a.pdf", PDF)))
        with pytest.raises(rights.WrongState):
            rights.file_mail(mail, number=self.case.number, actor=self.hana, at=clock.now())
        EncryptedFile.objects.update(state=EncryptedFile.State.CLEAN, scanned_at=NOON)
        with pytest.raises(rights.NoSuchCase):
            rights.file_mail(mail, number="2026-1", actor=self.hana, at=clock.now())
        self.client.force_login(self.hana)
        self.press(mail, "file_mail", number=self.case.number)
        mail.refresh_from_db()
        assert (mail.state, mail.request, mail.sender_index) == ("filed", self.case, None)
        [opened] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert opened.text == "Re: okapi\n\nzebra writes"
        assert opened.files == 1
        assert not Particulars.objects.filter(about="mail").exists()
        assert EncryptedFile.objects.get().subject_id == self.case.holder_id
        with pytest.raises(rights.WrongState):
            rights.file_mail(mail, number=self.case.number, actor=self.hana, at=clock.now())

    def test_the_cases_about_the_sender_and_other_drafts_are_shown(self) -> None:
        about = factory.ask(target="mina@example.org", target_kind="email", at=clock.now()).request
        first, second = self.draft(number=1), self.draft(number=2, text="again")
        cases, same = rights.cases_of_sender(first), rights.drafts_of_sender(first)
        assert list(cases) == [about]
        assert list(same) == [second]
        page = self.page(first)
        assert about.number in page
        assert second.reference in page

    def test_one_is_discarded_with_a_reason_and_nothing_of_it_stays(self) -> None:
        mail = self.keep(letter("privacy@extrus.example", attached(b"a.pdf", PDF)))
        with pytest.raises(rights.MissingReason):
            rights.discard_mail(mail, reason=" ", actor=self.hana, at=clock.now())
        self.press(mail, "discard_mail", reason="advertising")
        mail.refresh_from_db()
        assert (mail.state, mail.reason, mail.sender_index) == ("discarded", "advertising", None)
        assert not Particulars.objects.filter(about="mail").exists()
        assert not EncryptedFile.objects.exists()
        with pytest.raises(rights.ParticularsGone):
            rights.read_mail(mail, actor=self.odile, at=clock.now())

    def test_under_a_hold_a_draft_stays(self) -> None:
        bare = self.draft()
        full = self.keep(letter("privacy@extrus.example", attached(b"a.pdf", PDF), number=2))
        factory.make_hold(at=clock.now())
        for mail in (bare, full):
            with pytest.raises(vault.UnderHold):
                rights.discard_mail(mail, reason="x", actor=self.hana, at=clock.now())
            mail.refresh_from_db()
            assert mail.state == "draft"
            assert "zebra" in rights.read_mail(mail, actor=self.odile, at=clock.now()).text
        assert rights.mail_files(full).count() == 1

    def test_an_auditor_sees_that_there_is_one_and_reads_none(self) -> None:
        mail, aram = self.draft(), factory.make_aram()
        self.client.force_login(aram)
        assert self.client.get(reverse("admin:rights_incomingmail_changelist")).status_code == 200
        for verb in (
            lambda: rights.read_mail(mail, actor=aram, at=clock.now()),
            lambda: rights.file_mail(mail, number=self.case.number, actor=aram, at=clock.now()),
            lambda: rights.discard_mail(mail, reason="x", actor=aram, at=clock.now()),
        ):
            with pytest.raises(NotPermitted):
                verb()

    def test_the_database_keeps_a_draft_apart_from_what_was_sorted(self) -> None:
        mail = self.draft()
        for wrong in ({"state": "filed"}, {"state": "discarded"}, {"sorted_by": "U-1"}, {"state": "refused"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                IncomingMail.objects.filter(pk=mail.pk).update(**wrong)


class OnceTests(MailCase):
    def test_a_mail_that_is_read_again_is_the_same_one(self) -> None:
        raw = letter(reply_address(self.case))
        assert self.keep(raw, "box:1:1") == self.keep(raw, "box:1:1") == self.keep(raw, "box:2:9")
        assert self.case.messages.count() == 1

    def test_another_mail_with_the_same_id_is_read_all_the_same(self) -> None:
        self.keep(letter(reply_address(self.case), text="first"))
        self.keep(letter(reply_address(self.case), text="second"))
        assert self.case.messages.count() == 2

    def test_what_was_sealed_before_a_death_is_not_there_twice(self) -> None:
        raw = letter("privacy@extrus.example", attached(b"a.pdf", PDF))
        with transaction.atomic():
            self.keep(raw, "box:1:1")
            transaction.set_rollback(True)
        assert not IncomingMail.objects.exists()
        mail = self.keep(raw, "box:1:1")
        assert Particulars.objects.filter(about="mail", about_id=mail.id).count() == 1
        assert rights.mail_files(mail).count() == 1


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


@pytest.mark.imap
class MailboxTests(MailCase):
    @pytest.fixture(autouse=True)
    def _server(self, imap: ImapServer) -> None:
        self.server = imap
        imap.empty()

    def read(self, **settings: str) -> int:
        with override_settings(INBOX_URL=self.server.url(), **settings):
            return tasks.read_inbox()

    def test_what_came_is_taken_and_leaves_the_mailbox(self) -> None:
        self.server.put(
            letter(reply_address(self.case), attached(b"a.pdf", PDF)), letter("privacy@extrus.example", number=2)
        )
        assert self.read() == 2
        assert self.server.count() == 0
        assert self.case.messages.get().channel == "email"
        assert IncomingMail.objects.filter(state="draft").count() == 1
        assert self.read() == 0

    def test_whoever_dies_between_keeping_and_deleting_keeps_it_once(self) -> None:
        self.server.put(letter(reply_address(self.case)))
        # The folder is not there: what follows the commit fails, as a death does.
        assert self.read(INBOX_MOVE_TO="nowhere") == 0
        assert (self.case.messages.count(), self.server.count()) == (1, 1)
        assert self.read() == 1
        assert (self.case.messages.count(), self.server.count()) == (1, 0)

    def test_it_is_moved_where_that_is_wanted(self) -> None:
        with self.server.opened() as box:
            box.folder.create("Taken")
        self.server.put(letter("privacy@extrus.example"))
        assert self.read(INBOX_MOVE_TO="Taken") == 1
        assert (self.server.count(), self.server.count("Taken")) == (0, 1)

    def test_one_that_is_too_large_is_not_fetched_and_refused(self) -> None:
        self.server.put(letter("privacy@extrus.example", text="x" * (31 * 2**20)))
        assert self.read() == 1
        assert IncomingMail.objects.get().why == "too-large"
        assert self.server.count() == 0

    def test_one_that_the_server_does_not_hand_out_stays_and_is_taken_later(self) -> None:
        self.server.put(*(letter("privacy@extrus.example", number=number) for number in range(3)))
        asked, refusals = imaplib.IMAP4.uid, [("OK", [None]), ("NO", [b"[SERVERBUG] Internal error"])]

        def answer(client: imaplib.IMAP4, verb: str, *rest: Any) -> Any:
            return refusals.pop() if refusals and "(BODY.PEEK[])" in rest else asked(client, verb, *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(imaplib.IMAP4, "uid", answer)
            assert self.read() == 1
        assert (self.server.count(), IncomingMail.objects.count()) == (2, 1)
        assert self.read() == 2
        assert (self.server.count(), IncomingMail.objects.filter(state="draft").count()) == (0, 3)

    def test_a_server_that_gives_no_answer_is_tried_again(self) -> None:
        with override_settings(INBOX_URL=self.server.url().replace("secret@", "wrong@").replace("open", "closed")):
            assert tasks.read_inbox() == 0
        with override_settings(INBOX_URL="imap://a:b@127.0.0.1:1/INBOX"):
            assert tasks.read_inbox() == 0


class SettingTests(MailCase):
    def errors(self, **settings: str) -> list[str]:
        with override_settings(**{"PORTAL_PROCESS": "worker", **settings}):
            return [one.id or "" for one in mailbox_is_whole()]

    @pytest.mark.asvs("12.3.1")
    def test_half_a_mailbox_is_refused_at_the_deployment(self) -> None:
        assert self.errors() == []
        assert self.errors(INBOX_URL="") == []
        assert self.errors(INBOX_URL="", INBOX_MOVE_TO="Taken", PORTAL_PROCESS="pages") == []
        for wrong in (
            {"INBOX_URL": "", "INBOX_MOVE_TO": "Taken"},
            {"INBOX_URL": "imaps://mail.example/INBOX"},
            {"INBOX_URL": "https://a:b@mail.example/"},
            {"INBOX_URL": "imap://a:b@mail.example/"},
            {"INBOX_ADDRESS": "privacy+x@extrus.example"},
        ):
            assert self.errors(**wrong) == ["config.E030"], wrong

    def test_no_password_is_shown_by_the_settings_of_a_mailbox(self) -> None:
        configured = inbox.configured_inbox()
        assert configured is not None
        assert (configured.host, configured.port, configured.user) == ("mail.example", 993, "office")
        assert "secret" not in repr(configured)
