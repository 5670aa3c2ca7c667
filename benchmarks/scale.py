"""A portal of a fleet's size, measured as a whole: load, console, intake while the master key turns, finishing, sweep.

What is loaded is real where it counts: each value is sealed under keys of its own, wrapped by the master key, and some
are opened again through the vault's door. Synthetic are the moments (spread over a year), the six bodies that reports
repeat, and the entries of the trail, which are of reads that nobody made. The script says first what disk the size
needs and which size would fit. The portal is kept between runs; a load that was stopped or killed goes on where it was.

``scale_load_s`` beside an hour for ten million devices; ``scale_list``, ``scale_search`` and ``scale_page``: p95 of
console pages; ``scale_batch_p99_turning_ms``: a batch of intake while the master key turns, over quiet; ``scale_turn``:
keys carried over a second, over what 26 million keys in six minutes take; ``scale_longest_stop_s``: the longest time in
which nobody could make a key while destructions are finished, beside the same with ``VACUUM FULL``;
``scale_sweep_growth``: four times as many devices that expire, over four times the time.
"""

import argparse
import gzip
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import console
import fleet
import psycopg
import retention
from dataset_cache import MARK, Size, cached_dataset, home_of
from harness import ROOT, Figure, limit_figure, p95, print_figures, throughput_figure, timed
from web_server import running_web_server

# Measured by this script (docs/scale.md): what a device with its three keys and agreements, a report and an entry take.
DEVICE_BYTES, REPORT_BYTES, ENTRY_BYTES, KEY_TABLE_BYTES = 8_600, 420, 1_340, 1_200
# The log of the load, and what an empty portal takes.
FIXED_BYTES = 9 * 2**30
TURN_KEYS, TURN_SECONDS = 26_000_000, 360
LOAD_DEVICES, LOAD_SECONDS = 10_000_000, 3_600


def main() -> None:
    """Say what it needs, load what is missing, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a thousandth of the whole, under a minute")
    parser.add_argument("--devices", type=int, default=200_000)
    parser.add_argument("--reports", type=int, default=None, help="in all; default: two of each device")
    parser.add_argument("--entries", type=int, default=None, help="of the audit trail; default: one for two devices")
    parser.add_argument("--seconds", type=float, default=20.0, help="of quiet intake")
    parser.add_argument("--expiring", type=int, default=300, help="devices in the smaller sweep")
    parser.add_argument("--pages", type=int, default=60, help="pages of each kind")
    parser.add_argument("--need", action="store_true", help="say what it needs, and do nothing")
    options = parser.parse_args()
    options.turning = "2" if options.quick else "20"
    if options.quick:
        options.devices, options.seconds, options.expiring, options.pages = 10_000, 3.0, 30, 20
    size = Size(
        options.devices,
        options.devices * 2 if options.reports is None else options.reports,
        options.devices // 2 if options.entries is None else options.entries,
    )
    if not fits(size) or options.need:
        sys.exit(0 if options.need else 1)
    os.environ.setdefault("EMBEDDED_CONF", "shared_buffers=1GB,max_wal_size=4GB")
    began = time.monotonic()
    with cached_dataset(size) as home:
        loaded = json.loads((home / MARK).read_text())["seconds"] or time.monotonic() - began
        print_figures(f"Scale: {size}", Bench(options, home).run(max(1.0, loaded)))


def fits(size: Size) -> bool:
    """Say what the size takes and which would fit on this disk; return whether this one does."""
    home = home_of(size)
    home.parent.mkdir(parents=True, exist_ok=True)
    there = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) if home.exists() else 0
    free = shutil.disk_usage(home.parent).free + there
    # Rewriting the table of keys takes it a second time.
    rows = size.devices * (DEVICE_BYTES + KEY_TABLE_BYTES) + size.reports * REPORT_BYTES + size.entries * ENTRY_BYTES
    need = rows + FIXED_BYTES
    largest = int(size.devices * max(0, free - FIXED_BYTES) / rows)
    print(f"{size}: {need / 2**30:,.1f} GiB of {free / 2**30:,.1f} free; {largest:,} devices would fit", flush=True)
    return need <= free


class Bench:
    """The parts of this benchmark, on one portal."""

    def __init__(self, options: argparse.Namespace, home: Path) -> None:
        from privacy.vault.models import SubjectKey

        self.options, self.home = options, home
        self.ids = fleet.device_ids(options.devices)
        _gateway, self.token = fleet.gateway_token()
        self.keys = SubjectKey.objects.count()

    def run(self, loaded: float) -> list[Figure]:
        """Measure each part and return the figures."""
        devices = self.options.devices
        whole = LOAD_SECONDS * devices / LOAD_DEVICES
        self.tell_sizes()
        return [
            limit_figure("scale_load_s", loaded, whole, "s", f"{devices:,} devices; an hour for {LOAD_DEVICES:,}"),
            *self.pages(),
            *self.turn(),
            self.finishing(),
            self.sweep(),
        ]

    def tell_sizes(self) -> None:
        """Say what a row of each kind takes on the disk, with its indexes."""
        told = {"reports": 0.0, "entries": 0.0, "keys": 0.0, "devices": 0.0}
        for database in ("portal_general", "portal_personal"):
            with psycopg.connect(self.url("postgres", database)) as server:
                for name, took in server.execute(
                    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
                ).fetchall():
                    told[kind_of(name)] += took
        size = {"reports": self.rows("reports"), "entries": self.rows("entries"), "keys": self.keys}
        each = {kind: took / max(1, size.get(kind, self.options.devices)) for kind, took in told.items()}
        print("on the disk, bytes each: " + ", ".join(f"{kind} {took:,.0f}" for kind, took in each.items()), flush=True)

    def rows(self, kind: str) -> int:
        """Return how many rows of a kind there are, as the planner knows it."""
        table, database = {
            "reports": ("devices_(report|applog)_", "portal_personal"),
            "entries": ("entry_", "portal_general"),
        }[kind]
        with psycopg.connect(self.url("postgres", database)) as server:
            row = server.execute(
                "SELECT sum(reltuples) FROM pg_class WHERE relkind = 'r' AND reltuples > 0 AND relname ~ %s",
                [f"^{table}"],
            ).fetchone()
        return int(row[0] or 0) if row else 0

    def url(self, role: str, database: str) -> str:
        from django.conf import settings

        address: str = settings.EMBEDDED_SERVER.url(role, database)
        return address

    def pages(self) -> list[Figure]:
        """Turn pages of the console as an officer does."""
        count = self.options.pages
        looking = console.Bench(argparse.Namespace(devices=self.options.devices, pages=count), self.home)
        with looking.visiting("config.wsgi:application") as get:
            taken = {
                "list": console.timed(get, looking.lists(get, count)),
                "search": console.timed(get, looking.searches(count)),
                "page": console.timed(
                    get, (f"/office/devices/device/{one[1]}/change/" for one in looking.chosen(count))
                ),
            }
        return [limit_figure(f"scale_{name}_p95_ms", p95(each), 300, "ms", "console") for name, each in taken.items()]

    def turn(self) -> list[Figure]:
        """Send batches, first in quiet, then while the master key turns."""
        with running_web_server("config.wsgi:application", ROOT, self.home, workers=2, threads=2) as server:
            gateways = [Gateway(self, server.port, seed) for seed in (1, 2)]
            with sending(gateways):
                time.sleep(self.options.seconds / 4)
                for one in gateways:
                    one.taken.clear()
                time.sleep(self.options.seconds)
                quiet = [each for one in gateways for _moment, each in one.taken]
                for one in gateways:
                    one.taken.clear()
                carried, began, ended = turned()
                taken = [each for one in gateways for each in one.taken]
        took = ended - began
        turning = [each for moment, each in taken if began <= moment <= ended]
        said = f"{len(turning)} batches of 100 reports while {carried:,} keys were carried over in {took:.1f} s"
        mine, theirs = p99(turning) * 1_000, p99(quiet) * 1_000
        return [
            Figure("scale_batch_p99_turning_ms", mine, theirs, "ms", mine / theirs, f"{said}; quiet beside it; ≤ 2"),
            throughput_figure(
                "scale_turn",
                carried / took,
                TURN_KEYS / TURN_SECONDS,
                "keys/s",
                "26 million in six minutes; beside intake",
            ),
        ]

    def finishing(self) -> Figure:
        """Finish destructions while keys are made all the time; then the same with what it replaced."""
        ours = self.longest_stop(
            lambda: self.manage("finish_destruction", "--keys-only", "--turning", self.options.turning, code=None)
        )
        plain = self.longest_stop(self.vacuum_full)
        what = f"{self.keys:,} keys; finish_destruction --keys-only, beside VACUUM FULL; ≤ 1 s"
        return Figure("scale_longest_stop_s", ours, plain, "s", ours / plain, what)

    def longest_stop(self, work: Callable[[], Any]) -> float:
        """Return the longest time in which no key was made while something is done."""
        making = Making()
        thread = threading.Thread(target=making.run)
        thread.start()
        time.sleep(1)
        making.longest = 0.0
        work()
        time.sleep(0.5)
        making.stopped.set()
        thread.join()
        if making.failed:
            raise SystemExit(f"a key could not be made: {making.failed}")
        return making.longest

    def vacuum_full(self) -> None:
        with psycopg.connect(self.url("postgres", "portal_general"), autocommit=True) as server:
            server.execute("VACUUM FULL vault_subjectkey")

    def manage(self, *command: str, code: int | None = 0) -> str:
        """Run a command of the portal in a process of its own, as who may."""
        role = "portal_owner" if command[0] == "finish_destruction" else "portal_development"
        run = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if (code is not None and run.returncode != code) or "Traceback" in run.stderr:
            raise SystemExit(f"{command}: {run.stdout}{run.stderr}")
        if command[0] == "finish_destruction" and "rewritten: vault_subjectkey" not in run.stdout:
            raise SystemExit(f"the table of keys was not rewritten: {run.stdout}{run.stderr}")
        return run.stdout

    def sweep(self) -> Figure:
        """Sweep some devices that expire, and four times as many, beside all that is kept."""
        sweeping = Sweeping(self.options, self.home)
        ended = retention.AT.date().replace(year=retention.AT.date().year - 6)
        first = (retention.AT.date().replace(day=1) - timedelta(days=100)).replace(day=1)
        taken: dict[int, list[float]] = {1: [], 4: []}
        for turn in range(2 if self.options.quick else 3):
            for times in (1, 4) if turn % 2 else (4, 1):
                count = self.options.expiring * times
                ids = sweeping.fleet_of(count, hash((str(uuid4()),)) % 2**32, ended_on=ended)
                sweeping.fill("devices_report", ids, count * 20, first, 25, settle=False)
                seconds = timed(lambda: sweeping._sweep_all(retention.AT.date()))
                # The first of each warms what both use.
                if turn:
                    taken[times].append(seconds)
        few, many = (statistics.median(each) for each in taken.values())
        what = f"{self.options.expiring * 4:,} devices beside four times {self.options.expiring:,}; ≤ 1.2"
        return Figure("scale_sweep_growth", many, 4 * few, "s", many / (4 * few), what)


class Sweeping(retention.Bench):
    """Sweeps of a portal that is kept between runs: its officers may be there, and months that it destroyed be gone."""

    def __init__(self, options: argparse.Namespace, home: Path) -> None:
        from privacy.vault.refusals import Destroyed

        with suppress(Destroyed):
            super().__init__(options, home)

    def _officer(self, name: str) -> Any:
        from privacy.accounts.models import User

        return User.objects.filter(email=f"{name}@extrus.example").first() or super()._officer(name)


# In a process of its own, as the worker's: keys carried over, when it began and when it ended.
TURN = """
import time, django
django.setup()
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault
began = time.time()
made = vault.rotate(actor=SystemActor("benchmark"), at=clock.now())
print(made.carried, began, time.time())
"""


def turned() -> tuple[int, float, float]:
    """Turn the master key; return how many keys were carried over, and when it began and ended."""
    run = subprocess.run([sys.executable, "-c", TURN], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    carried, began, ended = run.stdout.split()
    return int(carried), float(began), float(ended)


class Gateway:
    """Sends batches of 100 reports from 20 devices, one after another, and notes how long each took."""

    def __init__(self, bench: Bench, port: int, seed: int) -> None:
        self.port, self.token = port, bench.token
        self.bodies = fleet.batches(bench.ids, size=100, devices=min(20, len(bench.ids)), count=10**6, seed=seed)
        self.taken: list[tuple[float, float]] = []
        self.stopped = threading.Event()
        self.failed = ""

    def run(self) -> None:
        """Send until stopped."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Content-Encoding": "gzip",
        }  # fmt: skip
        for reports in self.bodies:
            if self.stopped.is_set():
                return
            body = gzip.compress(json.dumps({"batch": str(uuid4()), "reports": reports}).encode(), 1)
            started = time.perf_counter()
            wire.request("POST", "/api/v1/reports", body, headers)
            answer = wire.getresponse()
            said = answer.read()
            self.taken.append((time.time(), time.perf_counter() - started))
            if answer.status != 200:
                self.failed = f"{answer.status} {said[:300]!r}"
                return


@contextmanager
def sending(gateways: list[Gateway]) -> Iterator[None]:
    """Have gateways send until the block ends."""
    threads = [threading.Thread(target=one.run) for one in gateways]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in gateways:
            one.stopped.set()
        for thread in threads:
            thread.join()
    if failed := [one.failed for one in gateways if one.failed]:
        raise SystemExit(f"a batch was not stored: {failed[0]}")


class Making:
    """Makes keys one after another by the vault's own verb, as a registration does, and notes the longest pause."""

    def __init__(self) -> None:
        self.stopped, self.longest, self.failed = threading.Event(), 0.0, ""

    def run(self) -> None:
        """Make keys until stopped."""
        from django.db import connections

        from privacy.policies.categories import APP_LOG
        from privacy.vault.actions.key_creation import keys_for_encryption

        last = time.perf_counter()
        try:
            while not self.stopped.is_set():
                keys_for_encryption([(uuid4(), APP_LOG)], [], at=fleet.NOW)
                now = time.perf_counter()
                self.longest, last = max(self.longest, now - last), now
        except Exception as error:
            self.failed = repr(error)
        finally:
            connections.close_all()


def kind_of(table: str) -> str:
    """Return what a table's bytes are counted under."""
    if table.startswith(("devices_report", "devices_applog")):
        return "reports"
    if table.startswith(("entry", "tree", "leaf", "tile")):
        return "entries"
    return "keys" if table == "vault_subjectkey" else "devices"


def p99(values: list[float]) -> float:
    """Return the value that 99 of 100 do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[98]


if __name__ == "__main__":
    main()
