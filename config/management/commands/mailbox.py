"""A real SMTP server for development: takes mail on this machine and keeps each as a file."""

from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.lib.identifiers.ids import new_id
from privacy.lib.processes.shutdown_signal import ShutdownSignal


class Folder:
    """Keeps every accepted message as ``<id>.eml``, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        name = new_id().hex
        partial = self.folder / f".{name}"
        partial.write_bytes(envelope.original_content or b"")
        partial.rename(self.folder / f"{name}.eml")
        return "250 OK"


class Command(BaseCommand):
    help = "Take mail over SMTP on this machine and keep it under PORTAL_HOME/mail (development only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8025)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The mailbox is for development only. Set EMAIL_URL to your mail server.")
        controller = Controller(Folder(settings.PORTAL_HOME / "mail"), hostname="127.0.0.1", port=options["port"])
        controller.start()
        ShutdownSignal().wait()
        controller.stop()
