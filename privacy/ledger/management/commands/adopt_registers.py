"""``manage.py adopt_registers --because TEXT``: take every register as it stands, after an incident."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.protected_tables import DATABASE
from privacy.lib.dates import clock


class Command(BaseCommand):
    help = "Put every row of the registers on the audit trail as it stands. Each verification shows it from then on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--because", required=True, type=_reason, help="the record of the incident, such as INC-7F3K-92QX"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with connections[DATABASE].cursor() as cursor:
            cursor.execute("SELECT session_user, pg_has_role(session_user, 'portal_ledger', 'MEMBER')")
            role, owns = cursor.fetchone()
        if not owns:
            raise CommandError(f"Run it as portal_owner, not as {role}: only the owner takes registers as they stand.")
        adopted = ledger.adopt_registers(
            actor=SystemActor("adopt_registers"), at=clock.now(), because=options["because"]
        )
        self.stdout.write(f"{len(adopted)} registers adopted.")


def _reason(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("say why: every verification shows it")
    return text
