"""E-mails that come back are read from a mailbox: the answer or notice waits for the officer again (F-2, P1.6)."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.rights import actions as rights
from privacy.rights.models import Letter
from privacy.rights.tasks import WORKER
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

REPORT = """From: MAILER-DAEMON@mx.example
To: privacy@extrus.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; mina@example.org
Action: {action}
Status: {status}
--b
Content-Type: {returned}

Message-ID: {message_id}
Subject: returned

--b--
"""


class BounceTests(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _maildir(self, tmp_path: Path) -> None:
        self.box = tmp_path / "Maildir"
        for part in ("new", "cur", "tmp"):
            (self.box / part).mkdir(parents=True)

    def setUp(self) -> None:
        odile = factory.make_officer()
        factory.make_provided(factory.make_device(1), "imei")
        right = factory.make_granted(factory.ask_correction())
        rights.carry_out(right, actor=odile, at=NOON)
        self.letter = rights.mark_letter_sent(Letter.objects.get(kind="result"), actor=WORKER, at=NOON)
        self.notice = disclosures.mark_sent(Notice.objects.get(), actor=WORKER, at=NOON)

    def arrives(self, message_id: str, *, status: str = "5.1.1", action: str = "failed", returned: str = "") -> None:
        text = REPORT.format(message_id=message_id, status=status, action=action, returned=returned or "message/rfc822")
        (self.box / "new" / f"{len(list(self.box.rglob('*')))}.mail").write_text(text)

    def read(self) -> tuple[str, str]:
        call_command("read_bounces", maildir=self.box)
        self.letter.refresh_from_db()
        self.notice.refresh_from_db()
        return self.letter.state, self.notice.state

    def test_what_came_back_waits_for_the_officer(self) -> None:
        self.arrives(self.letter.message_id)
        self.arrives(self.notice.message_id, returned="text/rfc822-headers")
        assert self.read() == ("parked", "parked")
        assert self.letter.trouble == self.notice.trouble == "bounced 5.1.1"
        self.assertLedgered("rights.letter.bounced")
        self.assertLedgered("disclosures.notice.bounced", self.notice)
        self.letter.request.refresh_from_db()
        assert self.letter.request.state == "carried-out"

    def test_each_is_read_once_and_a_resent_one_is_not_stopped_by_it(self) -> None:
        self.arrives(self.notice.message_id)
        self.read()
        assert not list((self.box / "new").iterdir())
        disclosures.resend(self.notice, actor=factory.make_officer(), at=NOON)
        disclosures.mark_sent(self.notice, actor=WORKER, at=NOON)
        assert self.read()[1] == "sent"

    def test_a_delay_a_strangers_message_and_a_reply_change_nothing(self) -> None:
        self.arrives(self.letter.message_id, status="4.4.1", action="delayed")
        self.arrives("<somebody@else.example>")
        reply = f"From: mina@example.org\nIn-Reply-To: {self.letter.message_id}\nSubject: Re\n\nThank you, 5.1.1\n"
        (self.box / "new" / "reply.mail").write_text(reply)
        assert self.read() == ("sent", "sent")

    def test_a_place_that_is_no_maildir_is_refused(self) -> None:
        for wrong in ({"maildir": self.box / "nothing"}, {}):
            with pytest.raises(CommandError):
                call_command("read_bounces", **wrong)
