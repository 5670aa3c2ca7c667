"""What an ended agreement destroys, and when: after a wait in which it can be stopped (law R-24, decision 0114)."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consents.models.decisions import Decision
from privacy.lib.identifiers.ids import new_id


class PlannedDestructionQuerySet(models.QuerySet["PlannedDestruction"]):
    def of(self, subject_id: UUID) -> "PlannedDestructionQuerySet":
        return self.filter(subject_id=subject_id)

    def open(self) -> "PlannedDestructionQuerySet":
        """Those that wait for their time, were stopped and wait for a decision, or are being carried out."""
        return self.filter(state__in=PlannedDestruction.OPEN)

    def going_on(self) -> "PlannedDestructionQuerySet":
        """Those that nobody stopped."""
        return self.filter(state__in=(PlannedDestruction.State.WAITING, PlannedDestruction.State.UNDER_WAY))

    def stopped(self) -> "PlannedDestructionQuerySet":
        """Those that were stopped: somebody decides what becomes of them."""
        return self.filter(state=PlannedDestruction.State.STOPPED)


class PlannedDestruction(models.Model):
    """The destruction that a withdrawal leads to. The withdrawal itself holds at once; this can be stopped.

    ``due_at`` is the moment before which nothing is destroyed.
    """

    record_label = "consents.PlannedDestruction"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        STOPPED = "stopped", _("stopped")
        UNDER_WAY = "under-way", _("under way")
        DESTROYED = "destroyed", _("destroyed")
        AGREED_AGAIN = "agreed-again", _("agreed again")

    OPEN: ClassVar = (State.WAITING, State.STOPPED, State.UNDER_WAY)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    decision = models.OneToOneField(
        Decision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="destruction"
    )
    subject_id = models.UUIDField(_("data subject"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(_("destroyed from"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by_kind = models.CharField(_("stopped by (kind)"), max_length=16, blank=True)
    stopped_by = models.CharField(_("stopped by"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = PlannedDestructionQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned destruction")
        verbose_name_plural = _("planned destructions")
        default_permissions = ("view",)
        permissions = [("stop_destruction", _("Can stop and resume a destruction that follows a withdrawal"))]
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["subject_id"], name="consents_destructions_of"),
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=("waiting", "stopped", "under-way")),
                name="consents_open_destructions",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="consents_destroyed_only_after_the_wait",
                condition=~Q(state="destroyed") | Q(ended_at__gte=F("due_at")),
            ),
            models.CheckConstraint(
                name="consents_destruction_ended_if_and_only_if_dated",
                condition=Q(state__in=("waiting", "stopped", "under-way"), ended_at__isnull=True)
                | Q(state__in=("destroyed", "agreed-again"), ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="consents_stopped_if_and_only_if_signed",
                condition=(Q(state="stopped", stopped_at__isnull=False) & ~Q(stopped_by=""))
                | (~Q(state="stopped") & Q(stopped_at__isnull=True, stopped_by="", stopped_by_kind="")),
            ),
        ]

    def __str__(self) -> str:
        return self.decision.reference

    @property
    def is_stopped(self) -> bool:
        return self.state == self.State.STOPPED
