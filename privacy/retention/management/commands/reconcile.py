"""``manage.py reconcile``: compare the databases; exit 1 when they differ."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.retention import actions as retention


class Command(BaseCommand):
    help = "Compare the databases with each other and certificates with the ledger; list the differences."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = retention.reconcile(actor=SystemActor("reconcile"), at=clock.now())
        for finding in findings:
            self.stdout.write(f"{finding.kind}: {finding.about} ({finding.count}), since {finding.found_at:%Y-%m-%d}")
        if findings:
            raise CommandError(f"{len(findings)} differences", returncode=1)
        self.stdout.write("no differences")
