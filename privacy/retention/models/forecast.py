"""How many people become due in each of the coming months."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class Forecast(models.Model):
    """How many people of a category become due in a month, counted each night for the console."""

    record_label = "retention.Forecast"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.CharField(_("category"), max_length=60)
    month = models.DateField(_("month"))
    people = models.PositiveIntegerField(_("people"))
    counted_at = models.DateTimeField(_("counted at"))

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecast")
        ordering: ClassVar = ["month", "category"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["category", "month"], name="retention_forecast_once_for_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.month:%Y-%m}"
