"""Serve the addresses of PORTAL_PROCESS, as the settings say; the web server takes this process's place."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import processes, web_server


class Command(BaseCommand):
    help = "Serve pages or intake (PORTAL_PROCESS) at WEB_HOST and PORT, for a reverse proxy. Ends on SIGTERM."
    # Each of the web server's processes asks what matters at its start (config/startup.py).
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_PROCESS not in processes.SERVED:
            raise CommandError("PORTAL_PROCESS is neither pages nor intake: nothing else is served.")
        command = web_server.command(
            host=settings.WEB_HOST, port=settings.PORT, workers=settings.WEB_WORKERS, threads=settings.WEB_THREADS
        )
        os.execv(command[0], command)  # noqa: S606 - the command is ours
