"""What runs later for the audit trail. Every task may run twice, and ends within a minute."""

from django.db import connections

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock

MONTHS_AHEAD = 6


def make_partitions() -> int:
    """Make the months of entries ahead of time; return how many were made."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT ledger.make_partitions(%s)", [MONTHS_AHEAD])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def start_scrub() -> None:
    """Begin the nightly scrub and do its first slice."""
    at = clock.now()
    ledger.start_scrub(actor=SystemActor("scrub"), at=at)
    continue_scrub()


def reconcile_writes() -> None:
    """Compare what the databases say was written with the entries, and forget touches that are old."""
    ledger.reconcile_writes(actor=SystemActor("pairing"), at=clock.now())
    ledger.delete_old_captured_writes()


def open_reviews() -> None:
    """Open the review of a period that has ended, and tell which reviews are overdue."""
    at, today = clock.now(), clock.today()
    ledger.open_reviews(on=today, actor=SystemActor("reviews"), at=at)
    ledger.record_overdue_reviews(on=today, actor=SystemActor("reviews"), at=at)


def continue_scrub() -> None:
    """Do the next slice of a scrub that is under way."""
    ledger.continue_scrub(actor=SystemActor("scrub"), at=clock.now())
