"""Migrate the three databases, as their owner."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.databases import DATABASES


class Command(BaseCommand):
    help = "Migrate the general, the personal and the archive database."

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in DATABASES:
            call_command("migrate", database=alias, interactive=False, verbosity=max(0, options["verbosity"] - 1))
            self.stdout.write(f"{alias}: migrated")
