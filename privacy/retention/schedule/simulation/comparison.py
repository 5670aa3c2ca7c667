"""What was predicted of a version beside what the sweeps then did, month by month; the difference is a figure."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from privacy.lib.dates import periods
from privacy.policies.models import PolicyVersion
from privacy.retention.models import DestructionLine, DestructionList, Prediction
from privacy.retention.models.destruction_lists import Cause, DestructionListQuerySet
from privacy.retention.schedule.simulation.outcomes import Figures

# What sweeps list. A deletion, a withdrawal or an order is no matter of the rules.
BY_SWEEPS = (Cause.RETENTION, Cause.PRESERVATION_END)
type Key = tuple[str, str, date]


@dataclass(frozen=True)
class ComparedMonth:
    """One finished month of a category and unit. ``open_lists``: lists of the month that wait to be carried out."""

    month: date
    category: str
    unit: str
    predicted: Figures
    happened: Figures
    open_lists: int = 0

    @property
    def differs(self) -> bool:
        return self.predicted != self.happened


@dataclass(frozen=True)
class Comparison:
    """The finished months of a prediction, and until which month it is compared."""

    prediction: Prediction
    until: date
    rows: list[ComparedMonth]

    @property
    def differences(self) -> list[ComparedMonth]:
        """The rows in which something else happened than was predicted."""
        return [row for row in self.rows if row.differs]


def compare(prediction: Prediction, on: date) -> Comparison:
    """Compare a prediction with what happened in the months that are over on a day.

    From the month in which a later version takes effect its rules are no longer what was predicted.
    """
    until = min(on.replace(day=1), periods.first_of_next_month(prediction.until), _next_version_from(prediction))
    predicted = {key: Figures(*figures) for key, figures in prediction.months().items() if key[2] < until}
    done = {key: found for key, found in happened(prediction, until=until).items() if key[2] < until}
    waiting = _open_lists(prediction)
    rows = [
        ComparedMonth(
            month, category, unit,
            predicted.get((category, unit, month), Figures()),
            done.get((category, unit, month), Figures()),
            waiting[category, unit, month],
        )
        for category, unit, month in sorted({*predicted, *done}, key=lambda key: (key[2], key[0], key[1]))
    ]  # fmt: skip
    return Comparison(prediction, until, rows)


def happened(prediction: Prediction, *, until: date = date.max) -> dict[Key, Figures]:
    """Return what was destroyed and archived since a prediction by lists of the sweeps, by the month that lists it.

    ``until``: lists of later days are left out.
    """
    found: dict[Key, Figures] = {}
    lists = _of_sweeps().filter(state=DestructionList.State.DONE, done_at__gte=prediction.made_at, run__as_of__lt=until)
    lines = DestructionLine.objects.filter(list__in=lists, state=DestructionLine.State.REMOVED).order_by()
    removed_of = dict(lines.values_list("list").annotate(Count("pk")))
    for row in lists.select_related("run"):
        removed = removed_of.get(row.pk, 0)
        if row.is_whole_month:
            removed = row.people if row.people_removed is None else row.people_removed
        rows = row.rows_removed
        records = rows.get("records", 0) if row.unit == DestructionList.Unit.ARCHIVE else sum(rows.values())
        if not (removed or row.is_whole_month or records):
            continue
        of = found.setdefault(_key(row, prediction), Figures())
        of.people += removed
        of.months += row.is_whole_month
        of.records += records
        of.archived += row.archived
    return found


def _open_lists(prediction: Prediction) -> Counter[Key]:
    return Counter(_key(row, prediction) for row in _of_sweeps().open().select_related("run"))


def _of_sweeps() -> DestructionListQuerySet:
    return DestructionList.objects.filter(run__cause__in=BY_SWEEPS)


def _key(row: DestructionList, prediction: Prediction) -> Key:
    # What was open already when it was predicted goes with the first night.
    return row.category, str(row.unit), max(row.run.as_of, prediction.predicted_on).replace(day=1)


def _next_version_from(prediction: Prediction) -> date:
    effective_on = prediction.version.effective_on
    later = PolicyVersion.objects.public().filter(effective_on__gt=effective_on).order_by("effective_on").first()
    return date.max if later is None or later.effective_on is None else later.effective_on.replace(day=1)
