"""What devices report, by month, and the figures counted from it (P3.2, P3.3, P4.1)."""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import APP_LOG, SERVICE_ANALYTICS
from privacy.vault.fields import EncryptedJSONField, EncryptedModel


class Kind(models.TextChoices):
    """The kinds of reports; nothing else is taken (P3.2, P3.3)."""

    STATUS = "status", _("agent status")
    ACTIVATION = "activation", _("activation time")
    ACCESS_COUNT = "access-count", _("number of accesses")
    ACCESS = "access", _("access record")
    APP_STATUS = "app-status", _("service application status")
    CONFIGURATION = "configuration", _("configuration result")
    APP_LOG = "app-log", _("app log")


class Report(EncryptedModel):
    """What a device reported, sealed under its own key and the month's (P3.2). Partitioned by month of the event.

    In the database the primary key is (device, occurred_at, id): the table is spread and read by device.
    """

    record_label = "devices.Report"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device_id = models.UUIDField(_("device"))
    occurred_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    body = EncryptedJSONField(item_from="kind", sealed_as="body")

    class Encryption:
        category = SERVICE_ANALYTICS
        subject = "device_id"
        month_from = "occurred_at"

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        default_permissions = ("view",)
        managed = False  # the migration 0002 makes the table, in months

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class AppLog(EncryptedModel):
    """A line of the service app's log: optional, and never without its own agreement (P3.3). Partitioned by month."""

    record_label = "devices.AppLog"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device_id = models.UUIDField(_("device"))
    occurred_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.APP_LOG)
    body = EncryptedJSONField(item="app_log", sealed_as="body")

    class Encryption:
        category = APP_LOG
        subject = "device_id"
        month_from = "occurred_at"

    class Meta:
        verbose_name = _("app log")
        verbose_name_plural = _("app logs")
        default_permissions = ("view",)
        managed = False  # the migration 0002 makes the table, in months

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"


class BatchQuerySet(models.QuerySet["Batch"]):
    def uncounted(self) -> "BatchQuerySet":
        """Batches that the statistics have not taken in, the oldest first."""
        return self.filter(tally__isnull=False).order_by("id")


class Batch(models.Model):
    """One delivery of reports and the answer it got: the same batch again gets the same answer, nothing twice.

    ``tally`` counts what it brought by day, kind and value, without device ids, until the statistics have taken it in.
    """

    record_label = "devices.Batch"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    gateway_id = models.UUIDField(_("gateway"))
    batch = models.UUIDField(_("client's id"))
    digest = models.BinaryField(_("SHA-256 of the request"), max_length=32)
    received_at = models.DateTimeField(_("received"))
    stored = models.PositiveIntegerField(_("stored"))
    refused = models.PositiveIntegerField(pgettext_lazy("report", "refused"))
    answer: Any = models.JSONField(_("answer"))
    tally: Any = models.JSONField(_("counts for the statistics"), null=True)
    counting = models.UUIDField(_("interval it is counted in"), null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["gateway_id", "batch"], name="devices_batch_answered_once")]
        # Ids are made in the order of time, so old batches are found by them.
        indexes = [models.Index(fields=["id"], condition=Q(tally__isnull=False), name="devices_batches_uncounted")]

    def __str__(self) -> str:
        return str(self.batch)


class DailyReportCountQuerySet(models.QuerySet["DailyReportCount"]):
    def between(self, first: date, last: date) -> "DailyReportCountQuerySet":
        return self.filter(day__range=(first, last))

    def to_close(self, on: date) -> "DailyReportCountQuerySet":
        """Figures of days that are long enough over to drop what tells devices apart."""
        return self.filter(closed=False, day__lt=on - DailyReportCount.OPEN_FOR)


class DailyReportCount(models.Model):
    """How many reports of a kind, or of a kind and value, one day brought: without device ids (P4.1 ②).

    ``devices`` counts up to the threshold below which a cell is not shown; the keyed hashes by which it counts are
    dropped when the day closes.
    """

    record_label = "devices.DailyReportCount"

    OPEN_FOR = timedelta(days=3)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField(_("day"))
    cell = models.CharField(_("kind and value"), max_length=40)
    reports = models.PositiveBigIntegerField(_("reports"), default=0)
    total = models.PositiveBigIntegerField(_("total"), default=0)
    devices = models.PositiveSmallIntegerField(_("devices, up to the threshold"), default=0)
    hashes: Any = models.JSONField(_("hashes of devices"), default=list)
    closed = models.BooleanField(pgettext_lazy("interval", "closed"), default=False)

    objects = DailyReportCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily figure")
        verbose_name_plural = _("statistics")
        default_permissions = ("view",)
        ordering = ["-day", "cell"]
        constraints = [
            models.UniqueConstraint(fields=["day", "cell"], name="devices_one_figure_for_a_day_and_cell"),
            models.CheckConstraint(
                name="devices_closed_figure_tells_no_devices_apart", condition=Q(closed=False) | Q(hashes=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.cell}"


class CountedSlice(models.Model):
    """A slice of batches that the figures have taken in: counted once, however often the counting is interrupted."""

    record_label = "devices.CountedSlice"

    id = models.UUIDField(primary_key=True, editable=False)
    counted_at = models.DateTimeField(_("counted"))
    batches = models.PositiveIntegerField(_("batches"))

    class Meta:
        verbose_name = _("counted interval")
        verbose_name_plural = _("counted intervals")
        default_permissions = ()
        indexes = [models.Index(fields=["counted_at"], name="devices_slices_by_time")]

    def __str__(self) -> str:
        return str(self.id)
