"""Migrate the three databases, as their owner, and give every role its rights."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections, transaction

from config.database_grants import grant_statements
from config.databases import (
    DATABASES,
    JOURNAL_READERS,
    JOURNAL_WRITERS,
    key_service_statements,
    readonly_role_statements,
)
from privacy.retention.destruction import journal_table


class Command(BaseCommand):
    help = (
        "Migrate the general, the personal and the archive database, and grant anew what the portal and an auditor's "
        "requests may do."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in DATABASES:
            call_command("migrate", database=alias, interactive=False, verbosity=max(0, options["verbosity"] - 1))
            # In one transaction: no process is without its rights meanwhile.
            with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
                given = (*grant_statements(alias), *readonly_role_statements(alias), *key_service_statements(alias))
                for statement in given:
                    cursor.execute(statement)
            self.stdout.write(f"{alias}: migrated")
        if settings.JOURNAL_DATABASE_URL:
            journal_table.make(readers=JOURNAL_READERS, writers=JOURNAL_WRITERS)
            self.stdout.write("journal: made")
