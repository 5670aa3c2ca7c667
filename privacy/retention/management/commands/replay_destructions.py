"""``manage.py replay_destructions``: after a restore, destroy again what was destroyed; only then the portal opens."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.restore_gate import gate


class Command(BaseCommand):
    help = "Carry out the journal of destructions where a restored database is behind it, then open the portal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether it is needed; exit 1 if so")

    def handle(self, *args: Any, **options: Any) -> None:
        behind = gate.databases_behind(of_all=True)
        if "journal" in behind:
            raise CommandError(
                "The journal of destructions is older than the databases, or a line of it can't be read. Restore it"
                " from its own storage first."
            )
        if options["check"]:
            if behind:
                raise CommandError(f"behind the journal: {', '.join(behind)}", returncode=1)
            self.stdout.write("every database follows the journal")
            return
        done = retention.replay(actor=SystemActor("replay"), at=clock.now())
        self.stdout.write(
            f"{done.lines} lines carried out again: {done.keys} keys, {done.rows} rows; the portal is open"
        )
