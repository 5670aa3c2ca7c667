"""Migrate the three databases, as their owner."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from config.databases import DATABASES, readonly_role_statements


class Command(BaseCommand):
    help = (
        "Migrate the general, the personal and the archive database, and grant anew what an auditor's requests may do."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in DATABASES:
            call_command("migrate", database=alias, interactive=False, verbosity=max(0, options["verbosity"] - 1))
            with connections[alias].cursor() as cursor:
                for statement in readonly_role_statements(alias):
                    cursor.execute(statement)
            self.stdout.write(f"{alias}: migrated")
