"""The worker: django-q2's cluster, which does not start with a wrong or missing key."""

from typing import Any

from django_q.management.commands import qcluster

from config import startup
from privacy.lib.dates import clock
from privacy.vault import actions as vault


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 has no types
    def handle(self, *args: Any, **options: Any) -> None:
        startup.require_valid_keys()
        # Intake may not, and the first that a new vault seals may be a device.
        vault.enrol_keys(at=clock.now())
        startup.require_guarded_ledger()
        super().handle(*args, **options)
