"""Charts drawn by the server as SVG: no script, printable, with a table of the same figures beside it.

Colours come from the stylesheet by class (``bar``, ``grid``, ``axis``), so a chart follows light and dark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with the table of its figures (``templates/admin/figures.html``); ``legend`` names its series."""

    title: str
    drawing: SafeString
    head: Sequence[object]
    rows: Sequence[Sequence[object]]
    legend: Sequence[object] = ()


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
    frame = _Frame(
        [name for name, _values in points], max((one for _name, values in points for one in values), default=0)
    )
    wide = frame.slot * 0.64 / max(1, len(series))
    return frame.drawn(
        label,
        (
            _Bar(
                turn,
                frame.left(place) + wide * turn,
                frame.y(value),
                wide,
                frame.high(value),
                name,
                series[turn],
                value,
            )
            for place, (name, values) in enumerate(points)
            for turn, value in enumerate(values)
        ),
    )


def stacked_bar_chart(
    points: Sequence[tuple[str, Sequence[int]]], *, label: str, series: Sequence[str] = ("",)
) -> SafeString:
    """Return a bar chart with one bar at each name, put together from a part for each of the ``series``, from below."""
    frame = _Frame([name for name, _values in points], max((sum(values) for _name, values in points), default=0))
    return frame.drawn(
        label,
        (
            _Bar(
                turn, frame.left(place), frame.y(sum(values[: turn + 1])), frame.slot * 0.64, frame.high(value), name,
                series[turn], value,
            )
            for place, (name, values) in enumerate(points)
            for turn, value in enumerate(values)
            if value
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bar:
    """One rectangle: the place of its series, where it lies, and what it tells on pointing."""

    turn: int
    x: float
    y: float
    wide: float
    high: float
    name: str
    series: str
    value: int

    def cells(self) -> tuple[str, ...]:
        return (
            f"bar-{self.turn + 1}" if self.turn else "bar", f"{self.x:.1f}", f"{self.y:.1f}", f"{self.wide:.1f}",
            f"{self.high:.1f}", f"{self.name} {self.series}".strip(), _number(self.value),
        )  # fmt: skip


class _Frame:
    """What stands around bars: the lines of the scale up to ``largest``, and the names as often as they fit."""

    def __init__(self, names: Sequence[str], largest: int) -> None:
        self.names = names
        self.step = axis_step(largest)
        self.top = max(self.step, ceil(largest / self.step) * self.step)
        self.height = HEIGHT - BOTTOM - TOP
        self.floor = TOP + self.height
        self.slot = (WIDTH - LEFT) / max(1, len(names))

    def left(self, place: int) -> float:
        return LEFT + self.slot * place + self.slot * 0.18

    def high(self, value: int) -> float:
        return self.height * value / self.top

    def y(self, value: int) -> float:
        return self.floor - self.high(value)

    def drawn(self, label: str, bars: Iterable[_Bar]) -> SafeString:
        """Return the picture of these bars."""
        lines = format_html_join(
            "",
            '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
            (
                (
                    "grid" if value else "axis", LEFT, f"{y:.1f}", WIDTH, f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}",
                    _number(value),
                )
                for value in range(0, self.top + 1, self.step)
                for y in [self.y(value)]
            ),
        )  # fmt: skip
        columns = format_html_join(
            "",
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
            (bar.cells() for bar in bars),
        )
        every = ceil(len(self.names) * 60 / (WIDTH - LEFT)) if self.names else 1
        names = format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            (
                (f"{LEFT + self.slot * (place + 0.5):.1f}", HEIGHT - 6, name)
                for place, name in enumerate(self.names)
                if place % every == 0
            ),
        )
        return format_html(
            '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>',
            WIDTH, HEIGHT, label, lines, columns, names,
        )  # fmt: skip


def _number(value: int) -> str:
    return str(number_format(value, use_l10n=True, force_grouping=True))


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
