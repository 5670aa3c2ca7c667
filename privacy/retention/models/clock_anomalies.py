"""The last reading of each host's clock, and the jumps that stop destruction (FLT-06)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id


class LastClockReading(models.Model):
    """The last moment at which a host of the portal looked at its clock, and how long it had then been running.

    A later look on the same start of the machine must differ by the same span in both; else somebody moved the clock.
    """

    record_label = "retention.LastClockReading"

    host = models.CharField(primary_key=True, max_length=64)
    at = models.DateTimeField(_("wall clock"))
    uptime = models.FloatField(_("seconds since the machine started"))

    class Meta:
        verbose_name = _("clock reading")
        verbose_name_plural = _("clock readings")

    def __str__(self) -> str:
        return self.host


class ClockDoubt(models.Model):
    """The clock jumped: nothing is destroyed until an officer has looked at it (FLT-06)."""

    record_label = "retention.ClockDoubt"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    expected_at = models.DateTimeField(_("expected"))
    read_at = models.DateTimeField(_("read"))
    seen_at = models.DateTimeField(pgettext_lazy("clock", "seen at"))
    settled_by = models.CharField(_("confirmed by"), max_length=64, blank=True)
    settled_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock anomaly")
        verbose_name_plural = _("clock anomalies")
        ordering: ClassVar = ["-seen_at"]
        permissions: ClassVar = [("confirm_clock", "Can confirm that the clock is right")]
        constraints: ClassVar = [
            # One open doubt at a time: a jump that lasts is one jump.
            models.UniqueConstraint(
                fields=["settled_by"], name="retention_one_open_doubt", condition=Q(settled_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.expected_at:%Y-%m-%d %H:%M} → {self.read_at:%Y-%m-%d %H:%M}"
