"""``manage.py seal``: the sequencer. A daemon; any number may run, one works at a time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger.daemon import Daemon
from privacy.ledger.merkle import log_reader, log_sequencer


class Command(BaseCommand):
    help = "Seal new entries of the audit trail into the tree, twice a second."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="seal what there is and end")
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between batches (0.5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            Daemon("seal", log_sequencer.seal, options["interval"]).run()
            return
        with log_reader.connect() as connection:
            sealed = log_sequencer.seal(connection)
        if sealed is None:
            self.stdout.write("Another sealer is at work.")
        elif options["verbosity"]:
            self.stdout.write(f"Sealed {sealed} entries.")
