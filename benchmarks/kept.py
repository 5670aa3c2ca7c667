"""A portal of a fleet's size that is kept between runs: devices with reports, and an audit trail, sealed for real.

``BENCH_HOME`` names the folder (default ``build/bench-home``); each size has a portal of its own in it, with its keys.
Loading a million devices, twenty million reports and five million entries takes minutes; a later run finds them there.
"""

import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import fleet
import loading
import psycopg
from stage import ROOT, stage

MONTHS = 12
CHUNK = 50_000
# A server as an administrator would set it up for loading; everything else is as delivered.
SERVER = "max_wal_size=8GB,checkpoint_timeout=30min,maintenance_work_mem=512MB"
PLACE = UUID(int=0)
MARK = "loaded.json"


@dataclass(frozen=True)
class Size:
    """How much is loaded."""

    devices: int = 1_000_000
    reports: int = 20_000_000
    entries: int = 5_000_000

    def __str__(self) -> str:
        return f"{self.devices:,} devices, {self.reports:,} reports, {self.entries:,} entries of the audit trail"


@dataclass(frozen=True)
class Entries:
    """A stretch of the audit trail that names people of these ids."""

    count: int
    people: list[UUID]
    at: datetime


def home_of(size: Size) -> Path:
    """Return the folder of a portal of this size."""
    base = Path(os.environ.get("BENCH_HOME") or ROOT / "build" / "bench-home")
    return base.resolve() / f"{size.devices}-{size.reports}-{size.entries}"


@contextmanager
def kept(size: Size) -> Iterator[Path]:
    """Give the stage of a portal of this size, loading it first where it is not there yet, or not wholly."""
    home = home_of(size)
    mark = home / MARK
    if home.exists() and not mark.exists():
        print(f"{home}: an interrupted load is taken away", flush=True)
        shutil.rmtree(home)
    os.environ.setdefault("EMBEDDED_CONF", SERVER)
    home.mkdir(parents=True, exist_ok=True)
    with stage(folder=home):
        if not mark.exists():
            started = time.monotonic()
            load(size)
            took = time.monotonic() - started
            mark.write_text(json.dumps({**asdict(size), "seconds": round(took)}))
            print(f"loaded {size} in {took / 60:.1f} minutes", flush=True)
        yield home


def load(size: Size) -> None:
    """Load everything, on all processors, and let it lie as it would: sealed, vacuumed, written to the disk."""
    from django.db import connections

    from devices import months

    at = fleet.NOW
    gateway, _token = fleet.gateway_token()
    past = [months.first_of((at - timedelta(days=30 * back)).date()) for back in reversed(range(MONTHS))]
    past = sorted({*past, months.month_of(at)})[-MONTHS:]
    months.make(past)
    ids = sorted(fleet.device_ids(size.devices))
    tasks = _tasks(size, ids, gateway.id, past, at)
    connections.close_all()
    cells: Counter[tuple[date, str]] = Counter()
    # Forked before anybody has a connection: each process makes its own.
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        started, every = time.monotonic(), max(1, len(tasks) // 20)
        for number, found in enumerate(pool.imap_unordered(work, tasks), 1):
            cells.update(found)
            if number % every == 0:
                print(f"  {number * 100 // len(tasks)} % after {time.monotonic() - started:,.0f} s", flush=True)
    _statistics(cells, at.date())
    _seal()
    _settle()


def _tasks(size: Size, ids: list[UUID], gateway_id: UUID, past: list[date], at: datetime) -> list[Any]:
    """Return slices of the fleet with stretches of the trail among them."""
    offset = random.SystemRandom().getrandbits(33)
    slices = [
        loading.Slice(
            first, ids[first : first + fleet.SLICE], gateway_id, at, offset,
            reports=max(1, size.reports // size.devices), months=tuple(past),
        )
        for first in range(0, len(ids), fleet.SLICE)
    ]  # fmt: skip
    source = random.Random(4)
    people = source.sample(ids, min(len(ids), 20_000))
    stretches = [Entries(min(CHUNK, size.entries - done), people, at) for done in range(0, size.entries, CHUNK)]
    mixed: list[Any] = [*slices, *stretches]
    source.shuffle(mixed)
    # The fleet in its order, so that its tables grow at their ends as they do in life.
    ordered = iter(slices)
    return [next(ordered) if isinstance(task, loading.Slice) else task for task in mixed]


def work(task: Any) -> Counter[tuple[date, str]]:
    """Do one task in a process of the pool."""
    if isinstance(task, loading.Slice):
        return loading.put(task)
    _append(task)
    return Counter()


def _append(task: Entries) -> None:
    """Append entries to the trail, as the portal's role may: the database stamps number, time and transaction."""
    from django.db import connections

    source = random.Random(os.urandom(8))
    templates = _templates(task)
    with connections["default"].cursor() as cursor, cursor.copy("COPY ledger.entry (kind, payload) FROM STDIN") as copy:
        for number in range(task.count):
            kind, text, nonce = templates[number % len(templates)]
            who = str(source.choice(task.people))
            copy.write_row((kind, text.replace(str(PLACE), who).replace(nonce, token_urlsafe(16))))


def _templates(task: Entries) -> list[tuple[str, str, str]]:
    """Return entries as the portal composes them, each with its nonce; ``PLACE`` stands for the person."""
    from devices.events import Event
    from privacy.ledger.actors import System
    from privacy.ledger.events import Event as Ledger
    from privacy.ledger.payloads import compose

    made = []
    for number in range(50):
        actor, about = System(f"benchmark-{number % 20}"), ("devices.device", PLACE)
        if number == 0:
            page = task.people[:50]
            text = compose(
                Ledger.READ, actor=actor, at=None, subjects=page, task="devices.device.listed", purpose="registration"
            )
            made.append(("read", *text))
        elif number % 3 == 0:
            text = compose(
                Ledger.READ, actor=actor, at=None, about=about, subjects=[PLACE], task="devices.device.viewed",
                purpose="rights", reason="request 2026-114",
            )  # fmt: skip
            made.append(("read", *text))
        elif number % 3 == 1:
            facts = {"items": ["imei", "model"], "licence": str(PLACE)}
            text = compose(Event.UPDATED, actor=actor, at=task.at, about=about, subjects=[PLACE], facts=facts)
            made.append(("act", *text))
        else:
            text = compose(Event.LICENCE_RENEWED, actor=actor, at=task.at, about=about, subjects=[PLACE])
            made.append(("act", *text))
    return made


def _statistics(cells: Counter[tuple[date, str]], today: date) -> None:
    """Keep the figures that the reports would have added day by day."""
    from devices.models import DailyFigure
    from devices.tallies import SMALL

    figures = [
        DailyFigure(day=day, cell=cell, reports=number, total=number, devices=SMALL, closed=True)
        for (day, cell), number in sorted(cells.items())
        if day <= today
    ]
    DailyFigure.objects.bulk_create(figures, batch_size=2_000)


def _seal() -> None:
    """Seal the entries into the tree, and have the notary sign its head."""
    from django.conf import settings

    from privacy.ledger import sealing

    url = settings.EMBEDDED_SERVER.url("portal_sequencer", "portal_general")
    with psycopg.connect(url, autocommit=True) as connection:
        while sealing.seal(connection):
            continue
    for command, role in ((["notary", "--once"], "portal_notary"),):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _settle() -> None:
    from django.conf import settings

    for name in ("portal_general", "portal_personal"):
        with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", name), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
