"""``manage.py finish_destruction``: as the owner, rewrite tables and turn the write-ahead log over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.retention import actions as retention


class Command(BaseCommand):
    help = "Rewrite the tables so that nothing destroyed is left in their files, and turn the write-ahead log over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keys-only", action="store_true", help="rewrite the key tables only: quick, for each night"
        )
        parser.add_argument(
            "--patience", type=float, default=600.0, help="seconds to wait for transactions that run already"
        )

    def handle(self, *args: Any, keys_only: bool, patience: float, **options: Any) -> None:
        actor = System("finish-destruction")
        row = retention.rewrite_tables(actor=actor, at=clock.now(), keys_only=keys_only, patience=patience)
        self.stdout.write(f"rewritten: {', '.join(row.tables)}")
        self.stdout.write(f"write-ahead log {'' if row.log_turned else 'not '}turned over: {row.notes}")
