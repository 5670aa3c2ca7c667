"""Charts are drawn right, and say what they show to those who don't see them."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lib.display import charts


def heights(drawing: str) -> list[float]:
    return [float(found) for found in re.findall(r'<rect class="bar"[^>]* height="([\d.]+)"', drawing)]


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_bars_are_as_long_as_their_figures(values: list[int]) -> None:
    drawing = charts.bar_chart([(f"m{place}", value) for place, value in enumerate(values)], label="People & things")
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "People & things"
    drawn = heights(drawing)
    assert len(drawn) == len(values)
    tallest = max(values, default=0)
    for value, height in zip(values, drawn, strict=True):
        assert 0 <= height <= charts.HEIGHT
        if tallest:
            assert abs(height / max(drawn) - value / tallest) < 0.01 if max(drawn) else value == 0


@given(st.integers(0, 10**12))
def test_the_scale_has_few_round_lines(largest: int) -> None:
    step = charts.axis_step(largest)
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert largest <= step * 4


@pytest.mark.asvs("1.2.1")
def test_a_name_is_text_not_markup() -> None:
    drawing = charts.bar_chart([("<script>", 1)], label='<script>" onload="x')
    assert "<script>" not in drawing and 'onload="x' not in drawing


def test_there_is_no_inline_style() -> None:
    assert "style=" not in charts.bar_chart([("a", 1)], label="a")


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), min_size=1, max_size=24))
def test_the_parts_of_a_stack_lie_on_each_other_and_are_as_high_as_their_figures(rows: list[list[int]]) -> None:
    points = [(f"m{place}", values) for place, values in enumerate(rows)]
    drawing = charts.stacked_bar_chart(points, label="x", series=["a", "b", "c"])
    root = ElementTree.fromstring(drawing)
    bars = [{name: one.get(name) for name in ("class", "x", "y", "height")} for one in root.iter("rect")]
    assert len(bars) == sum(value > 0 for values in rows for value in values)
    columns: dict[str, list[tuple[float, float]]] = {}
    for bar in bars:
        columns.setdefault(str(bar["x"]), []).append((float(str(bar["y"])), float(str(bar["height"]))))
    drawn = [values for values in rows if any(values)]
    floor = charts.HEIGHT - charts.BOTTOM
    for parts, values in zip(columns.values(), drawn, strict=True):
        edge = float(floor)
        for y, height in parts:
            assert abs(y + height - edge) < 0.11 * (len(parts) + 1)
            edge = y
        total = sum(height for _y, height in parts)
        tallest = max(sum(each) for each in drawn)
        highest = max(sum(height for _y, height in each) for each in columns.values())
        assert abs(total - highest * sum(values) / tallest) < 1
