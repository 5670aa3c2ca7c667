"""``manage.py verify_ledger``: the live database against the notary's checkpoints; exits as ``verify.py`` does."""

import sys
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.integrity import verification
from privacy.ledger.management.usage import exit_on_usage_error
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND


class Command(BaseCommand):
    help = "Hash the audit trail again and compare it with the signed checkpoints: 0 sound, 2 altered, 3 policy, 4 bad."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        exit_on_usage_error(parser, MALFORMED)
        parser.add_argument("--from-index", type=_index, default=0, help="hash from this index on only (0)")

    def handle(self, *args: Any, **options: Any) -> None:
        with log_reader.connect() as connection:
            report = verification.verify_log(connection, external_checkpoints.load(), start=options["from_index"])
        self.stdout.write(
            f"{report.size} entries sealed, {report.signed_size} of them signed for;"
            f" compared with {report.checkpoints} stored and {report.anchored} anchored checkpoints."
        )
        words = {ALTERED: "ALTERED", POLICY: "POLICY", MALFORMED: "MALFORMED"}
        for finding in report.findings:
            self.stdout.write(f"{words[finding.code]}: {finding.message}")
        if report.code != SOUND:
            sys.exit(report.code)
        if report.start:
            self.stdout.write(
                f"SOUND: every entry from index {report.start} on is as it was sealed; those before were not hashed."
            )
        else:
            self.stdout.write("SOUND: every entry is as it was sealed.")


def _index(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("an index is 0 or more")
    return int(text)
