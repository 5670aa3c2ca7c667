"""What must happen later, once: the outbox of each database, and the heartbeat of each daemon."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class OutboxQuerySet(models.QuerySet["OutboxBase"]):
    def waiting(self) -> "OutboxQuerySet":
        """Rows that still have to be carried out by the worker."""
        return self.filter(done_at=None, parked_at=None)

    def parked(self) -> "OutboxQuerySet":
        """Rows that the worker gave up on and a person must look at."""
        return self.filter(done_at=None, parked_at__isnull=False)


class OutboxBase(models.Model):
    """One thing that must happen later. The row is the truth; the queue is only the alarm clock.

    ``starts`` is counted and committed before the work begins, so that a job that kills its worker is parked too;
    how long a kind is tried is its ``RetryPolicy``.
    ``ids`` holds identifiers and codes only, never values of personal data.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    shard = models.CharField(max_length=60, blank=True, default="")
    # The system outside that it waits for; empty for our own work.
    destination = models.CharField(max_length=60, blank=True, default="", db_default="")
    ids = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("queued"), auto_now_add=True)
    not_before = models.DateTimeField(_("not before"))
    lease_until = models.DateTimeField(null=True)
    starts = models.PositiveIntegerField(_("starts"), default=0)
    # Starts that came back with an answer, good or bad: the others killed their worker.
    ended = models.PositiveIntegerField(_("attempts completed"), default=0, db_default=0)
    # Starts that ended badly: those that were only put off don't count.
    failures = models.PositiveIntegerField(_("failures"), default=0, db_default=0)
    failing_since = models.DateTimeField(null=True)
    retried_at = models.DateTimeField(_("returned to the queue"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, default="")
    # What its deliverer has done of it already, noted at once: a worker that comes after a kill does not do it again.
    progress = models.CharField(max_length=60, blank=True, default="", db_default="")
    done_at = models.DateTimeField(_("done"), null=True)
    parked_at = models.DateTimeField(_("stopped"), null=True)

    objects: ClassVar[OutboxQuerySet] = OutboxQuerySet.as_manager()  # type: ignore[assignment]  # a manager made of it

    class Meta:
        abstract = True
        ordering = ("created_at",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["destination", "not_before"],
                condition=Q(done_at=None, parked_at=None),
                name="%(class)s_due",
            ),
            # The first page counts them beside all that was ever delivered.
            models.Index(
                fields=["parked_at"], condition=Q(done_at=None, parked_at__isnull=False), name="%(class)s_parked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class GeneralOutbox(OutboxBase):
    """The outbox of the general database."""

    record_label = "jobs.GeneralOutbox"

    class Meta(OutboxBase.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        permissions = [("retry_delivery", "May retry a parked delivery")]


class PersonalOutbox(OutboxBase):
    """The outbox of the personal database."""

    record_label = "jobs.PersonalOutbox"

    class Meta(OutboxBase.Meta):
        verbose_name = _("delivery (personal database)")
        verbose_name_plural = _("deliveries (personal database)")


class Heartbeat(models.Model):
    """When each daemon was last seen alive, by the database's clock."""

    record_label = "jobs.Heartbeat"

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name

    def age(self, at: datetime) -> float:
        """Return the seconds between the last beat and ``at``."""
        return (at - self.at).total_seconds()
