"""The page on scale has the figures of the last measurement, and the sizes that the benchmark loads."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
FIGURE = re.compile(r"^\| (?:scale \| )?`(scale_\w+)` \| ([\d.,]+) \| ([\d.,]+) \|", re.MULTILINE)


def figures(text: str) -> dict[str, tuple[str, str]]:
    return {name: (ours, reference) for name, ours, reference in FIGURE.findall(text)}


def test_the_figures_are_those_of_the_results() -> None:
    measured = figures((ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8"))
    assert len(measured) == 8
    assert figures(PAGE) == measured


def test_the_sizes_are_those_of_the_benchmark() -> None:
    source = (ROOT / "benchmarks" / "scale.py").read_text("utf-8")
    (devices,) = re.findall(r'"--devices", type=int, default=([\d_]+)', source)
    assert f"{int(devices):,} devices, {2 * int(devices):,} reports, {int(devices) // 2:,} entries" in PAGE
