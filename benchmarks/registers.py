"""The registers beside the audit trail: how fast a night's part and the whole of them are compared, and in what memory.

A register of people, each put in by a verb of its own, whose entry names the row. The references are a plain reading of
the same rows with their digests, as whoever only reads would do it, and limits.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from harness import ROOT, Figure, embedded_database, limit_figure, print_figures, throughput_figure

# So many verbs, each of which puts in one row, are committed at once.
TOGETHER = 500
PLAIN = "SELECT count(sha256(convert_to(s::text, 'UTF8'))) FROM public.subjects_subject s"


def main() -> None:
    """Fill the register, compare it as a night does and as the command does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small register, under a minute or two")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.quick:
        options.rows = 20_000
    with embedded_database() as home:
        figures = run(options.rows, home)
    print_figures("The registers beside the trail", figures)


def run(rows: int, home: Path) -> list[Figure]:
    """Return the figures of a register of so many rows."""
    from django.conf import settings
    from django.db import connections

    from privacy.ledger import actions as ledger
    from privacy.ledger.actions import scrubs
    from privacy.ledger.actors import SystemActor
    from privacy.ledger.merkle import log_sequencer
    from privacy.lib.dates import clock

    actor = SystemActor("benchmarks")
    manage("sync_schedules", role="portal_owner")
    started = time.perf_counter()
    fill(rows)
    print(f"{rows:,} rows with their entries: {time.perf_counter() - started:.0f} s", flush=True)
    with psycopg.connect(settings.EMBEDDED_SERVER.url("portal_sequencer", "portal_general"), autocommit=True) as own:
        log_sequencer.seal(own)
    manage("notary", "--once", role="portal_notary")
    with connections["default"].cursor() as cursor:
        cursor.execute(PLAIN)
        started = time.perf_counter()
        cursor.execute(PLAIN)
        plain = rows / (time.perf_counter() - started)
    # Also a small register is compared in parts here.
    scrubs.MOST_IN_A_JOB = 0
    begun = ledger.start_scrub(actor=actor, at=clock.now())
    slices, longest, started = 0, 0.0, time.perf_counter()
    while True:
        before = time.perf_counter()
        scrub = ledger.continue_scrub(actor=actor, at=clock.now())
        longest, slices = max(longest, time.perf_counter() - before), slices + 1
        if scrub is None or scrub.finished_at is not None:
            break
    night = time.perf_counter() - started
    begun.refresh_from_db()
    altered = [message for _code, message in begun.findings if "outside the portal" in message]
    if altered:
        raise SystemExit(f"Nobody altered anything, and the comparison says: {altered[:3]}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.perf_counter()
    manage("verify_ledger", "--registers", role="portal_auditor")
    whole = time.perf_counter() - started
    command = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    return [
        throughput_figure("registers_whole", rows / whole, plain, "rows/s",
             f"`verify_ledger --registers`: {rows:,} rows in {whole:.0f} s, beside a plain reading of their digests"),
        limit_figure("registers_night_s", night, 1_800, "s",
             f"a night's part of {rows:,} rows and the hashing of the trail, in {slices} slices"),
        limit_figure("registers_slice_s", longest, 60, "s", "the longest slice of a job"),
        limit_figure("registers_night_mb", memory, 1_000, "MB", "most memory of the process that fills and compares"),
        limit_figure("registers_whole_mb", command, 4_000, "MB", "the most memory of the command, which reads all"),
    ]  # fmt: skip


def fill(rows: int) -> None:
    """Put people into the register, each by a verb whose entry names the row."""
    from django.db import transaction

    from privacy.ledger import actions as ledger
    from privacy.ledger.actors import SystemActor
    from privacy.lib.dates import clock
    from privacy.subjects.events import Event
    from privacy.subjects.models import Subject

    at, actor = clock.now(), SystemActor("benchmarks")
    for _batch in range(rows // TOGETHER):
        with transaction.atomic():
            for _row in range(TOGETHER):
                made = Subject.objects.create(registered_at=at)
                ledger.record(Event.REGISTERED, actor=actor, at=at, about=made, subjects=[made.reference])


def manage(*arguments: str, role: str) -> None:
    """Run a command of the portal as a role, and end the run where it fails."""
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if ran.returncode not in {0, 3}:
        raise SystemExit(f"{arguments}: {ran.stdout}{ran.stderr}")
    print(ran.stdout)


if __name__ == "__main__":
    main()
