"""E-mail: one message to one recipient, as text and HTML, with a Message-ID that stays the same when it is sent again.

The fixed Message-ID lets a receiving system drop the repetition after a crash between sending and noting it
(lifecycle: effects are idempotent). Templates are ``templates/email/<name>.txt`` and, where there is one, ``.html``.
"""

import email.policy
import re
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.template import Context, Template, TemplateDoesNotExist, engines
from django.utils import translation

from privacy.lib.http.people_url import people_url

type Attachment = tuple[str, bytes, str]
# What a server says of a mailbox that is not there, or of an address that is none.
NO_MAILBOX = re.compile(rb"5\.1\.(?:1|2|3|6|10)\b")
# An address, and a Message-ID, whose header is the text itself: nothing in it is encoded, folded or quoted.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,180}")
PLAIN_ID = re.compile(r"<[!-;=?-~]{1,118}>")
_NOBODY, _NO_KEY = "nobody@nowhere.invalid", "<nothing@nowhere.invalid>"


def send(
    *,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    language: str,
    message_id: str,
    attachments: Sequence[Attachment] = (),
    reply_to: str = "",
) -> None:
    """Send one message by the default mailer; replies go to ``reply_to``, where there is one.

    ``message_id`` is a key of the caller, such as an outbox row's id. Raises what the mailer raises (``OSError``,
    ``smtplib.SMTPException``) and ``ValueError`` for an address or subject that would smuggle in a header.
    """
    message = _message(EmailMultiAlternatives, subject, template, context, language)
    message.to, message.extra_headers["Message-ID"] = [to], fixed_message_id(message_id)
    message.reply_to = [reply_to] if reply_to else []
    for name, content, kind in attachments:
        message.attach(name, content, kind)
    message.send()


class _Copy(EmailMultiAlternatives):
    """One copy of a mail that is the same for everybody: what a mail server gets is written already."""

    written = b""

    def message(self, *, policy: Any = email.policy.default) -> Any:
        return self if self.written and policy is email.policy.SMTP else super().message(policy=policy)

    def as_bytes(self) -> bytes:
        return self.written


class Circular:
    """One mail to many people: written once, each copy with a recipient and a Message-ID of its own."""

    def __init__(self, *, subject: str, template: str, context: Mapping[str, Any], language: str) -> None:
        self._about = (subject, template, context, language)
        pattern = _message(_Copy, *self._about)
        pattern.to, pattern.extra_headers["Message-ID"] = [_NOBODY], _NO_KEY
        self._head, _empty, self._rest = pattern.message(policy=email.policy.SMTP).as_bytes().partition(b"\r\n\r\n")
        self._subject, self._body = pattern.subject, pattern.body

    def copy(self, *, to: str, message_id: str) -> EmailMultiAlternatives:
        """Return the mail to one recipient; ``message_id`` is a key, as for ``send``."""
        key = fixed_message_id(message_id)
        if not PLAIN_ADDRESS.fullmatch(to) or not PLAIN_ID.fullmatch(key) or b"multipart" in self._head:
            made = _message(_Copy, *self._about)
        else:
            made = _Copy(subject=self._subject, body=self._body)
            head = self._head.replace(_NOBODY.encode(), to.encode(), 1).replace(_NO_KEY.encode(), key.encode(), 1)
            made.written = head + b"\r\n\r\n" + self._rest
        made.to, made.extra_headers["Message-ID"] = [to], key
        return made


class MailRun:
    """Several mails over one connection, which is opened anew where it broke."""

    def __init__(self) -> None:
        self._mailer = mailers.default

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one mail. Raises what the mailer raises; the next mail can be sent all the same."""
        try:
            self._mailer.open()
            self._mailer.send_messages([message])
        except OSError as error:
            if is_broken(error):
                self.close()
            raise

    def close(self) -> None:
        """End the connection, whatever is left of it."""
        try:
            self._mailer.close()
        except OSError:
            # It broke before; nothing waits for its last word.
            self._mailer = mailers.default


def is_broken(error: Exception) -> bool:
    """Whether an error says nothing of the message: the connection broke, or there is none."""
    refused = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError) and (not refused or isinstance(error, smtplib.SMTPConnectError))


def has_no_mailbox(error: Exception) -> bool:
    """Whether a server said that there is no such mailbox (RFC 3463, 5.1.x): not that it takes nothing of us now."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        NO_MAILBOX.match(said) for _code, said in error.recipients.values()
    )


@contextmanager
def run() -> Iterator[MailRun]:
    """Send several mails over one connection."""
    going = MailRun()
    try:
        yield going
    finally:
        going.close()


def _message[M: EmailMultiAlternatives](
    kind: type[M], subject: str, template: str, context: Mapping[str, Any], language: str
) -> M:
    values = _values(context, subject=subject, language=language)
    with translation.override(language):
        html = _html(f"email/{template}.html", values)
    message = kind(
        subject=str(subject),
        body=body(template=template, context=context, subject=subject, language=language),
        headers={
            # Out-of-office replies to a machine help nobody (RFC 3834).
            "Auto-Submitted": "auto-generated",
            "Content-Language": language,
        },
    )
    if html:
        message.attach_alternative(html, "text/html")
    return message


def body(*, template: str, context: Mapping[str, Any], subject: str, language: str) -> str:
    """Return the text of a message, as ``send`` sends it."""
    with translation.override(language):
        values = _values(context, subject=subject, language=language)
        text = _template(f"email/{template}.txt").render(Context(values, autoescape=False))
    return text.strip() + "\n"


def _values(context: Mapping[str, Any], *, subject: str, language: str) -> dict[str, Any]:
    """Return what a template knows; under ``people_url`` are the pages of people in the language of the message."""
    addresses = {"portal_url": settings.PORTAL_URL, "people_url": people_url(language)}
    return {**context, **addresses, "language": language, "subject": str(subject)}


def fixed_message_id(key: str) -> str:
    """Return the Message-ID of a key: the same key, the same ID."""
    if key.startswith("<"):
        return key
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"


def _html(name: str, values: dict[str, Any]) -> str:
    try:
        return _template(name).render(Context(values))
    except TemplateDoesNotExist as missing:
        if str(missing) != name:
            raise
        return ""


def _template(name: str) -> Template:
    found: Template = engines["django"].get_template(name).template  # type: ignore[attr-defined]
    return found
