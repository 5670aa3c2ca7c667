"""A portal of a fleet's size that is kept between runs: devices with reports, and an audit trail, sealed for real.

``BENCH_HOME`` names the folder (default ``build/bench-home``); each size has a portal of its own in it, with its keys.
A million devices, twenty million reports and five million entries load in minutes; a later run finds them there. A load
that was stopped, or killed, goes on where it was (``load_progress.py``).
"""

import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import deferred_constraints
import fleet
import load_devices
import load_ledger
import load_progress
import load_reports
from harness import ROOT, embedded_database
from load_progress import Progress

from privacy.policies.categories import APP_LOG, SERVICE_ANALYTICS

MONTHS = 12
CHUNK = 50_000
MARK = "loaded.json"
type Cells = Counter[tuple[date, str]]


@dataclass(frozen=True)
class Size:
    """How much is loaded."""

    devices: int = 1_000_000
    reports: int = 20_000_000
    entries: int = 5_000_000

    def __str__(self) -> str:
        return f"{self.devices:,} devices, {self.reports:,} reports, {self.entries:,} entries of the audit trail"


def home_of(size: Size) -> Path:
    """Return the folder of a portal of this size."""
    base = Path(os.environ.get("BENCH_HOME") or ROOT / "build" / "bench-home")
    return base.resolve() / f"{size.devices}-{size.reports}-{size.entries}"


@contextmanager
def cached_dataset(size: Size) -> Iterator[Path]:
    """Give the stage of a portal of this size, loading it first where it is not there yet, or not wholly."""
    home = home_of(size)
    mark = home / MARK
    if home.exists() and not mark.exists() and not Progress(home).can_go_on:
        print(f"{home}: what was begun before the machine started is taken away", flush=True)
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    load_progress.stop_on_sigterm()
    progress = Progress(home)
    if not mark.exists():
        progress.sit_down()
    with embedded_database(folder=home):
        if not mark.exists():
            load(size, progress)
            mark.write_text(json.dumps({**asdict(size), "seconds": round(progress.seconds)}))
            progress.end()
            print(f"loaded {size} in {progress.seconds / 60:.1f} minutes", flush=True)
        yield home


def load(size: Size, progress: Progress) -> None:
    """Load what is left, on all processors, and let it lie as it would: sealed, vacuumed, written to the disk."""
    from django.db import connections

    from devices import partitions
    from privacy.lib.dates.clock import kst_date
    from privacy.vault import actions as vault

    progress.begin(fleet.NOW, random.SystemRandom().getrandbits(33))
    at = progress.at
    gateway, _token = fleet.gateway_token()
    past = [partitions.first_of_month(kst_date(at - timedelta(days=30 * back))) for back in reversed(range(MONTHS))]
    past = sorted({*past, partitions.month_of(at)})[-MONTHS:]
    partitions.create_partitions(past)
    vault.enrol_keys(at=at)
    vault.create_month_keys([SERVICE_ANALYTICS, APP_LOG], past, at=at)
    vault.create_month_keys([load_devices.DEVICE_REGISTRATION], [vault.month_of(at)], at=at)
    ids = sorted(fleet.device_ids(size.devices))
    tasks = _tasks(size, ids, gateway.id, past, at, progress.offset)
    done = load_progress.steps_done()
    left = [task for task in tasks if _last_step(task) not in done]
    connections.close_all()
    processes = multiprocessing.get_context("fork").Pool(os.cpu_count(), load_progress.die_with_parent)
    with processes as pool, deferred_constraints.durability_off():
        # Forked before anybody has a connection: each process makes its own.
        clock = Clock()
        if len(left) < len(tasks):
            clock.tell(f"gone on at {100 - len(left) * 100 // len(tasks)} % of the rows")
        rest = progress.dropped_indexes(rows_left=bool(left))
        cells = _cells_of(done) + _fill(pool.imap_unordered(work, left), len(left), clock, progress)
        clock.tell("rows")
        deferred_constraints.rebuild_indexes(rest, lambda work, items: pool.map(work, items, chunksize=1))
        clock.tell("indexes")
        load_reports.put_figures(cells, kst_date(at))
        _count_decisions(at)
        progress.save_time()
        connections.close_all()
        settling: list[Callable[[], None]] = [load_ledger.seal, _settle_personal, _settle_general]
        pool.map(_call, settling, chunksize=1)
        clock.tell("sealed, vacuumed")
    clock.tell("written to the disk")
    _try(ids)


class Clock:
    """Tells how long each part took."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def tell(self, part: str) -> None:
        """Say how far it is."""
        print(f"  {part} after {time.monotonic() - self.started:,.0f} s", flush=True)


def _last_step(task: Any) -> str:
    """Return the step with which a task is done."""
    if isinstance(task, load_ledger.Stretch):
        return f"entries {task.number}"
    return f"{'reports' if task.reports else 'devices'} {task.first}"


def _cells_of(done: dict[str, Any]) -> Cells:
    """Return the statistics of the reports that earlier sittings put in place."""
    said = [each for step, each in done.items() if step.startswith("reports ")]
    cells: Cells = Counter()
    for day, cell, number in (one for each in said for one in each):
        cells[date.fromisoformat(day), cell] += number
    return cells


def _tasks(size: Size, ids: list[UUID], gateway_id: UUID, past: list[date], at: datetime, offset: int) -> list[Any]:
    """Return slices of the fleet with stretches of the trail among them: the same in every sitting."""
    slices = [
        load_devices.Slice(
            first, ids[first : first + fleet.SLICE], gateway_id, at, offset,
            reports=size.reports // size.devices, months=tuple(past), resumable=True,
        )
        for first in range(0, len(ids), fleet.SLICE)
    ]  # fmt: skip
    source = random.Random(4)
    people = source.sample(ids, min(len(ids), 20_000))
    stretches = [
        load_ledger.Stretch(min(CHUNK, size.entries - done), people, at, done) for done in range(0, size.entries, CHUNK)
    ]
    mixed: list[Any] = [*slices, *stretches]
    source.shuffle(mixed)
    # The fleet in its order, so that its tables grow at their ends as they do in life.
    ordered = iter(slices)
    return [next(ordered) if isinstance(task, load_devices.Slice) else task for task in mixed]


def work(task: Any) -> Cells:
    """Do one task in a process of the pool."""
    if isinstance(task, load_ledger.Stretch):
        load_ledger.append(task)
        return Counter()
    keys = load_devices.put(task)
    return load_reports.put_reports(task, keys) if task.reports else Counter()


def _fill(found: Iterable[Cells], count: int, clock: Clock, progress: Progress) -> Cells:
    cells: Cells = Counter()
    for number, more in enumerate(found, 1):
        cells.update(more)
        if number % max(1, count // 10) == 0:
            clock.tell(f"{number * 100 // count} % of the rows that were left")
            progress.save_time()
    return cells


def _call(work: Callable[[], None]) -> None:
    work()


def _count_decisions(at: datetime) -> None:
    """Count what the nightly job would have counted."""
    from consents import actions as consents
    from privacy.ledger.actors import SystemActor
    from privacy.lib.dates import clock

    consents.count_decisions(on=clock.kst_date(at), actor=SystemActor("benchmark"), at=at)


def _settle_personal() -> None:
    deferred_constraints.execute(deferred_constraints.Statement("portal_personal", "VACUUM (ANALYZE)"))


def _settle_general() -> None:
    deferred_constraints.execute(deferred_constraints.Statement("portal_general", "VACUUM (ANALYZE)"))


def _try(ids: list[UUID]) -> None:
    """Open some of the reports, as anybody would: a load that nobody can read is none."""
    from devices.models import AppLog, Report

    chosen = random.Random(6).sample(ids, min(len(ids), 20))
    for model in (Report, AppLog):
        load_reports.opens(list(model.objects.filter(device_id__in=chosen)))
