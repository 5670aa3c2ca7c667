"""What failed beside others is tried once more, alone, in a process of its own, and told: `make test` sets ONCE_MORE.

A run passes where each failed test passes alone, but says ``UNSTEADY:`` and its name, here and in ``build/unsteady``.
It fails where one fails alone, where more than three failed, and where one is in ``unsteady.toml`` already: what was
unsteady once is repaired at its root.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST = 3
FAILED: dict[str, None] = {}
SAID: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the names of what failed; with workers, the process that started them is told of every test."""
    if report.failed:
        FAILED[report.nodeid] = None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Try them once more and let the run pass where nothing speaks against it."""
    if os.environ.get("ONCE_MORE") != "1" or hasattr(session.config, "workerinput"):
        return
    if exitstatus != pytest.ExitCode.TESTS_FAILED or not FAILED:
        return
    if len(FAILED) > MOST:
        SAID.append(f"{len(FAILED)} tests failed, more than {MOST}: none was tried again.")
        return
    listed = tomllib.loads((session.config.rootpath / "tests" / "unsteady.toml").read_text())["names"]
    unsteady = [name for name in FAILED if passes_alone(name, session.config.rootpath)]
    SAID.extend(f"UNSTEADY: {name}" for name in unsteady)
    (session.config.rootpath / "build").mkdir(exist_ok=True)
    with (session.config.rootpath / "build" / "unsteady").open("a") as file:
        file.writelines(f"{name}\n" for name in unsteady)
    known = sorted({*unsteady} & {*listed})
    SAID.extend(f"Unsteady before, and still not repaired (tests/unsteady.toml): {name}" for name in known)
    if len(unsteady) == len(FAILED) and not known:
        session.exitstatus = pytest.ExitCode.OK


def passes_alone(name: str, folder: Path) -> bool:
    """Return whether the test passes by itself; what it prints where it doesn't is printed."""
    environ = {name: value for name, value in os.environ.items() if name != "ONCE_MORE"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", name],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        SAID.append(f"FAILED AGAIN, alone: {name}")
        print(ran.stdout, ran.stderr, sep="\n")
    return ran.returncode == 0


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in SAID:
        terminalreporter.write_line(line)
