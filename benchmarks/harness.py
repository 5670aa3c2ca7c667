"""The stage of every benchmark: an embedded database of its own, made and removed by it, and how figures are told.

The last line printed is one JSON object, ``{"figures": [{"name", "ours", "reference", "unit", "ratio"}, …]}``.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


# The commands that make a portal, and as whom each is run.
MADE_BY = (("make_keys --if-missing", "portal_development"), ("migrate_all", "portal_owner"))


@contextmanager
def embedded_database(*, folder: Path | None = None) -> Iterator[Path]:
    """Make a migrated portal in a folder of its own, connect as ``portal_development``, and remove it at the end.

    A new one begins as a copy of the stage that ``BENCHMARK_STAGE`` names: migrating takes longer than most small runs.
    """
    home = folder or Path(tempfile.mkdtemp(prefix="portal-benchmark-"))
    for name in ("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        PORTAL_HOME=str(home),
        DJANGO_SETTINGS_MODULE="config.settings",
        DEVELOPMENT="1",
        PORTAL_ROLE="portal_development",
        STATEMENT_TIMEOUT="0",
        # What another process costs is measured by itself (benchmarks/keyservice.py).
        KEY_SERVICE="in-process",
        # As in the demonstration: what is measured needs no malware scanner.
        OPEN_UNSCANNED_UPLOADS="1",
    )
    stage = os.environ.get("BENCHMARK_STAGE", "")
    is_copy = bool(stage) and not (home / "postgres").exists()
    try:
        if is_copy:
            shutil.copytree(stage, home, dirs_exist_ok=True)
        for command, role in () if is_copy else MADE_BY:
            run = subprocess.run(
                [sys.executable, "manage.py", *command.split(), "-v", "0"],
                cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if run.returncode != 0:
                raise SystemExit(f"{command} failed:\n{run.stdout}{run.stderr}")
        import django

        django.setup()
        yield home
    finally:
        from django.conf import settings

        if settings.configured:
            from django.db import connections

            connections.close_all()
            settings.EMBEDDED_SERVER.release()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def key_service() -> Iterator[dict[str, str]]:
    """Run the key service, and return the variables of a process that asks it."""
    from django.conf import settings

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        environ = {
            **os.environ, "KEY_SERVICE": "socket", "KEY_SERVICE_DIR": folder, "PORTAL_ROLE": "portal_keys",
            "KEY_UNSIGNED_MINUTES": "0",
            "KEY_CEILINGS": "pages=100000000,intake.look-ups=100000000",
        }  # fmt: skip
        command = [sys.executable, "manage.py", "keyservice"]
        settings.KEY_SERVICE_DIR = Path(folder)
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                assert b"answers" in process.stdout.readline()
                yield {"KEY_SERVICE": "socket", "KEY_SERVICE_DIR": folder}
            finally:
                process.terminate()


@contextmanager
def daemon(command: str, role: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the sealer or the notary meanwhile, as in production."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", command], cwd=ROOT, env={**os.environ, "PORTAL_ROLE": role},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@dataclass(frozen=True)
class Figure:
    """One figure: ours beside its reference of the same run, or beside the limit it must keep."""

    name: str
    ours: float
    reference: float
    unit: str
    ratio: float
    what: str


def throughput_figure(name: str, ours: float, reference: float, unit: str, what: str) -> Figure:
    """More is better: the ratio is ours over the reference."""
    return Figure(name, ours, reference, unit, ours / reference, what)


def limit_figure(name: str, ours: float, bound: float, unit: str, what: str) -> Figure:
    """Less is better: the ratio is ours over the bound."""
    return Figure(name, ours, bound, unit, ours / bound, what)


def print_figures(title: str, figures: list[Figure]) -> None:
    """Print a table for people and, last, one line for machines."""
    print(f"\n{title}\n")
    print(f"{'figure':<26}{'ours':>14}{'reference':>14}  {'unit':<8}{'ratio':>7}  what")
    for one in figures:
        ours, reference = _number(one.ours), _number(one.reference)
        print(f"{one.name:<26}{ours:>14}{reference:>14}  {one.unit:<8}{one.ratio:>7.2f}  {one.what}")
    print()
    rows = [
        {
            "name": one.name,
            "ours": round(one.ours, 3),
            "reference": round(one.reference, 3),
            "unit": one.unit,
            "ratio": round(one.ratio, 3),
        }
        for one in figures
    ]
    print(json.dumps({"figures": rows}))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def timed(work: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved_medians(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Return the median seconds of each work, measured in turns so that a noisy neighbour meets all alike."""
    taken: list[list[float]] = [[] for _work in works]
    for _round in range(rounds):
        for times, work in zip(taken, works, strict=True):
            times.append(timed(work))
    return [statistics.median(times) for times in taken]


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return statistics.quantiles(values, n=20, method="inclusive")[18]
