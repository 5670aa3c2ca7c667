"""Days and moments that people and machines type: one reach for all, so that no period computed from one overflows."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

# Older papers than of 1900 nobody destroys, and no term that the portal knows ends after 2199.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def is_in_range(day: date) -> bool:
    """Whether a typed day can be computed with."""
    return EARLIEST <= (day.date() if isinstance(day, datetime) else day) <= LATEST


def validate_range(day: date) -> None:
    """Raise ``ValidationError`` for a day or moment that nothing can be computed from."""
    if not is_in_range(day):
        reach = {"first": date_format(EARLIEST, "DATE_FORMAT"), "last": date_format(LATEST, "DATE_FORMAT")}
        raise ValidationError(_("Enter a day between %(first)s and %(last)s."), code="out-of-reach", params=reach)


class NativeDateInput(forms.DateInput):
    """A day, by the browser's own control."""

    input_type = "date"


class NativeDateTimeInput(forms.DateTimeInput):
    """A day and a time, by the browser's own control."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class BoundedDateField(forms.DateField):
    """A calendar day that somebody types."""

    widget = NativeDateInput
    default_validators = [validate_range]


class PeriodForm(forms.Form):
    """A period of days, both of which belong to it."""

    first = BoundedDateField(label=_("From"))
    last = BoundedDateField(label=_("Until"))

    def clean(self) -> dict[str, Any]:
        """Ask for days in their order."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("last", _("The last day is before the first."))
        return given


class BoundedDateTimeField(forms.DateTimeField):
    """A moment that somebody types, in Korean time."""

    widget = NativeDateTimeInput
    default_validators = [validate_range]


class BoundedSplitDateTimeField(forms.SplitDateTimeField):
    """A moment that somebody types as a day and a time, as Django's own console asks for one."""

    widget = AdminSplitDateTime
    default_validators = [validate_range]


def bounded_overrides(asked: Mapping[type[Any], Mapping[str, Any]]) -> dict[type[Any], dict[str, Any]]:
    """Return how the console asks for the fields of a model, days and moments with their bounds."""
    days: dict[type[Any], dict[str, Any]] = {
        models.DateField: {"form_class": BoundedDateField, "widget": AdminDateWidget},
        models.DateTimeField: {"form_class": BoundedSplitDateTimeField},
    }
    return {kind: {**asked.get(kind, {}), **days.get(kind, {})} for kind in {**asked, **days}}
