"""A fleet's load that is killed at any moment goes on where it was, and ends with exactly the right rows.

``SEED`` repeats the moments.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config.embedded_postgres import EmbeddedServer
from tests.faults.surroundings import ROOT, copy_migrated_cluster
from tests.seeds import drawn

SEED = drawn()
DEVICES, REPORTS, ENTRIES = 5_000, 10_000, 60_000
LOAD = f"""
import sys
sys.path.insert(0, "benchmarks")
import dataset_cache
dataset_cache.CHUNK = 20_000
with dataset_cache.cached_dataset(dataset_cache.Size({DEVICES}, {REPORTS}, {ENTRIES})):
    print("there", flush=True)
"""
COUNTS = {
    "portal_general": {
        "subjects_subject": DEVICES, "consents_decision": 3 * DEVICES, "consents_currentconsent": 3 * DEVICES,
        "vault_subjectkey": 3 * DEVICES,
    },
    "portal_personal": {"devices_device": DEVICES, "devices_licence": DEVICES},
}  # fmt: skip
LOADED_ENTRIES = "SELECT count(*) FROM ledger.entry WHERE actor LIKE 'system:benchmark-%' OR actor LIKE 'benchmark-%'"


def begin(home: Path) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if "DATABASE" not in name and name != "EMBEDDED_CONF"}
    return subprocess.Popen(
        [sys.executable, "-c", LOAD], cwd=ROOT, env={**environ, "BENCH_HOME": str(home)}, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """Return what was said up to a line with the word."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(f"it ended before {word!r}: {said}")


@pytest.mark.faults
def test_a_killed_load_ends_with_exactly_the_right_rows(tmp_path: Path) -> None:
    home = tmp_path / f"{DEVICES}-{REPORTS}-{ENTRIES}"
    home.mkdir(parents=True)
    copy_migrated_cluster(home / "postgres")
    (home / "loading.json").write_text(json.dumps({"boot": Path("/proc/sys/kernel/random/boot_id").read_text()}))
    dice = random.Random(SEED)
    # Killed while rows are loaded, asked to stop while indexes are made, then left alone.
    for word, how in (("16 %", signal.SIGKILL), ("rows after", signal.SIGTERM)):
        process = begin(tmp_path)
        wait_for(process, word)
        time.sleep(dice.uniform(0, 0.3))
        process.send_signal(how)
        process.communicate()
        assert process.returncode not in (0, None)
    process = begin(tmp_path)
    assert "gone on at" in wait_for(process, "there")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (home / "loading.json").exists()
    server = EmbeddedServer(home / "postgres")
    server.start()
    try:
        found = {
            database: {table: count(server, database, f"SELECT count(*) FROM {table}") for table in tables}
            for database, tables in COUNTS.items()
        }
        assert found == COUNTS
        logs = "SELECT count(*) FROM (SELECT id FROM devices_report UNION ALL SELECT id FROM devices_applog) AS every"
        assert count(server, "portal_personal", logs) == REPORTS
        told = count(server, "portal_general", "SELECT sum(reports) FROM devices_dailyreportcount")
        assert told == count(server, "portal_personal", "SELECT count(*) FROM devices_report")
        assert count(server, "portal_general", LOADED_ENTRIES) == ENTRIES
    finally:
        server.release()


def count(server: EmbeddedServer, database: str, question: str) -> int:
    with psycopg.connect(server.url("postgres", database)) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("boot", ["another", ""])
def test_what_was_loaded_before_the_machine_started_is_not_built_upon(tmp_path: Path, boot: str) -> None:
    known = {"boot": boot} if boot else {}
    (tmp_path / "loading.json").write_text(json.dumps(known))
    asked = (
        "import sys; sys.path.insert(0, 'benchmarks'); from pathlib import Path; import load_progress;"
        f"print(load_progress.Progress(Path({str(tmp_path)!r})).can_go_on)"
    )
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
