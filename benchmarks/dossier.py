"""The dossier for an inspector, of a whole year and beside a fleet: as the command writes it, while seals are made.

Everything is in it: each register of the year, the criteria, papers with their proofs, and the audit trail with its
proof. The portal is that of ``scale.py``, loaded once for each size and kept between runs.

``dossier_s``: from the command to the folder. ``dossier_peak_mb``: the most memory that it held.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import fleet
from dataset_cache import Size, cached_dataset
from harness import ROOT, Figure, daemon, limit_figure, print_figures

SECONDS, MEGABYTES = 60.0, 1_000.0


def main() -> None:
    """Load what is missing, and write one dossier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small fleet, under a minute")
    parser.add_argument("--devices", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.quick:
        options.devices = 10_000
    size = Size(options.devices, options.devices * 2, options.devices // 2)
    with cached_dataset(size), TemporaryDirectory(prefix="dossier-") as folder:
        print_figures(f"The dossier of a year: {size}", written(Path(folder) / "dossier", size))


def written(folder: Path, size: Size) -> list[Figure]:
    """Write the dossier of the fleet's year; return how long it took and what it held."""
    command = [sys.executable, "manage.py", "dossier", str(folder), "--period", str(fleet.NOW.year)]
    with daemon("seal", "portal_sequencer"), daemon("notary", "portal_notary"):
        began = time.perf_counter()
        _pid, status, used = os.wait4(subprocess.Popen(command, cwd=ROOT).pid, 0)
        took = time.perf_counter() - began
    if status:
        raise SystemExit("No dossier was written.")
    files = [path for path in folder.rglob("*") if path.is_file()]
    what = f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB, of {size}"
    return [
        limit_figure("dossier_s", took, SECONDS, "s", what),
        limit_figure("dossier_peak_mb", used.ru_maxrss / 1024, MEGABYTES, "MB", "of the process that writes it"),
    ]


if __name__ == "__main__":
    main()
