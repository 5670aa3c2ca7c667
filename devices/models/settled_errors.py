"""When app logs have served: the error they were sent for is settled (P6.3)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class SettledErrorQuerySet(models.QuerySet["SettledError"]):
    def waiting(self) -> "SettledErrorQuerySet":
        """Those whose app logs are still to be removed, the oldest first."""
        return self.filter(removed_at=None).order_by("recorded_at", "id")


class SettledError(models.Model):
    """The errors of a device are settled up to a moment: its app logs until then have achieved their purpose (P6.3).

    Said by its gateway or by the office. They are removed at once, or as soon as no hold or open case keeps them.
    """

    record_label = "devices.SettledError"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device_id = models.UUIDField(_("device"))
    settled_until = models.DateTimeField(_("resolved until"))
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = SettledErrorQuerySet.as_manager()

    class Meta:
        verbose_name = _("resolved error")
        verbose_name_plural = _("resolved errors")
        default_permissions = ("view",)
        permissions: ClassVar = [("settle_error", _("Can mark the error behind app logs as resolved"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device_id", "settled_until"], name="devices_error_settled_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["recorded_at", "id"], condition=Q(removed_at=None), name="devices_settled_waiting")
        ]

    def __str__(self) -> str:
        return str(self.id)


class AppLogRemoval(models.Model):
    """How many app logs of a month were removed because their purpose had ended, and when: numbers only.

    By it the key of a month is destroyed in time though no row of the month is left.
    """

    record_label = "devices.AppLogRemoval"

    class Cause(models.TextChoices):
        SETTLED = "settled", _("the error is resolved")
        TERM = "term", _("the analysis period is over")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    month = models.DateField(_("month"))
    cause = models.CharField(_("why"), max_length=8, choices=Cause)
    rows = models.PositiveIntegerField(_("rows"))
    removed_at = models.DateTimeField(_("removed"))

    class Meta:
        verbose_name = _("removal of app logs")
        verbose_name_plural = _("removals of app logs")
        default_permissions = ("view",)
        indexes: ClassVar = [models.Index(fields=["month"], name="devices_log_removals_by_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.rows}"
