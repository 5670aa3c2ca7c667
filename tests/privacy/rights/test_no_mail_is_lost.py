"""A mail that was taken is kept whole, onto its case or to be sorted, whatever happens in between (decision 0397)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.models import IncomingMail, Particulars
from privacy.rights.reply_addresses import reply_address
from tests.privacy.lib.test_mail_parsing import attached
from tests.privacy.rights.test_bounces import REPORT
from tests.privacy.rights.test_incoming_mail import MailCase, letter
from tests.sample_uploads import PDF


@pytest.mark.attack("24.3")
class NothingIsLostTests(MailCase):
    def test_a_long_reply_is_kept_whole(self) -> None:
        words = " ".join(f"w{number}" for number in range(1_500))
        self.keep(letter(reply_address(self.case), text=words))
        [opened] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert opened.text == f"Re: okapi\n\n{words}"
        draft = self.draft(text=words, number=2)
        made = rights.file_mail(draft, number=self.case.number, actor=self.hana, at=clock.now())
        found = {one.message: one.text for one in rights.read_messages(self.case, actor=self.odile, at=clock.now())}
        assert words in (found[made] or "")

    def test_what_is_written_behind_a_picture_is_kept(self) -> None:
        second = b"--b\r\nContent-Type: text/plain\r\n\r\ngiraffe behind it\r\n"
        table = b"--b\r\nContent-Type: text/csv\r\n\r\na,b\r\n"
        mail = self.keep(letter(reply_address(self.case), attached(b"a.pdf", PDF), second, table))
        [opened] = rights.read_messages(self.case, actor=self.odile, at=clock.now())
        assert opened.text == "Re: okapi\n\nzebra writes\n\ngiraffe behind it"
        assert (mail.files, mail.files_left_out) == (1, 1)
        self.client.force_login(self.odile)
        page = self.client.get(reverse("admin:rights_request_change", args=[self.case.pk])).content.decode()
        assert "보관하지 않은 파일" in page

    def test_a_persons_reply_with_a_report_in_it_is_a_message(self) -> None:
        made = rights.answer_messages(self.case, text="x", actor=self.odile, at=clock.now())
        rights.mark_told(made, actor=tasks.WORKER, at=clock.now())
        report = (
            b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
            b"Final-Recipient: rfc822; y@x\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        )
        head = f"In-Reply-To: {made.message_id}\r\n".encode()
        mail = self.keep(letter(reply_address(self.case), report, head=head))
        assert mail.state == "filed"
        made.refresh_from_db()
        assert made.state == "told"

    def test_a_report_about_nothing_of_ours_is_no_return_of_ours(self) -> None:
        report = REPORT.format(
            message_id="<other@elsewhere.example>", status="5.1.1", action="failed", returned="message/rfc822"
        )
        assert self.keep(report.encode()).state != "returned"

    def test_a_crash_after_filing_leaves_the_message_and_the_rest_is_swept(self) -> None:
        mail = self.keep(letter("privacy@extrus.example"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.rights.actions.incoming_mail.destroy_draft", _dies)
            with pytest.raises(SystemExit):
                rights.file_mail(mail, number=self.case.number, actor=self.hana, at=clock.now())
        mail.refresh_from_db()
        assert (mail.state, self.case.messages.count()) == ("filed", 1)
        assert Particulars.objects.filter(about="mail").exists()
        assert rights.destroy_sorted_drafts(actor=tasks.WORKER, at=clock.now()) == 1
        assert not Particulars.objects.filter(about="mail").exists()
        assert rights.destroy_sorted_drafts(actor=tasks.WORKER, at=clock.now()) == 0

    def test_a_flood_on_one_request_waits_to_be_sorted(self) -> None:
        address = reply_address(self.case)
        states = [self.keep(letter(address, number=number)).state for number in range(1, 15)]
        assert states[0] == "filed"
        assert states[-1] == "draft"
        assert IncomingMail.objects.latest("received_at").why == "too-many"

    def test_a_request_that_ends_in_this_moment_leaves_a_draft(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("privacy.rights.actions.incoming_mail.write_message", _is_over)
            mail = self.keep(letter(reply_address(self.case)))
        assert (mail.state, mail.why) == ("draft", "case-over")

    def test_a_mail_that_was_filed_late_came_when_it_came(self) -> None:
        mail = self.draft()
        later = mail.received_at + timedelta(days=9)
        made = rights.file_mail(mail, number=self.case.number, actor=self.hana, at=later)
        assert made.written_at == mail.received_at
        assert made.answer_by_on == mail.sort_by_on


def _dies(*_arguments: Any, **_more: Any) -> None:
    raise SystemExit


def _is_over(*_arguments: Any, **_more: Any) -> None:
    raise rights.WrongState("over")
