"""``manage.py verify_ledger``: the live database against the notary's checkpoints; exits as ``verify.py`` does."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger import reading, verification, witnesses
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND


class Command(BaseCommand):
    help = "Hash the audit trail again and compare it with the signed checkpoints: 0 sound, 2 altered, 3 policy, 4 bad."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-index", type=int, default=0, help="hash from this index on only (0)")

    def handle(self, *args: Any, **options: Any) -> None:
        with reading.connect() as connection:
            report = verification.examine(connection, witnesses.gather(), start=options["from_index"])
        self.stdout.write(
            f"{report.size} entries sealed, {report.signed_size} of them signed for;"
            f" {report.checkpoints} checkpoints stored, {report.anchored} anchored."
        )
        words = {ALTERED: "ALTERED", POLICY: "POLICY", MALFORMED: "MALFORMED"}
        for finding in report.findings:
            self.stdout.write(f"{words[finding.code]}: {finding.message}")
        if report.code != SOUND:
            sys.exit(report.code)
        self.stdout.write("SOUND: every entry is as it was sealed.")
