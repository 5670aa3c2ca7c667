"""Numbers and days that the law moves: dated parameters, extra holidays."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class ExtraHoliday(models.Model):
    """A holiday that no calendar package can know: a temporary one, a by-election day (T-04)."""

    record_label = "policies.ExtraHoliday"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("extra holiday")
        verbose_name_plural = _("extra holidays")
        ordering = ("-day",)
        default_permissions = ("view",)
        permissions = [("edit_calendar", _("Can edit the calendar of holidays"))]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Parameter(models.Model):
    """A number of the law or of the office, from the day it holds (rule base §1). Rows are added, never changed."""

    record_label = "policies.Parameter"

    class Unit(models.TextChoices):
        HOURS = "hours", _("hours")
        DAYS = "days", _("days")
        MONTHS = "months", _("months")
        YEARS = "years", _("years")
        COUNT = "count", _("count")
        HOUR = "hour", _("hour of the day")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=60)
    value = models.PositiveIntegerField(_("value"))
    unit = models.CharField(_("unit"), max_length=8, choices=Unit.choices)
    effective_on = models.DateField(_("effective date"))
    basis = models.CharField(_("basis"), max_length=120)

    class Meta:
        verbose_name = _("parameter")
        verbose_name_plural = _("parameters")
        ordering = ("code", "-effective_on")
        default_permissions = ("view",)
        permissions = [("set_parameter", _("Can set statutory numbers"))]
        constraints = [models.UniqueConstraint(name="parameter_once_on_a_day", fields=["code", "effective_on"])]

    def __str__(self) -> str:
        return f"{self.code} = {self.value} {self.get_unit_display()}"
