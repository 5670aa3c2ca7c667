"""``manage.py finish_destruction``: as the owner, rewrite tables and turn the write-ahead log over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention


class Command(BaseCommand):
    help = (
        "Rewrite the tables so that nothing destroyed is left in their files, and turn the write-ahead log over;"
        " exit 1 if the log was not turned over whole or an older transaction kept rows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keys-only", action="store_true", help="rewrite the key tables only: quick, for each night"
        )
        parser.add_argument(
            "--patience", type=float, default=600.0, help="seconds to wait for transactions that run already"
        )

        parser.add_argument(
            "--turning", type=float, default=3600.0, help="seconds to turn the write-ahead log of a server over"
        )
        parser.add_argument(
            "--in-maintenance", action="store_true", help="large tables too, while nobody works: they hold everybody"
        )

    def handle(self, *args: Any, keys_only: bool, patience: float, turning: float, **options: Any) -> None:
        row = retention.rewrite_tables(
            actor=SystemActor("finish-destruction"),
            at=clock.now(),
            keys_only=keys_only,
            patience=patience,
            turning=turning,
            in_maintenance=options["in_maintenance"],
        )
        self.stdout.write(f"rewritten: {', '.join(row.tables)}")
        said = f"write-ahead log {'' if row.log_turned else 'not '}turned over: {row.notes}"
        if not row.log_turned:
            raise CommandError(f"{said}. What was destroyed may still lie in files: run it again.")
        self.stdout.write(said)
