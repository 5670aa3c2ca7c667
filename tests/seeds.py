"""The seeds of fault runs, said at their end whichever process ran them.

What a worker prints is shown of failures only. A file of fault runs that draws at random has its seed in ``SEED``.
"""

from typing import Any

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the report of a fault run carry the seed of its file."""
    seed = getattr(getattr(item, "module", None), "SEED", None)
    if seed is not None and item.get_closest_marker("faults"):
        item.user_properties.append(("seed", seed))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say the seed of each file, whether its runs passed or not."""
    reports = [report for outcome in ("passed", "failed", "error") for report in terminalreporter.getreports(outcome)]
    seeds = {(report.nodeid.split("::")[0], dict(report.user_properties).get("seed")) for report in reports}
    for path, seed in sorted((path, seed) for path, seed in seeds if seed is not None):
        terminalreporter.write_line(f"{path}: seed {seed}")
