"""The readers of mails and of text messages killed at every commit: each is taken once, and none is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from config.demonstration.text_provider import TextProvider
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.models import CaseMessage, IncomingMail, Particulars, Request, Step
from privacy.rights.reply_addresses import reply_address
from tests import factory
from tests.database import PortalDatabase
from tests.privacy.lib.test_mail_parsing import attached
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit
from tests.privacy.rights.imap_server import ImapServer, imap_server
from tests.privacy.rights.test_incoming_mail import letter
from tests.sample_uploads import PDF


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


def taken_once(*, as_reply: bool) -> None:
    """What must hold after the repair, whatever died: what was sealed for nothing is seen nowhere."""
    mail, case = IncomingMail.objects.get(), Request.objects.get()
    assert mail.state == ("filed" if as_reply else "draft")
    assert CaseMessage.objects.count() == Step.objects.filter(word="rights.message.received").count() == int(as_reply)
    if as_reply:
        [opened] = rights.read_messages(case, actor=factory.make_officer(), at=clock.now())
        assert (opened.text, opened.files) == ("Re: okapi\n\nzebra writes", 1)
        assert rights.attachments(case).count() == 1
    else:
        assert Particulars.objects.filter(about="mail").count() == 1
        assert rights.mail_files(mail).count() == 1


@pytest.mark.imap
@pytest.mark.parametrize("as_reply", [True, False])
def test_killed_at_every_commit_each_mail_is_taken_once(
    portal_database: PortalDatabase, tmp_path: Path, imap: ImapServer, as_reply: bool
) -> None:
    case = factory.ask(at=clock.now()).request
    factory.make_officer()
    with override_settings(INBOX_URL=imap.url()):
        raw = letter(reply_address(case) if as_reply else "privacy@extrus.example", attached(b"a.pdf", PDF))
        copies = Copies(portal_database, tmp_path)

        def arrive() -> None:
            imap.empty()
            imap.put(raw)

        arrive()
        with copies.copy():
            commits = run_until_commit(tasks.read_inbox, 0)
            taken_once(as_reply=as_reply)
        assert commits >= 2
        for number in range(1, commits + 1):
            for before in (True, False):
                arrive()
                with copies.copy():
                    assert run_until_commit(tasks.read_inbox, number, before=before) == KILLED
                    until = time.monotonic() + 60
                    # Until the database has seen that the dead one's lock is nobody's.
                    while imap.count() and time.monotonic() < until:
                        tasks.read_inbox()
                    assert imap.count() == 0
                    taken_once(as_reply=as_reply)


def test_killed_at_every_commit_each_text_is_taken_once(portal_database: PortalDatabase, tmp_path: Path) -> None:
    factory.make_officer()
    copies = Copies(portal_database, tmp_path)
    with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
        for text in ("zebra", "okapi"):
            box.write("01034567890", text)

        def both_are_there() -> None:
            drafts = IncomingMail.objects.order_by("received_at")
            actor = factory.make_officer()
            assert [rights.read_mail(one, actor=actor, at=clock.now()).text for one in drafts] == ["zebra", "okapi"]
            assert Particulars.objects.filter(about="mail").count() == 2

        with copies.copy():
            commits = run_until_commit(tasks.read_texts, 0)
            both_are_there()
        assert commits >= 2
        for number in range(1, commits + 1):
            for before in (True, False):
                with copies.copy():
                    assert run_until_commit(tasks.read_texts, number, before=before) == KILLED
                    until = time.monotonic() + 60
                    while IncomingMail.objects.count() < 2 and time.monotonic() < until:
                        tasks.read_texts()
                    both_are_there()
