"""E-mails that come back are read from a mailbox: the answer or notice waits for the officer again (F-2, P1.6)."""

import imaplib
import socket
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from consents import actions as consents
from consents import advertising
from consents.models import AdvertisingNotice
from consents.tasks import send_notice
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Notice
from privacy.incidents import actions as incidents
from privacy.incidents.refusals import WrongState
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.models import Letter
from privacy.rights.tasks import WORKER
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.safeguards.test_the_portal_looks_at_itself import certificate, site

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


class MaildirCase(PortalTestCase):
    @pytest.fixture(autouse=True)
    def _maildir(self, tmp_path: Path) -> None:
        self.box = tmp_path / "Maildir"
        for part in ("new", "cur", "tmp"):
            (self.box / part).mkdir(parents=True)

    def arrives(self, message_id: str, *, status: str = "5.1.1", action: str = "failed", returned: str = "") -> None:
        text = REPORT.format(message_id=message_id, status=status, action=action, returned=returned or "message/rfc822")
        (self.box / "new" / f"{len(list(self.box.rglob('*')))}.mail").write_text(text)


class BounceTests(MaildirCase):
    def setUp(self) -> None:
        odile = factory.make_officer()
        factory.make_provided(factory.make_device(1), "imei")
        right = factory.make_granted(factory.ask_correction())
        rights.carry_out(right, actor=odile, at=NOON)
        self.letter = rights.mark_letter_sent(Letter.objects.get(kind="result"), actor=WORKER, at=NOON)
        self.notice = disclosures.mark_sent(Notice.objects.get(), actor=WORKER, at=NOON)

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

    @pytest.mark.truth("bounce-each")
    def test_a_message_that_breaks_its_reader_keeps_no_other_from_being_read(self) -> None:
        self.arrives("(" * 9_000)
        self.arrives(self.letter.message_id)
        assert self.read()[0] == "parked"
        assert not list((self.box / "new").iterdir())

    def test_a_place_that_is_no_maildir_is_refused(self) -> None:
        for wrong in ({"maildir": self.box / "nothing"}, {}):
            with pytest.raises(CommandError):
                call_command("read_bounces", **wrong)


@pytest.mark.truth("came-back-and-told")
class ToPeopleTests(MaildirCase):
    def test_an_individual_notice_that_came_back_told_nobody_and_its_campaign_goes_on(self) -> None:
        factory.make_contact(factory.make_mina())
        campaign = campaigns.notify_of_version(factory.make_policy(), actor=factory.make_odile(), at=NOON)
        campaigns.list_next_slice(campaign.pk, after="", actor=WORKER, at=NOON)
        delivery = campaign.deliveries.get()
        campaigns.mark_sent(delivery, actor=WORKER, at=NOON)
        delivery.refresh_from_db()
        assert Campaign.objects.get().state == "completed"
        self.arrives(delivery.message_id)
        call_command("read_bounces", maildir=self.box)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.settled_at, delivery.trouble) == ("parked", None, "bounced 5.1.1")
        assert Campaign.objects.get().state == "running"
        self.assertLedgered("campaigns.delivery.bounced", delivery)
        campaigns.record_offline_notice(
            delivery, way="letter", on=clock.today(), actor=factory.make_odile(), at=clock.now()
        )
        assert Campaign.objects.get().state == "completed"

    def test_an_answer_to_a_complaint_that_came_back_is_told_another_way(self) -> None:
        odile = factory.make_odile()
        receipt = incidents.file_complaint(explanation="x", contact={"email": "mina@example.org"}, at=NOON)
        answered = incidents.answer_complaint(receipt.complaint, answer="Sorry.", actor=odile, at=NOON)
        incidents.mark_answer_sent(answered, template="x 1", actor=WORKER, at=NOON)
        self.arrives(answered.message_id)
        call_command("read_bounces", maildir=self.box)
        answered.refresh_from_db()
        assert answered.sent_at is None
        self.assertLedgered("incidents.answer.returned", answered)
        self.client.force_login(odile)
        assert "Undelivered answers to complaints" in self.waiting()
        incidents.record_answer_told(answered, actor=odile, at=clock.now())
        assert "Undelivered answers to complaints" not in self.waiting()
        with pytest.raises(WrongState):
            incidents.record_answer_told(answered, actor=odile, at=clock.now())

    def test_a_question_about_advertising_that_came_back_confirms_nothing_and_waits_for_another_address(self) -> None:
        device = factory.make_device()
        mina = Subject.objects.get(pk=device.subject_id)
        factory.make_contact(mina, at=NOON)
        decision = factory.agree(device, "advertising-email", at=NOON)
        first = advertising.confirm_by(decision)
        asked = NOON + timedelta(days=720)
        consents.queue_confirmations(on=clock.kst_date(asked), actor=WORKER, at=asked)
        self.deliver(at=asked)
        notice = AdvertisingNotice.objects.get(kind="confirmation")
        assert advertising.confirm_by(decision) > first
        self.arrives(notice.message_id)
        call_command("read_bounces", maildir=self.box)
        assert advertising.confirm_by(decision) == first
        self.assertLedgered("consents.notice.returned", notice)
        later = clock.now() + timedelta(days=1)
        assert consents.retry_unreachable(actor=WORKER, at=later) == 0
        factory.make_contact(mina, value="mina@example.net", at=later)
        assert consents.retry_unreachable(actor=WORKER, at=later) == 1
        self.deliver(at=later)
        self.arrives(notice.message_id)
        call_command("read_bounces", maildir=self.box)
        assert AdvertisingNotice.objects.get(kind="confirmation").state == "sent"

    def waiting(self) -> str:
        """The first page without the queues in which nothing is."""
        return self.client.get("/en/office/").content.decode().split('class="idle"')[0]

    def deliver(self, *, at: datetime) -> None:
        for row in GeneralOutbox.objects.filter(kind="consents.advertising"):
            send_notice(row.ids, event=row.id, starts=1, at=at)


@pytest.mark.asvs("12.3.2")
def test_a_mail_server_that_nobody_vouches_for_is_told_no_password(tmp_path: Path) -> None:
    _path, context = certificate(tmp_path, days=90)
    with site({}, context) as address:
        there = ("127.0.0.1", urlsplit(address).port)
        connect = socket.create_connection
        (tmp_path / "password").write_text("secret")
        with (
            patch.object(imaplib.socket, "create_connection", lambda _asked, *rest: connect(there, *rest)),
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            call_command("read_bounces", imap="localhost", user="portal", password_file=tmp_path / "password")
