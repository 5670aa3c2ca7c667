"""CI calls what README and Makefile tell people to call, leaves no benchmark out, and keeps to a budget of time."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CI = (ROOT / ".ci" / "run").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_target_that_ci_makes_is_there() -> None:
    made = re.findall(r'^\s*(?:part "[^"]+" \d+ )?(?:\w+=\S+ )*make ([a-z-]+)', CI, re.MULTILINE)
    assert {"check", "main-job", "demo", "documents", "bench-quick", "visit", "faults", "production"} <= set(made)
    assert set(made) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


RUN = """
import pytest
SEED = 415
@pytest.mark.faults
def test_that_passes():
    pass
def test_of_no_fault():
    pass
"""


def test_fault_runs_that_pass_say_their_seed_with_workers_too(tmp_path: Path) -> None:
    """The help of `make faults` says so: a run that is not repeated from its seed can't be looked into later."""
    assert "FAULT_JOBS=2 for two at once; the seed is printed" in MAKEFILE
    (tmp_path / "conftest.py").write_text("from tests.seeds import *\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = faults\n")
    (tmp_path / "test_run.py").write_text(RUN)
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django"]
    for more in (["-s"], ["-n", "2", "--dist", "loadfile"]):
        ran = subprocess.run(
            [*pytest_here, *more], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        assert ran.stdout.count("test_run.py: seed 415") == 1, ran.stdout


def test_a_file_of_fault_runs_that_draws_has_its_seed_where_it_is_said_from() -> None:
    drawing = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__)
        and "pytest.mark.faults" in (said := path.read_text())
        and re.search(r"SystemRandom|import drawn|time_ns|random\.Random\(\)", said)
    ]
    assert len(drawing) > 5
    assert [
        path.name for path in drawing if not re.search(r"^SEED = (int|drawn)\(", path.read_text(), re.MULTILINE)
    ] == []


@pytest.mark.truth("26")
def test_every_benchmark_is_run_at_a_small_size() -> None:
    """A benchmark that only its author runs breaks unnoticed: each takes ``--quick``, and all.py runs each."""
    table = (ROOT / "benchmarks" / "all.py").read_text()
    listed = set(re.findall(r'"(\w+)"', re.findall(r"^BENCHMARKS = \((.*?)\)", table, re.MULTILINE | re.DOTALL)[0]))
    measured = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if '"--quick"' in path.read_text() and path.stem != "all"
    }
    assert listed == measured
    assert "benchmarks/all.py --quick" in MAKEFILE


def test_what_make_test_leaves_out_is_run_by_another_target_that_ci_makes() -> None:
    recipes = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE))
    left_out = set(re.findall(r"\bnot (\w+)", recipes["test"])) - {"token", "imap", "mariadb"}
    run_by = {
        "long": ("long", "-m 'long"),
        "faults": ("faults", "-m 'faults"),
        "documents": ("documents", "-m documents"),
        "visit": ("visit", "-m visit"),
        "browser": ("visit", "-m 'not visit' tests/browser"),
    }
    assert left_out == run_by.keys()
    for marker, (target, chosen) in run_by.items():
        assert chosen in recipes[target], marker
        assert re.search(rf"make {target}\b", CI) or f"$(MAKE) --no-print-directory {target}\n" in recipes["check"], (
            marker
        )


def test_both_halves_are_everything() -> None:
    recipes = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE))
    chosen = {target: re.findall(r"-m '(.*)'", recipes[target])[0] for target in ("test", "long")}
    assert chosen["test"] == f"not {chosen['long']}"


def test_the_budgets_of_the_parts_fit_into_that_of_the_whole() -> None:
    always = re.findall(r'^part "[^"]+" (\d+) ', CI, re.MULTILINE)
    before_a_release = re.findall(r'^    part "[^"]+" (\d+) ', CI, re.MULTILINE)
    assert (len(always), len(before_a_release)) == (4, 3)
    ((whole, ordinary),) = re.findall(r"echo (\d+) \|\| echo (\d+)\)", CI)
    assert sum(map(int, always)) <= int(ordinary)
    assert sum(map(int, always + before_a_release)) <= int(whole)
    (most,) = re.findall(r"^MOST=(\d+)$", CI, re.MULTILINE)
    assert int(ordinary) <= int(whole) < int(most) < 90, "who runs it cuts it at ninety minutes"


def run_with_empty_targets(folder: Path, *, minute: str, failing: str = "", whole: str = "0") -> tuple[int, str]:
    """Run CI's program where ``make`` does nothing, with so many seconds to the minute; return its exit and words."""
    programs = folder / "build" / "programs"
    for path in (programs, folder / ".ci", folder / "deploy" / "drill"):
        path.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    shutil.copy("/bin/true", folder / "deploy" / "drill" / "machine")
    make = f"""case "$1" in demo) echo The portal is ready; sleep 30;; "{failing}") exit 3;; esac"""
    for name, does in {"make": make, "curl": "exit 0", "apt-get": "exit 0"}.items():
        (programs / name).write_text(f"#!/bin/bash\n{does}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    run = subprocess.run(
        [folder / ".ci" / "run"],
        env={**os.environ, "PATH": path, "MINUTE": minute, "WHOLE": whole}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout


def test_a_run_far_over_its_budget_fails_and_names_the_parts_that_are(tmp_path: Path) -> None:
    status, said = run_with_empty_targets(tmp_path, minute="0")
    assert status == 1
    assert re.search(r"^demo and documents +\d+:\d\d of  4:00  OVER BUDGET$", said, re.MULTILINE)
    assert "Over budget: checks and tests, the main job in a browser, demo and documents," in said


def test_a_run_within_its_budgets_passes_and_shows_them(tmp_path: Path) -> None:
    status, said = run_with_empty_targets(tmp_path, minute="60")
    assert status == 0
    assert re.search(r"^the whole +\d+:\d\d of 50:00$", said, re.MULTILINE)
    assert "OVER BUDGET" not in said
    assert "every page as everybody" not in said


def test_before_a_release_every_part_runs(tmp_path: Path) -> None:
    status, said = run_with_empty_targets(tmp_path, minute="60", whole="1")
    assert status == 0
    for part in re.findall(r'^ *part "([^"]+)"', CI, re.MULTILINE):
        assert re.search(rf"^{part} +\d+:\d\d of ", said, re.MULTILINE), part


def commit(folder: Path) -> str:
    git = ["git", "-C", str(folder), "-c", "user.name=Hana", "-c", "user.email=hana@extrus.example"]
    for call in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin."]):
        subprocess.run([*git, *call], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_that_passed_is_written_down_and_no_other(tmp_path: Path) -> None:
    checked = tmp_path / "build" / "checked"
    (tmp_path / ".gitignore").write_text("/build/\n")
    (tmp_path / "kept").write_text("")
    run_with_empty_targets(tmp_path, minute="60")
    assert not checked.exists(), "no commit is there that could have passed"
    head = commit(tmp_path)
    assert run_with_empty_targets(tmp_path, minute="60", failing="check")[0] == 3
    assert not checked.exists()
    assert run_with_empty_targets(tmp_path, minute="60")[0] == 0
    assert checked.read_text().strip() == head
    checked.unlink()
    (tmp_path / "kept").write_text("changed")
    assert run_with_empty_targets(tmp_path, minute="60")[0] == 0
    assert not checked.exists()


def test_a_part_that_fails_ends_the_run(tmp_path: Path) -> None:
    status, said = run_with_empty_targets(tmp_path, minute="60", failing="documents")
    assert status == 3
    assert "benchmarks, small" not in said


LUCKY = """
import pathlib
seen = pathlib.Path(__file__).with_name("seen")
def test_of_luck():
    before = seen.exists()
    seen.touch()
    assert before
def test_that_passes():
    pass
"""
PASSES, FAILS = 0, 1


@pytest.mark.parametrize(
    ("more", "listed", "status", "said"),
    [
        ("", [], PASSES, "UNSTEADY: test_run.py::test_of_luck"),
        ("", ["test_run.py::test_of_luck"], FAILS, "Unsteady before, and still not repaired"),
        ("def test_wrong():\n    assert False", [], FAILS, "FAILED AGAIN, alone: "),
        (
            "def test_all(subtests):\n    with subtests.test():\n        assert False",
            [],
            FAILS,
            "FAILED AGAIN, alone: ",
        ),
        ("\n".join(f"def test_{n}():\n    assert False" for n in range(3)), [], FAILS, "4 tests failed, more than 3"),
    ],
    ids=["unsteady", "known", "wrong", "wrong within", "many"],
)
def test_what_failed_is_tried_once_more_alone(
    tmp_path: Path, more: str, listed: list[str], status: int, said: str
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "unsteady.toml").write_text(f"names = {listed}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text("from tests.once_more import *\n")
    (tmp_path / "test_run.py").write_text(LUCKY + more + "\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", "-n", "2"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "ONCE_MORE": "1"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == status, ran.stdout
    assert said in ran.stdout
    unsteady = tmp_path / "build" / "unsteady"
    assert not unsteady.exists() or unsteady.read_text() in ("", "test_run.py::test_of_luck\n")
