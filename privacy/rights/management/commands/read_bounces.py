"""``manage.py read_bounces``: read the mailbox to which undeliverable e-mails come back; run it every few minutes."""

import email
import imaplib
import mailbox
import ssl
from argparse import ArgumentParser
from collections.abc import Iterator
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.rights import actions as rights

BOUNCES = SystemActor("bounces")

# As long as the server may take for a step.
SECONDS = 30


class Command(BaseCommand):
    help = "Note which answers and notices came back, from a maildir or an IMAP mailbox (--maildir, or --imap)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--maildir", type=Path, help="a maildir; what was read is marked as seen")
        parser.add_argument("--imap", help="host of the IMAP server (TLS, port 993); unseen messages are read")
        parser.add_argument("--user", default="")
        parser.add_argument("--password-file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["maildir"]:
            messages = _of_maildir(options["maildir"])
        elif options["imap"] and options["password_file"]:
            messages = _of_imap(options["imap"], options["user"], options["password_file"].read_text().strip())
        else:
            raise CommandError("Say where: --maildir DIR, or --imap HOST --user NAME --password-file FILE.")
        found = rights.record_bounces(messages, actor=BOUNCES, at=clock.now())
        self.stdout.write(f"{found.letters} answers and {found.notices} notices came back; {found.other} others")


def _of_maildir(folder: Path) -> Iterator[Message]:
    """Yield what is new; each is marked as seen after it was dealt with, so that a crash reads it again."""
    if not (folder / "new").is_dir():
        raise CommandError(f"{folder} is no maildir.")
    box = mailbox.Maildir(folder, create=False)
    for key, message in list(box.iteritems()):
        if message.get_subdir() == "new":
            yield email.message_from_bytes(message.as_bytes(), policy=default)
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message


def _of_imap(host: str, user: str, password: str) -> Iterator[Message]:
    with imaplib.IMAP4_SSL(host, timeout=SECONDS, ssl_context=ssl.create_default_context()) as server:
        server.login(user, password)
        server.select("INBOX")
        _answer, [numbers] = server.search(None, "UNSEEN")
        for number in numbers.split():
            _answer, parts = server.fetch(number, "(BODY.PEEK[])")
            if parts and isinstance(parts[0], tuple):
                yield email.message_from_bytes(parts[0][1], policy=default)
                server.store(number, "+FLAGS", "\\Seen")
