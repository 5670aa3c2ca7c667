"""What runs later for the audit trail. Every task may run twice, and ends within a minute."""

import os
import subprocess
import sys

from django.conf import settings
from django.db import connections

from privacy.ledger import actions as ledger
from privacy.ledger.actors import System
from privacy.lib import clock

MONTHS_AHEAD = 6


def seal_fallback() -> str:
    """Seal once in a process of its own, as the sequencer's role: this process's role may not write leaves.

    Where the sequencer's database address isn't known here, the daemon alone seals, and nothing is done.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PORTAL_ROLE"}
    if not settings.EMBEDDED:
        address = getattr(settings, "SEQUENCER_DATABASE_URL", "")
        if not address:
            return "no sequencer here"
        environ["DATABASE_URL"] = address
    run = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "seal", "--once"],
        env=environ, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise RuntimeError(f"seal --once failed: {run.stderr.strip().splitlines()[-1:]}")
    return run.stdout.strip()


def make_partitions() -> int:
    """Make the months of entries ahead of time; return how many were made."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT ledger.make_partitions(%s)", [MONTHS_AHEAD])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def scrub() -> None:
    """Begin the nightly scrub and do its first slice."""
    at = clock.now()
    ledger.begin_scrub(actor=System("scrub"), at=at)
    resume_scrub()


def pair_touches() -> None:
    """Compare what the databases say was written with the entries, and forget touches that are old."""
    ledger.pair_touches(actor=System("pairing"), at=clock.now())
    ledger.forget_old_touches()


def open_reviews() -> None:
    """Open the review of a period that has ended, and tell which reviews are overdue."""
    at, today = clock.now(), clock.today()
    ledger.open_reviews(on=today, actor=System("reviews"), at=at)
    ledger.tell_overdue(on=today, actor=System("reviews"), at=at)


def resume_scrub() -> None:
    """Do the next slice of a scrub that is under way."""
    ledger.go_on_scrubbing(actor=System("scrub"), at=clock.now())
