"""A real SMTP server for tests, with moods: it accepts, refuses, hangs, or accepts and loses the answer."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from django.test import override_settings

ACCEPT, REFUSE, HANG, LOSE_THE_ANSWER = "accept", "refuse", "hang", "lose-the-answer"


class Mailbox:
    """What arrived, the mood of the server, and the addresses that it does not know."""

    def __init__(self) -> None:
        self.mood = ACCEPT
        self.unknown: set[str] = set()
        self.arrived: list[Message] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.unknown:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.mood == REFUSE:
            return "451 4.3.0 Try again later"
        if self.mood == HANG:
            await asyncio.sleep(30)
            return "451 4.4.2 Too late"
        self.arrived.append(message_from_bytes(envelope.content, policy=default))
        if self.mood == LOSE_THE_ANSWER:
            session.peer = None
            server.transport.abort()
        return "250 OK"

    @property
    def effects(self) -> set[str]:
        """What a receiving system keeps: one message for each Message-ID."""
        return {str(message["Message-ID"]) for message in self.arrived}


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run a server on a free port and point the portal's mailer at it."""
    box = Mailbox()
    host, port = "127.0.0.1", _free_port()
    controller = Controller(box, hostname=host, port=port)
    controller.start()
    mailers = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": host, "port": port, "timeout": 1},
        }
    }
    try:
        with override_settings(MAILERS=mailers):
            yield box
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
