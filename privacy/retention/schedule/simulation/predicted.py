"""Predictions beside what happened, on the page of a version and as lines of the register."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.policies.models import PolicyVersion
from privacy.retention.models import DestructionList, Prediction
from privacy.retention.schedule.simulation.comparison import ComparedMonth, compare


@dataclass(frozen=True)
class RegisterLine:
    """One finished month of a prediction, as the register tells it."""

    version: str
    predicted_on: date
    month: date
    unit: str
    digest: str
    row: ComparedMonth


def lines_of(window: registers.ExportScope) -> Iterator[RegisterLine]:
    """Yield the months of a period that were predicted, with what happened in them."""
    for prediction in Prediction.objects.select_related("version").order_by("predicted_on", "id"):
        for row in compare(prediction, clock.kst_date(window.at)).rows:
            if window.first.replace(day=1) <= row.month <= window.last:
                yield RegisterLine(
                    prediction.version.number, prediction.predicted_on, row.month,
                    str(DestructionList.Unit(row.unit).label), prediction.digest, row,
                )  # fmt: skip


def context(version: PolicyVersion, on: date) -> Mapping[str, Any]:
    """Return the prediction of a version and its finished months, for its template."""
    prediction = Prediction.objects.filter(version=version).select_related("version").first()
    if prediction is None:
        return {"prediction": None, "is_public": version.is_public}
    compared = compare(prediction, on)
    return {
        "prediction": prediction,
        "compared": compared,
        "rows": [(date_format(row.month, "Y-m"), _name_of(row, on), row) for row in compared.rows],
    }


def _name_of(row: ComparedMonth, on: date) -> str:
    name = display_names.display_name("category", row.category, on=on)
    return _("%(category)s (whole months)") % {"category": name} if row.unit == DestructionList.Unit.MONTH else name
