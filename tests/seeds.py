"""The seeds of fault runs, said at their end whichever process ran them.

What a worker prints is shown of failures only. A file of fault runs that draws at random has its seed in ``SEED``.
"""

import os
import random
from typing import Any

import pytest

# Whether every run draws the same, as ordinary runs do: one commit gets one answer. `make faults` draws new ones.
SAME_DRAWS = os.environ.get("NEW_DRAWS") != "1"


def drawn(variable: str = "SEED") -> int:
    """Return the seed that the environment gives in ``variable``, else a new one, or the one of ordinary runs."""
    return int(os.environ.get(variable, "0")) or (20_261_129 if SAME_DRAWS else random.SystemRandom().randrange(2**32))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the report of a fault run carry the seed of its file."""
    seed = getattr(getattr(item, "module", None), "SEED", None)
    if seed is not None and item.get_closest_marker("faults"):
        item.user_properties.append(("seed", seed))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say the seed of each file, whether its runs passed or not."""
    # A file that could not be collected has a report without properties.
    reports = [report for outcome in ("passed", "failed", "error") for report in terminalreporter.getreports(outcome)]
    seeds = {
        (report.nodeid.split("::")[0], dict(getattr(report, "user_properties", ())).get("seed")) for report in reports
    }
    for path, seed in sorted((path, seed) for path, seed in seeds if seed is not None):
        terminalreporter.write_line(f"{path}: seed {seed}")
