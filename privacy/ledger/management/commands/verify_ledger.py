"""``manage.py verify_ledger``: the live database against the notary's checkpoints; exits as ``verify.py`` does."""

import sys
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.integrity import registers, verification
from privacy.ledger.management.usage import exit_on_usage_error
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND


class Command(BaseCommand):
    help = (
        "Hash the audit trail again and compare it with the signed checkpoints, with --registers also every row of the"
        " registers beside it with the last entry about it: 0 sound, 2 altered, 3 policy, 4 bad."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        exit_on_usage_error(parser, MALFORMED)
        parser.add_argument("--from-index", type=_index, default=0, help="hash from this index on only (0)")
        parser.add_argument("--registers", action="store_true", help="compare the registers beside the trail, too")

    def handle(self, *args: Any, **options: Any) -> None:
        with log_reader.connect() as connection:
            report = verification.verify_log(connection, external_checkpoints.load(), start=options["from_index"])
            found = registers.Registers(connection).verify() if options["registers"] else None
        self.stdout.write(
            f"{report.size} entries sealed, {report.signed_size} of them signed for;"
            f" compared with {report.checkpoints} stored, {report.anchored} anchored and {report.mirrored} older"
            " checkpoints of the mirror."
        )
        if found is not None:
            registers.add_to(report, found)
            self._tell(found)
        for one in report.to_be_pinned:
            self.stdout.write(
                f"NOTE: from entry {one.checkpoint.size} on another key of the notary signs: pin these two lines"
                " instead (NOTARY_VKEYS)"
            )
            self.stdout.write("\n".join(one.vkeys[2:]))
        for said in report.excepted:
            self.stdout.write(f"EXCEPTED: {said}")
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

    def _tell(self, found: registers.RegisterReport) -> None:
        self.stdout.write(f"{found.rows} rows of {found.tables} registers compared with the last entry about each.")
        for note in found.notes:
            self.stdout.write(f"NOTE: {note}")


def _index(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("an index is 0 or more")
    return int(text)
