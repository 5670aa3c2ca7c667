"""``manage.py adopt_registers --because TEXT``: take every register as it stands, after an incident."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock


class Command(BaseCommand):
    help = "Put every row of the registers on the audit trail as it stands. Each verification shows it from then on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--because", required=True, help="the record of the incident, such as INC-7F3K-92QX")

    def handle(self, *args: Any, **options: Any) -> None:
        adopted = ledger.adopt_registers(
            actor=SystemActor("adopt_registers"), at=clock.now(), because=options["because"]
        )
        self.stdout.write(f"{len(adopted)} registers adopted.")
