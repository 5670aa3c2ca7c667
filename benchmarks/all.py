"""Run every benchmark, each in a process of its own, and write RESULTS.md; exits 1 when a bound does not hold.

``--quick`` runs the smaller sizes, two at once, and writes nothing: it shows that every benchmark still works.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from time import monotonic

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
BENCHMARKS = (
    "ledger", "registers", "vault", "keyservice", "intake", "rights", "retention", "exports", "console", "strangers",
    "channels", "systems", "dossier", "scale",
)  # fmt: skip


@dataclass(frozen=True)
class Bound:
    """What a figure must keep: of ``ours`` or of the ``ratio`` to the reference of the same run."""

    of: str
    sign: str
    value: float

    def holds(self, figure: dict[str, float]) -> bool:
        return figure[self.of] >= self.value if self.sign == "≥" else figure[self.of] <= self.value

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.value:,g}"


def at_least(value: float, of: str = "ratio") -> Bound:
    return Bound(of, "≥", value)


def at_most(value: float, of: str = "ours") -> Bound:
    return Bound(of, "≤", value)


BOUNDS = {
    "integrity": at_least(0.97),
    "seal_lag_p99_s": at_most(1.5),
    "seal_backlog": at_least(100_000, "ours"),
    "offline_verify": at_least(500_000, "ours"),
    "proof_bytes": at_most(1_500),
    "entry_bytes": at_most(1_000),
    "anchored_p99_s": at_most(10),
    "registers_slice_s": at_most(60),
    "registers_night_s": at_most(1_800),
    "registers_night_mb": at_most(1_000),
    "seal_vs_loop": at_least(0.5),
    "reveal_vs_loop": at_least(0.5),
    "shred_10k_ms": at_most(50),
    "shred_1m_ms": at_most(50),
    "epoch_ms": at_most(50),
    "intake_vs_copy": at_least(0.5),
    "intake_vs_orm": at_least(3),
    "batch_p99_ms": at_most(100),
    "web_memory_mb": at_most(1.3, "ratio"),
    "package_s": at_most(5),
    "package_mb": at_most(200),
    "freeze_ms": at_most(100),
    "notices_ms": at_most(1_000),
    "sweep_growth": at_most(1.2, "ratio"),
    "month_vs_delete": at_most(0.05, "ratio"),
    "act_10k_devices_s": at_most(2),
    "rows_gone_s": at_most(1.5, "ratio"),
    "archive_rows_per_s": at_least(0.5),
    "export_10k_s": at_most(10),
    "device_list_p95_ms": at_most(300),
    "device_search_p95_ms": at_most(300),
    "device_page_p95_ms": at_most(300),
    "statistics_p95_ms": at_most(300),
    "dashboard_p95_ms": at_most(200),
    "dashboard_queries": at_most(10),
    "slowest_list_p95_ms": at_most(300),
    "slowest_filter_p95_ms": at_most(300),
    "slow_clients_p95_ms": at_most(2_000),
    "anonymous_p95_ms": at_most(2_000),
    "wrong_sign_ins_p95_ms": at_most(2_000),
    "uploads_p95_ms": at_most(1_000),
    "told_per_second": at_least(1),
    "texts_twice": at_most(1),
    "console_p95": at_most(300),
    "frozen_elsewhere_p99_s": at_most(5),
    "dossier_s": at_most(60),
    "dossier_peak_mb": at_most(1_000),
    "scale_load_s": at_most(1, "ratio"),
    "scale_list_p95_ms": at_most(300),
    "scale_search_p95_ms": at_most(300),
    "scale_page_p95_ms": at_most(300),
    "scale_batch_p99_turning_ms": at_most(2, "ratio"),
    "scale_turn": at_least(1),
    "scale_longest_stop_s": at_most(1),
    "scale_sweep_growth": at_most(1.2, "ratio"),
}


def main() -> None:
    """Run the chosen benchmarks and tell which bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes; RESULTS.md stays as it is")
    parser.add_argument(
        "--only", nargs="*", choices=BENCHMARKS, default=BENCHMARKS, help="run these; the others keep their results"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-stage-") as stage:
        # Migrated once: each benchmark begins on a copy.
        subprocess.run([sys.executable, str(HERE / "stage.py"), stage], cwd=HERE.parent, check=True)
        os.environ["BENCHMARK_STAGE"] = stage
        run_all(options)


def run_all(options: argparse.Namespace) -> None:
    """Run the benchmarks, each on a portal of its own, write the results, and exit by whether all is as it must be."""
    rows, failed = [], []
    # One at a time where it counts what it takes: each has a portal of its own.
    pool = ThreadPoolExecutor(2 if options.quick else 1)
    for name, figures in zip(options.only, pool.map(partial(run, quick=options.quick), options.only), strict=True):
        if not figures:
            failed.append(f"{name} printed no figures")
        for figure in figures:
            bound = bound_of(figure["name"])
            holds = bound is None or bound.holds(figure)
            if not holds:
                failed.append(f"{figure['name']}: {bound} does not hold")
            rows.append((name, figure, bound, holds))
        if not options.quick and figures:
            # After each one: a run that is cut short, or of some only, leaves the others' results with their day.
            RESULTS.write_text(page({**kept(), name: lines_of(rows, name)}), encoding="utf-8")
    print("\n" + page({name: lines_of(rows, name) for name in options.only}))
    for line in failed:
        print(line, file=sys.stderr)
    # A small run is no measurement: only a benchmark that no longer works fails it.
    sys.exit(any("no figures" in line for line in failed) if options.quick else bool(failed))


def run(name: str, *, quick: bool) -> list[dict]:
    """Run one benchmark, passing on what it prints; return its figures, none if it failed."""
    command = [sys.executable, "-u", str(HERE / f"{name}.py"), *(["--quick"] if quick else [])]
    print(f"--- {name} begins", flush=True)
    last, begun = "", monotonic()
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(f"{name:<11}{line}", end="", flush=True)
            last = line if line.strip() else last
    print(f"--- {name} ended after {monotonic() - begun:.0f} s", flush=True)
    if process.returncode != 0 or not last.startswith('{"figures"'):
        return []
    figures: list[dict] = json.loads(last)["figures"]
    return figures


def bound_of(name: str) -> Bound | None:
    """Return a figure's bound; a figure in several parts (``export_10k_s (xlsx)``) has the bound of its first word."""
    return BOUNDS.get(name.split()[0])


def lines_of(rows: list[tuple[str, dict, Bound | None, bool]], wanted: str) -> list[str]:
    """Return the lines of one benchmark in the table."""
    lines = []
    for name, figure, bound, holds in rows:
        verdict = "" if bound is None else "holds" if holds else "**does not hold**"
        if name == wanted:
            lines.append(
                f"| {name} | `{figure['name']}` | {figure['ours']:,g} | {figure['reference']:,g} | {figure['unit']} "
                f"| {figure['ratio']:,g} | {bound or ''} | {verdict} | {date.today()} | {commit()} |"
            )
    return lines


def kept() -> dict[str, list[str]]:
    """Return the lines of each benchmark that the page has."""
    found: dict[str, list[str]] = {}
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else ():
        name = line.strip("| ").split(" |")[0]
        if line.startswith("|") and name in BENCHMARKS:
            found.setdefault(name, []).append(line)
    return found


def page(lines: dict[str, list[str]]) -> str:
    """Return the results as a page of Markdown."""
    missing = [name for name in BENCHMARKS if not lines.get(name)]
    return "\n".join(
        [
            "# Results of the benchmarks",
            "",
            f"Written by `make bench`: {machine()}. Each reference was measured in the same run; "
            "where a figure only has to stay below a limit, the limit is its reference.",
            "",
            "| benchmark | figure | ours | reference | unit | ratio | must keep | | measured | commit |",
            "|---|---|---:|---:|---|---:|---|---|---|---|",
            *(line for name in BENCHMARKS for line in lines.get(name, ())),
            *(["", f"Not run: {', '.join(missing)}."] if missing else []),
            "",
        ]
    )


@cache
def commit() -> str:
    """Return the commit that is measured, with a ``+`` where the working tree differs from it."""
    asked = ["git", "-C", str(HERE.parent)]
    head = subprocess.run([*asked, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*asked, "status", "--porcelain"], capture_output=True, text=True).stdout.strip()
    return f"`{head}{'+' if changed else ''}`" if head else "unknown"


def machine() -> str:
    """Return what this was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.machine()}"


if __name__ == "__main__":
    main()
