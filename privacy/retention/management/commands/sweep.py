"""``manage.py sweep --as-of DATE [--dry-run]``: look for what is due and destroy what may be destroyed."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention.models import ClockDoubt, DestructionList
from privacy.retention.schedule import selection
from privacy.retention.schedule.clock_reading import read_clock

OPERATOR = SystemActor("sweep")


class Command(BaseCommand):
    help = "Select what is past its retention and carry out the lists that may be carried out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day to look from (default: today in Korea)")
        parser.add_argument("--dry-run", action="store_true", help="count only: write and destroy nothing")
        parser.add_argument("--seconds", type=float, default=3600.0, help="work for about so long, then stop")
        parser.add_argument(
            "--confirm-clock",
            action="store_true",
            help="say that the clock is right after a jump; it goes on the ledger",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        today = clock.kst_date(at)
        as_of: date = options["as_of"] or today
        if options["dry_run"]:
            self._preview(as_of)
            return
        if as_of > today and not settings.DEVELOPMENT:
            raise CommandError(f"{as_of} has not come: a sweep ahead of time would destroy what is not due.")
        try:
            if options["confirm_clock"]:
                for doubt in ClockDoubt.objects.filter(settled_at=None):
                    retention.confirm_clock(doubt, reading=read_clock(at), actor=OPERATOR, at=at)
            swept = retention.sweep(
                as_of=as_of, reading=read_clock(at), actor=OPERATOR, at=at, seconds=options["seconds"]
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        run = swept.run
        self.stdout.write(
            f"{run.reference} as of {as_of}: {run.due} people due, withheld {run.withheld or 'none'},"
            f" {swept.executed} lists carried out, {swept.to_approve} to approve"
        )
        for row in DestructionList.objects.filter(run=run).order_by("id"):
            self.stdout.write(
                f"  {row.reference} {row.category} {row.month or ''} {row.state}"
                f" people={row.people} records={row.records} certificate={row.certificate_number or '-'}"
            )

    def _preview(self, as_of: date) -> None:
        seen = selection.preview_sweep(as_of, clock.now())
        self.stdout.write(f"as of {as_of}: nothing is written, nothing is destroyed")
        for found in seen:
            month = f" {found.month:%Y-%m}" if found.month else ""
            self.stdout.write(
                f"  {found.category}{month}: {found.people} people, {found.records} records,"
                f" withheld {found.withheld or 'none'}, about {found.seconds:.1f} s,"
                f" {'needs approval' if found.needs_approval else 'by the rule'}"
                f"{', over the ceiling' if found.over_ceiling else ''}"
            )
        if not seen:
            self.stdout.write("  nothing is due")
