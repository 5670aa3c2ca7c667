"""The worker: django-q2's cluster, which does not start with a wrong or missing key, and ends in seconds."""

from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster

from config import process_lifetime, startup
from privacy.lib.dates import clock
from privacy.lib.processes import readiness
from privacy.vault import actions as vault

# A job that is cut off is repeated (privacy/jobs/README.md); a service manager waits for ten seconds.
END_SECONDS = 6.0


class BoundedCluster(Cluster):  # type: ignore[misc]  # django-q2 has no types
    """A cluster that a signal ends within ``END_SECONDS``, also where its own processes got the signal too.

    Those die of it at once, and may hold the locks that the main process then asks for without an end.
    """

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        process_lifetime.end_within(END_SECONDS)
        super().sig_handler(signum, frame)


class Command(BaseCommand):
    help = "Do the jobs of the queue and turn its schedule. Ends on SIGTERM, to it alone or to all that it started."

    def handle(self, *args: Any, **options: Any) -> None:
        startup.require_valid_keys()
        # Intake may not, and the first that a new vault seals may be a device.
        vault.enrol_keys(at=clock.now())
        startup.require_guarded_ledger()
        startup.require_own_sessions()
        process_lifetime.keep_orphans()
        readiness.tell_ready()
        BoundedCluster().start()
