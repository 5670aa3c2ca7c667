"""A provider of text messages for development: takes them on this machine and keeps each as a file."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demonstration.text_provider import TextProvider
from privacy.lib.processes.shutdown_signal import ShutdownSignal

# A phone rings a moment after the message was taken.
DELAY = timedelta(seconds=3)


class Command(BaseCommand):
    help = "Take text messages on this machine and keep them under PORTAL_HOME/texts (development only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8026)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("This provider is for development only. Set TEXT_MESSAGES_URL to yours.")
        folder = settings.PORTAL_HOME / "texts"
        with TextProvider(folder=folder, port=options["port"], delay=DELAY) as box:
            self.stdout.write(f"TEXT_MESSAGES_URL={box.url}")
            self.stdout.flush()
            ShutdownSignal().wait()
