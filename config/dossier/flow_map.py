"""The map of where personal information goes (개인정보 흐름도), as an SVG that needs no stylesheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from unicodedata import east_asian_width

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from config.dossier.processing import ProcessingActivity

WIDTH, BOX, GAP, HEAD, LINE = 900, 240, 14, 34, 15
# So many narrow letters fit a line, and a line in bold.
ROOM, ROOM_OF_NAME = 36, 31
LEFTS = (1, (WIDTH - BOX) // 2, WIDTH - BOX - 1)
STYLE = mark_safe(
    '<style>text{font-family:"Noto Sans KR",sans-serif;font-size:11px;fill:#1f2933}.h{font-size:12px;font-weight:700}'
    ".n{font-weight:700}.s{fill:#56606d}.b{fill:#fff;stroke:#56606d}.l{fill:none;stroke:#8a94a0}</style>"
)


@dataclass
class _Box:
    """One box: its name, the lines below it, and where it stands."""

    column: int
    name: str
    lines: list[str]
    top: int = 0
    to: list["_Box"] = field(default_factory=list)

    @property
    def height(self) -> int:
        return 12 + LINE * (len(_lines(self.name, ROOM_OF_NAME)) + len(self.lines))

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def draw(activities: Sequence[ProcessingActivity], *, label: str) -> SafeString:
    """Return the map: what is held, where it is stored, who receives it, how it ends; ``label`` tells it in words."""
    held = [_Box(0, one.name, _lines(", ".join(one.items))) for one in activities]
    places = {name: _Box(1, name, []) for one in activities for name in one.places}
    ends: dict[str, _Box] = {}
    for box, one in zip(held, activities, strict=True):
        box.to = [places[name] for name in one.places]
        for name in one.places:
            places[name].lines = [*places[name].lines, *_lines(f"{one.name}: {one.kept}")]
        for kind, names in (
            (_("Recipient"), one.recipients), (_("Processor"), one.processors), (_("Recipient abroad"), one.abroad),
        ):  # fmt: skip
            for who in names:
                end = ends.setdefault(f"{kind} {who}", _Box(2, who, [kind]))
                for place in (places[name] for name in one.places):
                    if end not in place.to:
                        place.to.append(end)
    last = _Box(2, _("Destruction"), _lines(_("keys first, then rows, with a certificate")))
    for store in places.values():
        store.to.append(last)
    columns = (held, list(places.values()), [*ends.values(), last])
    height = max(_stack(column) for column in columns)
    for column in columns[1:]:
        _centre(column, height)
    boxes = [box for column in columns for box in column]
    heads = (_("Personal information"), _("Stored in, and kept for"), _("Goes to, or ends by"))
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        WIDTH,
        height + 4,
        label,
        STYLE,
        format_html_join(
            "", '<text class="h" x="{}" y="16">{}</text>', zip((left + 2 for left in LEFTS), heads, strict=True)
        ),
        format_html_join(
            "",
            '<path class="l" d="M{} {}C{} {} {} {} {} {}"/>',
            (_curve(box, to) for box in boxes for to in box.to),
        ),
        format_html_join("", "{}", ((_drawn(box),) for box in boxes)),
    )


def _stack(column: Iterable[_Box]) -> int:
    top = HEAD
    for box in column:
        box.top = top
        top += box.height + GAP
    return top


def _centre(column: Sequence[_Box], height: int) -> None:
    """Spread a column over the height that there is."""
    free = height - HEAD - sum(box.height + GAP for box in column)
    for place, box in enumerate(column, start=1):
        box.top += free * place // (len(column) + 1)


def _curve(box: _Box, to: _Box) -> tuple[str, ...]:
    start, end = LEFTS[box.column] + BOX, LEFTS[to.column]
    middle = (start + end) / 2
    return tuple(f"{one:.0f}" for one in (start, box.middle, middle, box.middle, middle, to.middle, end, to.middle))


def _drawn(box: _Box) -> SafeString:
    left, names = LEFTS[box.column], _lines(box.name, ROOM_OF_NAME)
    rows = [("n", one) for one in names] + [("s", one) for one in box.lines]
    return format_html(
        '<rect class="b" x="{}" y="{}" width="{}" height="{}" rx="4"/>{}',
        left, box.top, BOX, box.height,
        format_html_join(
            "",
            '<text class="{}" x="{}" y="{}">{}</text>',
            ((kind, left + 8, box.top + LINE * (row + 1) + 1, text) for row, (kind, text) in enumerate(rows)),
        ),
    )  # fmt: skip


def _lines(text: str, room: int = ROOM) -> list[str]:
    """Break a text at its spaces into lines that fit a box; a Korean syllable is as wide as two letters."""
    made, line = [], ""
    for word in (part for one in text.split() for part in wrap(one, room // 2)):
        if line and _width(f"{line} {word}") > room:
            made.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*made, line] if line else made


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
