"""E-mail: the same message has the same Message-ID, and what people typed stays text."""

import email.policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as outgoing
from django.test import override_settings

from privacy.lib.integrations import mail

TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [Path(__file__).parent / "templates"]}]


def send(**changes: Any) -> None:
    given: dict[str, Any] = {
        "to": "mina@mail.example",
        "subject": "Notice",
        "template": "example",
        "context": {"name": "Mina & <b>friends</b>", "link": "https://portal.example/a?b=1&c=2"},
        "language": "en",
        "message_id": "0193-7f",
    }
    with override_settings(TEMPLATES=TEMPLATES):
        mail.send(**{**given, **changes})


def test_a_message_sent_twice_is_the_same_message() -> None:
    send()
    send()
    first, second = outgoing.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"]
    assert first.message()["Message-ID"].startswith("<0193-7f@")
    assert first.message()["Auto-Submitted"] == "auto-generated"


def test_another_key_is_another_message() -> None:
    send(message_id="a")
    send(message_id="b")
    first, second = outgoing.outbox
    assert first.message()["Message-ID"] != second.message()["Message-ID"]
    assert mail.fixed_message_id("<given@elsewhere.example>") == "<given@elsewhere.example>"


@pytest.mark.asvs("1.2.1")
def test_text_is_written_as_it_is_and_html_is_escaped() -> None:
    send()
    (message,) = outgoing.outbox
    assert "Mina & <b>friends</b>" in message.body
    assert "https://portal.example/a?b=1&c=2" in message.body
    (html,) = message.alternatives
    assert html.mimetype == "text/html"
    assert "Mina &amp; &lt;b&gt;friends&lt;/b&gt;" in html.content


@pytest.mark.parametrize(("language", "word"), [("ko", "예"), ("en", "Yes")])
def test_the_message_is_in_the_language_of_its_reader(language: str, word: str) -> None:
    send(language=language)
    (message,) = outgoing.outbox
    assert message.body.startswith(f"{language}: {word}")
    assert message.message()["Content-Language"] == language


def test_a_message_without_html_is_text_alone_with_its_attachment() -> None:
    send(template="plain", attachments=[("notice.pdf", b"%PDF-1.7", "application/pdf")])
    (message,) = outgoing.outbox
    assert not message.alternatives
    assert [(part.filename, part.mimetype) for part in message.attachments] == [("notice.pdf", "application/pdf")]


@pytest.mark.asvs("1.2.1", "1.3.11")
@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Notice\nBcc: everybody@mail.example"},
        {"to": "mina@mail.example\nBcc: everybody@mail.example"},
        {"message_id": "x\r\nBcc: everybody@mail.example"},
    ],
)
def test_nobody_smuggles_in_a_header(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"[Hh]eader|newline|linefeed|[Aa]ddress"):
        send(**change)
    assert outgoing.outbox == [] or "Bcc" not in str(outgoing.outbox[0].message())
    # Nor into a copy of a mail to many.
    with override_settings(TEMPLATES=TEMPLATES):
        circular = mail.Circular(subject="Notice", template="plain", context={}, language="en")
        given = {"to": "mina@mail.example", "message_id": "0193-7f"}
        assert circular.copy(**given).message(policy=email.policy.SMTP).as_bytes().count(b"mina@mail.example") == 1
        if "subject" not in change:
            with pytest.raises(ValueError, match=r"[Hh]eader|newline|linefeed|[Aa]ddress"):
                circular.copy(**given | change).message(policy=email.policy.SMTP)
