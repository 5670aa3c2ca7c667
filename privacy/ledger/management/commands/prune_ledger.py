"""``manage.py prune_ledger``: remove entries past their term, with a certificate, as a role for this alone."""

from calendar import monthrange
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from privacy.ledger.integrity import pruning
from privacy.ledger.merkle import log_reader
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import is_in_range
from privacy.lib.errors.refusals import Refusal


class Command(BaseCommand):
    help = "Prune entries that are past their term: whole months, whole tiles, never below the law's floor."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", help="prune what is older than this day (KST); default: the term")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be pruned")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        with log_reader.connect() as connection:
            months = max(settings.LEDGER_KEEP_MONTHS, pruning.minimum_months(connection, clock.today()))
            latest = _months_before(clock.today(), months)
            asked = _day(options["before"]) if options["before"] else latest
            if asked > latest:
                raise CommandError(f"Entries stay for {months} months: the latest day is {latest}.")
            cut = clock.midnight(asked)
            planned = pruning.plan_pruning(connection, cut)
            if planned is None:
                self.stdout.write("Nothing to prune.")
                return
            self.stdout.write(f"Entries before index {planned.until} are past their term; root {planned.root}.")
            if options["dry_run"]:
                return
            try:
                tables = pruning.prune(connection, planned, at)
            except Refusal as refusal:
                raise CommandError(str(refusal)) from None
        self.stdout.write(f"Dropped: {', '.join(tables) or 'no whole month yet'}.")


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not is_in_range(day):
        raise CommandError(f"{text} is not a day: YYYY-MM-DD.")
    return day


def _months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or that month's last: what is older has been kept in full."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
