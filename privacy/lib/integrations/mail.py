"""E-mail: one message to one recipient, as text and HTML, with a Message-ID that stays the same when it is sent again.

The fixed Message-ID lets a receiving system drop the repetition after a crash between sending and noting it
(lifecycle: effects are idempotent). Templates are ``templates/email/<name>.txt`` and, where there is one, ``.html``.
"""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Template, TemplateDoesNotExist, engines
from django.utils import translation

type Attachment = tuple[str, bytes, str]


def send(
    *,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    language: str,
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send one message by the default mailer.

    ``message_id`` is a key of the caller, such as an outbox row's id. Raises what the mailer raises (``OSError``,
    ``smtplib.SMTPException``) and ``ValueError`` for an address or subject that would smuggle in a header.
    """
    values = _values(context, subject=subject, language=language)
    with translation.override(language):
        html = _html(f"email/{template}.html", values)
    message = EmailMultiAlternatives(
        subject=str(subject),
        body=body(template=template, context=context, subject=subject, language=language),
        to=[to],
        headers={
            "Message-ID": fixed_message_id(message_id),
            # Out-of-office replies to a machine help nobody (RFC 3834).
            "Auto-Submitted": "auto-generated",
            "Content-Language": language,
        },
    )
    if html:
        message.attach_alternative(html, "text/html")
    for name, content, kind in attachments:
        message.attach(name, content, kind)
    message.send()


def body(*, template: str, context: Mapping[str, Any], subject: str, language: str) -> str:
    """Return the text of a message, as ``send`` sends it."""
    with translation.override(language):
        values = _values(context, subject=subject, language=language)
        text = _template(f"email/{template}.txt").render(Context(values, autoescape=False))
    return text.strip() + "\n"


def _values(context: Mapping[str, Any], *, subject: str, language: str) -> dict[str, Any]:
    return {**context, "language": language, "subject": str(subject), "portal_url": settings.PORTAL_URL}


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
