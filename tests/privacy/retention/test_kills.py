"""Worker and database killed at random during sweeps and archive moves (FLT-01, FLT-02, FLT-03).

``SCALE`` scales the number of kills, ``SEED`` repeats a run. The cluster is the test's own and survives a crash as
production's does (fsync on).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.surroundings import copy_migrated_cluster
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
KILLS = max(10, int(200 * SCALE))
ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.mark.faults
@pytest.mark.fault("FLT-01")
@pytest.mark.fault("FLT-02")
@pytest.mark.fault("FLT-03")
@pytest.mark.clause("P7.1")
def test_random_kills_destroy_nothing_that_is_not_due_and_lose_nothing(tmp_path: Path) -> None:
    print(f"SEED={SEED}, {KILLS} kills")
    environ = {name: value for name, value in os.environ.items() if "DATABASE" not in name and name != "EMBEDDED_CONF"}
    environ.pop("DESTRUCTION_JOURNAL_DIR", None)
    copy_migrated_cluster(tmp_path / "home" / "postgres")
    run = subprocess.run(
        [sys.executable, "-m", "tests.privacy.retention.kill_driver", str(tmp_path / "home"), str(KILLS), str(SEED)],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    told = json.loads(run.stdout.strip().splitlines()[-1])
    print(told["killed"])
    assert told["wrong"] == []
    assert told["killed"]["worker"] + told["killed"]["database"] >= KILLS // 2
