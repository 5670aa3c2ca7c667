"""The office's mailbox, read by IMAP: each mail is taken once and leaves it, so that nothing personal stays there.

What people write by text message is asked for at the provider, each once.
"""

import hashlib
import imaplib
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from privacy.ledger.actors import Actor
from privacy.lib.errors.refusals import Unavailable
from privacy.lib.integrations import text_messages, text_replies
from privacy.lib.integrations.mail_parsing import MAX_BYTES
from privacy.rights import actions as rights
from privacy.rights.models import IncomingMail

log = logging.getLogger("portal.rights")

TIMEOUT = 20.0
NO_ANSWER = (OSError, ImapToolsError, imaplib.IMAP4.error)
# A run ends well before the queue's timeout; what is left comes next minute.
SECONDS, AT_ONCE = 30.0, 50
TEXTS_AT_ONCE = 300
# Only mails that no run has stumbled over: such a one stays for a person to look at.
UNREAD_YET = "UNFLAGGED UNDELETED"


class NotHandedOut(Exception):
    """The server names a mail and does not give it, for now or because another took it away: it is no empty mail."""


@dataclass(frozen=True)
class Inbox:
    """Where mails to the office lie, and where they go once they were taken; empty: they are deleted."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str = field(repr=False)
    folder: str
    moved_to: str

    def place(self, validity: int, uid: str) -> str:
        """Return the name of a mail's place, of this mailbox alone and of what it is now (RFC 3501, UIDVALIDITY)."""
        box = hashlib.sha256(f"{self.host}:{self.user}:{self.folder}".encode()).hexdigest()[:16]
        return f"{box}:{validity}:{uid}"


def configured_inbox() -> Inbox | None:
    """Return the mailbox of ``INBOX_URL``, or None. Raises ValueError for an address that is none."""
    if not settings.INBOX_URL:
        return None
    parts = urlsplit(settings.INBOX_URL)
    if parts.scheme not in {"imap", "imaps"} or not (parts.hostname and parts.username and parts.password):
        raise ValueError("INBOX_URL is not imaps://user:password@host/folder")
    encrypted = parts.scheme == "imaps"
    return Inbox(
        host=parts.hostname,
        port=parts.port or (993 if encrypted else 143),
        encrypted=encrypted,
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        moved_to=settings.INBOX_MOVE_TO,
    )


def read_inbox(inbox: Inbox, *, actor: Actor, now: Callable[[], datetime]) -> int:
    """Take what came, the oldest first, for half a minute. Returns how many mails left the mailbox.

    Where the server gives none, one of ``NO_ANSWER`` comes through. A single mail that it does not hand out stays where
    it is, for the next run.
    """
    taken, end = 0, time.monotonic() + SECONDS
    with _connected(inbox) as box:
        validity = int(box.folder.status(inbox.folder)["UIDVALIDITY"])
        for uid in box.uids(UNREAD_YET):
            if taken == AT_ONCE or time.monotonic() > end:
                break
            try:
                _take(box, inbox.place(validity, uid), uid, actor=actor, at=now())
            except (OperationalError, InterfaceError, Unavailable, *NO_ANSWER):
                raise
            except NotHandedOut:
                log.error("the mail server does not hand out a mail of the office's mailbox: it is asked for again")
                continue
            except Exception as error:  # noqa: BLE001 - one mail keeps no other from being taken
                # Of what is in it nothing goes into a log.
                log.error("a mail of the office's mailbox was left there: %s", type(error).__name__)
                box.flag(uid, "\\Flagged", True)
                continue
            # Taken and committed: whoever dies here finds it known next time.
            if inbox.moved_to:
                box.move(uid, inbox.moved_to)
            else:
                box.delete(uid)
            taken += 1
    return taken


def read_texts(provider: text_messages.Provider, *, actor: Actor, now: Callable[[], datetime]) -> int:
    """Take what people wrote by text message, the oldest first, for half a minute. Returns how many were taken.

    The next is asked for after the newest that was taken, so whoever dies in between takes none twice and none is lost.
    What has no usable id is left there and said in the log; where nothing else came, the next is asked for after it.
    Raises ProviderUnavailable.
    """
    origin = text_messages.replies_origin()
    taken, left, end, seen = 0, 0, time.monotonic() + SECONDS, set[str]()
    after = rights.newest_text(origin)
    while after not in seen and taken < TEXTS_AT_ONCE and time.monotonic() < end:
        seen.add(after)
        found = provider.replies(after=after)
        usable = [reply for reply in found if reply.trouble != text_replies.NO_ID]
        left += len(found) - len(usable)
        for reply in usable:
            taken += rights.keep_text(reply, origin=origin, actor=actor, at=now()) is not None
        after = next((reply.id for reply in reversed(usable or found) if reply.id), after)
    if left:
        log.error("%d text messages have no usable id and were left at the provider", left)
    return taken


def _take(box: BaseMailBox, place: str, uid: str, *, actor: Actor, at: datetime) -> None:
    if rights.known_mail(place=place):
        return
    size = _size(box, uid)
    if size > MAX_BYTES:
        mark = hashlib.sha256(place.encode()).hexdigest()
        rights.refuse_mail(place=place, mark=mark, why=IncomingMail.Why.TOO_LARGE, actor=actor, at=at)
        return
    rights.keep_mail(_raw(box, uid), place=place, actor=actor, at=at)


def _size(box: BaseMailBox, uid: str) -> int:
    found = _fetched(box, uid, "(RFC822.SIZE)")
    text = b" ".join(part for part in found if isinstance(part, bytes))
    number = text.partition(b"RFC822.SIZE ")[2].split(b")")[0].split()
    return int(number[0]) if number else 0


def _raw(box: BaseMailBox, uid: str) -> bytes:
    """Return a mail as it came; the library's own reading of it is not for what strangers send."""
    raw = next((bytes(part[1]) for part in _fetched(box, uid, "(BODY.PEEK[])") if isinstance(part, tuple)), None)
    if raw is None:
        raise NotHandedOut
    return raw


def _fetched(box: BaseMailBox, uid: str, what: str) -> list[Any]:
    """Return what the server says of a mail. Raises NotHandedOut where it says no."""
    answer, found = box.client.uid("fetch", uid, what)
    if answer != "OK":
        raise NotHandedOut
    return list(found)


@contextmanager
def _connected(inbox: Inbox) -> Iterator[BaseMailBox]:
    box: BaseMailBox
    if inbox.encrypted:
        box = MailBox(inbox.host, inbox.port, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
    else:
        box = MailBoxUnencrypted(inbox.host, inbox.port, timeout=TIMEOUT)
    try:
        with box.login(inbox.user, inbox.password, inbox.folder) as opened:
            yield opened
    finally:
        # Whose login is refused still holds a connection.
        with suppress(OSError):
            box.client.shutdown()
