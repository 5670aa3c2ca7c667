"""Say whether the published policy is still what the rulebook, the registers and the seals say (V-08)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from privacy.lib.dates import clock
from privacy.policies import drift


class Command(BaseCommand):
    help = (
        "Compare the published policy with rulebook, registers and seals. 0: equal, 1: a revision is due, 2: altered."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = drift.find_drifts(clock.today())
        for one in found:
            self.stdout.write(f"{'due' if one.is_due else 'ALTERED'}  {one.version}  {one.code}  {one.message}")
        if not found:
            self.stdout.write("The published policy says what the portal does.")
            return
        sys.exit(1 if all(one.is_due for one in found) else 2)
