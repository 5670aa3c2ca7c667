"""What watches over destruction: clock, comparison of the databases, forecast, rewriting of key tables."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.ids import new_id


class ClockMark(models.Model):
    """The last moment at which a host of the portal looked at its clock, and how long it had then been running.

    A later look on the same start of the machine must differ by the same span in both; else somebody moved the clock.
    """

    host = models.CharField(primary_key=True, max_length=64)
    at = models.DateTimeField(_("wall clock"))
    uptime = models.FloatField(_("seconds since the machine started"))

    class Meta:
        verbose_name = _("mark of the clock")
        verbose_name_plural = _("marks of the clock")

    def __str__(self) -> str:
        return self.host


class ClockDoubt(models.Model):
    """The clock jumped: nothing is destroyed until an officer has looked at it (FLT-06)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    expected_at = models.DateTimeField(_("expected"))
    read_at = models.DateTimeField(_("read"))
    seen_at = models.DateTimeField(_("seen at"))
    settled_by = models.CharField(_("confirmed by"), max_length=64, blank=True)
    settled_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("jump of the clock")
        verbose_name_plural = _("jumps of the clock")
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


class Finding(models.Model):
    """A difference between two databases, found by the nightly comparison (lifecycle.md); closed when it is gone."""

    class Kind(models.TextChoices):
        ORPHAN = "orphan", _("record of nobody")
        UNDEAD = "undead", _("record of a destroyed person")
        KEYLESS = "keyless", _("record without a key")
        COUNTS = "counts", _("counts of certificate and ledger differ")
        UNREMOVED = "unremoved", _("record both archived and still in use")
        STUCK = "stuck", _("destruction begun and not finished")
        DECLARED = "declared", _("the databases do not agree")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    about = models.CharField(_("about"), max_length=120)
    count = models.PositiveIntegerField(_("count"), default=1)
    found_at = models.DateTimeField(_("found at"))
    seen_at = models.DateTimeField(_("last seen at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("finding of the comparison")
        verbose_name_plural = _("findings of the comparison")
        ordering: ClassVar = ["-found_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "about"], name="retention_finding_open_once", condition=Q(closed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class Forecast(models.Model):
    """How many people of a category become due in a month, counted each night for the console."""

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


class Rewrite(models.Model):
    """The key tables were rewritten and the write-ahead log turned over, by the owner (vault.md, SEC-28).

    Whatever keys were destroyed before ``begun_at`` are in no table file and no log segment of this server after it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    begun_at = models.DateTimeField(_("begun at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    tables: Any = models.JSONField(_("tables rewritten"), default=list)
    log_turned = models.BooleanField(_("write-ahead log turned over"), default=False)
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("rewriting of key tables")
        verbose_name_plural = _("rewritings of key tables")
        ordering: ClassVar = ["-begun_at"]

    def __str__(self) -> str:
        return f"{self.begun_at:%Y-%m-%d %H:%M}"
