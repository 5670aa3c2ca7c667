"""Charts drawn by the server as SVG: no script, printable, with a table of the same figures beside it.

Colours come from the stylesheet by class (``bar``, ``grid``, ``axis``), so a chart follows light and dark.
"""

from collections.abc import Sequence
from math import ceil

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 480, 180
LEFT, BOTTOM, TOP = 44, 24, 14


def axis_step(largest: int, lines: int = 4) -> int:
    """Return a step of 1, 2 or 5 times a power of ten that reaches ``largest`` in at most ``lines`` lines."""
    rough = max(1, ceil(largest / lines))
    power = int(10 ** (len(str(rough)) - 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def bar_chart(points: Sequence[tuple[str, int]], *, label: str) -> SafeString:
    """Return a bar chart of named figures, in their order; ``label`` tells it to those who don't see it.

    Names are drawn below as often as they fit; each bar tells its name and figure on pointing.
    """
    return grouped_bar_chart([(name, [value]) for name, value in points], label=label)


def grouped_bar_chart(
    points: Sequence[tuple[str, Sequence[int]]], *, label: str, series: Sequence[str] = ("",)
) -> SafeString:
    """Return a bar chart with several bars at each name: one for each of the ``series``, in their order."""
    largest = max((value for _name, values in points for value in values), default=0)
    step = axis_step(largest)
    top = max(step, ceil(largest / step) * step)
    inner, height = WIDTH - LEFT, HEIGHT - BOTTOM - TOP
    slot = inner / max(1, len(points))
    every = ceil(len(points) * 60 / inner) if points else 1
    floor = TOP + height
    wide = slot * 0.64 / max(1, len(series))

    lines = format_html_join(
        "",
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                "grid" if value else "axis", LEFT, f"{y:.1f}", WIDTH, f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}",
                number_format(value, use_l10n=True, force_grouping=True),
            )
            for value in range(0, top + 1, step)
            for y in [floor - height * value / top]
        ),
    )  # fmt: skip
    columns = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
        (
            (
                f"bar-{turn + 1}" if turn else "bar",
                f"{LEFT + slot * place + slot * 0.18 + wide * turn:.1f}", f"{floor - height * value / top:.1f}",
                f"{wide:.1f}", f"{height * value / top:.1f}", f"{name} {series[turn]}".strip(),
                number_format(value, use_l10n=True, force_grouping=True),
            )
            for place, (name, values) in enumerate(points)
            for turn, value in enumerate(values)
        ),
    )  # fmt: skip
    names = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{LEFT + slot * (place + 0.5):.1f}", HEIGHT - 6, name)
            for place, (name, _values) in enumerate(points)
            if place % every == 0
        ),
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>', WIDTH, HEIGHT, label, lines, columns, names
    )


ROW, NAMES, NUMBERS = 26, 170, 60


def horizontal_bar_chart(points: Sequence[tuple[str, int]], *, label: str) -> SafeString:
    """Return lying bars, one a line with its name before and its figure behind it: for names that are words."""
    largest = max((value for _name, value in points), default=0) or 1
    room = WIDTH - NAMES - NUMBERS
    lines = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end">{}</text><rect class="bar" x="{}" y="{}" width="{}" height="{}"/>'
        '<text x="{}" y="{}">{}</text>',
        (
            (
                NAMES - 8, place * ROW + 17, name, NAMES, place * ROW + 6, f"{max(1.0, room * value / largest):.1f}",
                ROW - 12, f"{NAMES + room * value / largest + 8:.1f}", place * ROW + 17,
                number_format(value, use_l10n=True, force_grouping=True),
            )
            for place, (name, value) in enumerate(points)
        ),
    )  # fmt: skip
    height = max(1, len(points)) * ROW
    return format_html('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>', WIDTH, height, label, lines)


STANDALONE_STYLE = (
    '<svg xmlns="http://www.w3.org/2000/svg"',
    '<style>text{font-family:"Noto Sans KR";font-size:11px;fill:#56606d}.bar{fill:#0b5394}'
    ".grid{stroke:#c9d0d8;stroke-width:.5}.axis{stroke:#56606d;stroke-width:1}</style>",
)


def standalone_svg(drawing: str) -> str:
    """Return a chart as a file of its own, in the colours and the type of our papers."""
    opening, _, rest = drawing.partition(">")
    return opening.replace("<svg", STANDALONE_STYLE[0], 1) + ">" + STANDALONE_STYLE[1] + rest
