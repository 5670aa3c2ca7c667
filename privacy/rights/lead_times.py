"""How long answers took, and which share of them kept its day: by month of the answer and by right (law R-08)."""

from collections import defaultdict
from datetime import date
from statistics import median_low

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.display import charts
from privacy.lib.display.charts import Picture
from privacy.rights.annual_report import answers_of
from privacy.rights.models import Right

MONTHS = 12
# Of one month and right: the days that each answer took, and whether it was in time.
type Answers = dict[tuple[date, str], list[tuple[int, bool]]]


def months_until(on: date) -> list[date]:
    """Return the first days of the last twelve months, this one too."""
    last = on.year * 12 + on.month - 1
    return [date(place // 12, place % 12 + 1, 1) for place in range(last - MONTHS + 1, last + 1)]


def answers_since(first: date) -> Answers:
    """Return the answers from a day on; a case with several rights counts once for each of them."""
    rows = list(
        Right.objects.filter(request__notified_at__gte=clock.midnight(first)).values_list(
            "kind", "pk", "request_id", "request__received_on", "request__notified_at", "request__due_on"
        )
    )
    told = answers_of({row[2] for row in rows})
    found: Answers = defaultdict(list)
    for kind, right, case, received_on, notified_at, due_on in rows:
        if notified_at is None:
            continue
        answered_at, by = told.get((case, right), (notified_at, due_on))
        on = clock.kst_date(answered_at)
        found[on.replace(day=1), kind].append(((on - received_on).days, on <= by))
    return found


def pictures(on: date) -> list[Picture]:
    """Return both pictures; none where nothing was answered."""
    months = months_until(on)
    found = answers_since(months[0])
    kinds = [kind for kind in Right.Kind if any(found.get((month, kind.value)) for month in months)]
    if not kinds:
        return []
    names = [capfirst(str(kind.label)) for kind in kinds]
    cells = {(month, kind): found.get((month, kind.value), []) for month in months for kind in kinds}
    days = {place: median_low([took for took, _in_time in some]) for place, some in cells.items() if some}
    share = {place: sum(in_time for _took, in_time in some) * 100 // len(some) for place, some in cells.items() if some}
    made = []
    for title, figures, unit in (
        (_("Days until the answer (median), by month and right"), days, ""),
        (_("Answered on time, in %, by month and right"), share, " %"),
    ):
        points = [(date_format(month, "Y-m"), [figures.get((month, kind), 0) for kind in kinds]) for month in months]
        rows = [
            [
                date_format(month, "Y-m"),
                *(
                    f"{figures[month, kind]}{unit} ({len(cells[month, kind])})" if (month, kind) in figures else "–"
                    for kind in kinds
                ),
            ]
            for month in months
        ]
        drawing = charts.grouped_bar_chart(points, label=title, series=names)
        made.append(Picture(title, drawing, [_("month"), *names], rows, names))
    return made
