"""``manage.py share_journal``: bring the journal's file into the table of all hosts, before a second host serves."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from privacy.retention.destruction import journal_file, journal_table
from privacy.retention.refusals import JournalUnavailable


class Command(BaseCommand):
    help = "Copy the journal of destructions from its file into the table at JOURNAL_DATABASE_URL: what that lacks."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy all lines or none."""
        if not settings.JOURNAL_DATABASE_URL:
            raise CommandError("Set JOURNAL_DATABASE_URL, as portal_owner, and run migrate_all first.")
        try:
            there, here = list(journal_table.lines(0)), list(journal_file.lines(0))
        except JournalUnavailable as away:
            raise CommandError("There is no journal at JOURNAL_DATABASE_URL yet: run migrate_all first.") from away
        if not here:
            raise CommandError(
                f"{journal_file.path()} has no lines: where nothing was destroyed, there is none to copy."
            )
        if there != here[: len(there)]:
            raise CommandError("The table has other lines than the file; nothing was copied.")
        count = journal_table.fill(here[len(there) :])
        self.stdout.write(f"{count} lines of {journal_file.path()} were added; the table has all {len(here)} now.")
