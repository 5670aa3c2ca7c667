"""What the page of what is due shows: what a sweep would find, what is late, the months ahead. Only reads."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.lib.dates import periods
from privacy.lib.display import charts, display_names
from privacy.policies import rulebook
from privacy.policies.models import PolicyVersion
from privacy.policies.rulebook import Rulebook
from privacy.retention.models import ClockDoubt, DestructionLine, DestructionList, DestructionRun, Forecast
from privacy.retention.schedule import retention_rules, rule_changes, selection
from privacy.subjects import holdings

MONTHS = 12
MAX_LATE_SHOWN = 20
STATE_LABELS = dict(DestructionLine.State.choices)
# The sweep rings every night: a look older than this is an alarm.
SWEEP_OVERDUE_AFTER = timedelta(hours=36)


@dataclass
class ForecastTable:
    """The months ahead: a row for each, a column for each category that becomes due in any of them."""

    columns: list[str]
    rows: list[tuple[str, list[int | str], int]]
    chart: str
    stacked: list[str]
    counted_at: datetime | None


@dataclass
class PolicyPreview:
    """What one coming version of the policy would change."""

    version: PolicyVersion
    changes: list[rule_changes.RetentionChange] = field(default_factory=list)
    preserved: list[rule_changes.PreservationChange] = field(default_factory=list)
    unchanged: int = 0


def context(on: date, at: datetime) -> dict[str, Any]:
    """Return everything that the page shows."""
    last = DestructionRun.objects.looked().order_by("-planned_at").first()
    outlook = selection.preview_sweep(on, at)
    late = DestructionList.objects.late(on)
    return {
        "outlook": [(found, describe_withheld(found.withheld)) for found in outlook],
        "last_sweep": last,
        "is_silent": last is None or last.planned_at is None or at - last.planned_at > SWEEP_OVERDUE_AFTER,
        "to_approve": DestructionList.objects.to_approve().count(),
        "late": list(late.order_by("target_on")[:MAX_LATE_SHOWN]),
        "late_count": late.count(),
        "days_to_destroy": retention_rules.days_to_destroy(on),
        "doubts": ClockDoubt.objects.filter(settled_at=None).count(),
        "ahead": forecast_table(on),
        "previews": policy_previews(on),
    }


def describe_withheld(counts: dict[str, int]) -> str:
    """Return who is passed over and why, in words."""
    return ", ".join(f"{_reason(why)} {count}" for why, count in sorted(counts.items()))


def _reason(why: str) -> str:
    # The state is told as "passed over: hold"; on this page all of them are.
    return str(STATE_LABELS.get(why, why)).rpartition(":")[2].strip()


def forecast_table(on: date) -> ForecastTable:
    """Return the forecast by month, with the whole months of app logs that end in each."""
    first = on.replace(day=1)
    counted = list(Forecast.objects.filter(month__gte=first).order_by("month", "category"))
    figures = {(row.category, row.month): row.people for row in counted}
    months = sorted({row.month for row in counted})[:MONTHS]
    shown = [code for code in sorted({row.category for row in counted}) if any(figures.get((code, m)) for m in months)]
    by_month = _whole_months(on, months)
    rows = []
    for month in months:
        people = [figures.get((code, month), 0) for code in shown]
        cells: list[int | str] = [*people, *(by_month[code].get(month, "–") for code in by_month)]
        rows.append((date_format(month, "Y-m"), cells, sum(people)))
    names = [display_names.display_name("category", code, on=on) for code in shown]
    parts = [(month, [int(cell) for cell in cells[: len(shown)]]) for month, cells, _total in rows]
    return ForecastTable(
        columns=names
        + [
            _("%(category)s (whole months)") % {"category": display_names.display_name("category", code, on=on)}
            for code in by_month
        ],
        rows=rows,
        chart=charts.stacked_bar_chart(parts, label=_("People, by month and category"), series=names)
        if any(total for _month, _cells, total in rows)
        else "",
        stacked=names,
        counted_at=max((row.counted_at for row in counted), default=None),
    )


def _whole_months(on: date, months: list[date]) -> dict[str, dict[date, str]]:
    """Return, for categories that go by whole months, which months end in which."""
    found: dict[str, dict[date, str]] = {}
    for category in holdings.categories():
        if not any(holding.due_months for holding in holdings.for_category(category)):
            continue
        seen: set[date] = set()
        for month in months:
            last_day = periods.first_of_next_month(month) - timedelta(days=1)
            due = {gone for _holding, gone in selection.months_due(category, max(on, last_day))} - seen
            seen |= due
            if due:
                found.setdefault(category, {})[month] = ", ".join(date_format(gone, "Y-m") for gone in sorted(due))
    return found


def policy_previews(on: date) -> list[PolicyPreview]:
    """Return what each announced version, and each draft, would change: nothing shortens or lengthens silently."""
    coming = PolicyVersion.objects.open() | PolicyVersion.objects.announced(on)
    now = rulebook.in_force(on)
    return [_preview(version, now, rulebook.read(version), on) for version in coming.order_by("effective_on", "number")]


def _preview(version: PolicyVersion, now: Rulebook, then: Rulebook, on: date) -> PolicyPreview:
    every = rule_changes.compare_retention(now, then, on)
    changes = [change for change in every if change.changes]
    return PolicyPreview(version, changes, rule_changes.compare_preservation(now, then), len(every) - len(changes))
