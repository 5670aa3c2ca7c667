"""Numbers and days that the law moves: dated parameters, extra holidays."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies import dated_rules


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


class ParameterManager(models.Manager["Parameter"]):
    """The numbers that count: in a rehearsal those up to its day."""

    def get_queryset(self) -> models.QuerySet["Parameter"]:
        return dated_rules.known(super().get_queryset())


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

    objects = ParameterManager()

    class Meta:
        verbose_name = _("parameter")
        verbose_name_plural = _("parameters")
        ordering = ("code", "-effective_on")
        default_permissions = ("view",)
        permissions = [("set_parameter", _("Can set statutory numbers"))]
        constraints = [models.UniqueConstraint(name="parameter_once_on_a_day", fields=["code", "effective_on"])]

    def __str__(self) -> str:
        return f"{self.code} = {self.value} {self.get_unit_display()}"


class ParameterChange(models.Model):
    """A value that lessens a protection: asked for by one officer, set when another approves it (decision 0166).

    What the host's command sets has no account on either side.
    """

    record_label = "policies.ParameterChange"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=60)
    value = models.PositiveIntegerField(_("value"))
    effective_on = models.DateField(_("effective date"))
    basis = models.CharField(_("basis"), max_length=120)
    asked_by = models.CharField(_("requested by"), max_length=80)
    asked_at = models.DateTimeField(_("requested at"))
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    refused_by = models.CharField(_("refused by"), max_length=80, blank=True)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)

    class Meta:
        verbose_name = _("requested value")
        verbose_name_plural = _("requested values")
        ordering = ("-asked_at",)
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="policies_value_is_approved_by_another",
                condition=~Q(approved_by=F("asked_by")) | Q(asked_by__contains=":"),
            ),
            models.CheckConstraint(
                name="policies_value_is_approved_or_refused",
                condition=Q(approved_at=None, approved_by="")
                | (Q(approved_at__isnull=False, refused_at=None) & ~Q(approved_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} = {self.value}"

    @property
    def is_open(self) -> bool:
        return self.approved_at is None and self.refused_at is None
