"""Requests that are passed on to the controller from whom the data came (Decree art. 43(2))."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import Request
from privacy.rights.models.rights import Right


class ForwardingQuerySet(models.QuerySet["Forwarding"]):
    def unanswered(self) -> "ForwardingQuerySet":
        """Those whose controller has not said what it did, while the case is open."""
        return self.filter(answer="", right__request__state__in=Request.OPEN)


class Forwarding(models.Model):
    """A correction or deletion that another controller was told of, and what that controller did (law R-19)."""

    record_label = "rights.Forwarding"

    class Answer(models.TextChoices):
        CORRECTED = "corrected", _("it corrected the data")
        DELETED = "deleted", _("it deleted the data")
        KEPT = "kept", _("it left the data as it is")
        NONE = "none", _("it has not answered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.ForeignKey(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="forwardings")
    # The act of the right in which it was passed on: after an upheld objection there is another.
    event_id = models.UUIDField(_("event"))
    controller = models.CharField(_("controller that provided the data"), max_length=200)
    how = models.CharField(_("how it was passed on"), max_length=200)
    passed_on_on = models.DateField(_("day of passing on"))
    passed_on_by = models.CharField(_("passed on by"), max_length=64)
    passed_on_at = models.DateTimeField(_("passing on recorded"))
    answer = models.CharField(_("what the controller did"), max_length=10, choices=Answer, blank=True)
    answered_on = models.DateField(_("controller answered on"), null=True, blank=True)
    answer_recorded_by = models.CharField(_("answer recorded by"), max_length=64, blank=True)

    objects = ForwardingQuerySet.as_manager()

    class Meta:
        verbose_name = _("request passed on")
        verbose_name_plural = _("requests passed on")
        ordering = ["passed_on_on", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["right", "event_id", "controller"], name="rights_passed_on_once_to_a_controller"
            ),
            models.CheckConstraint(
                name="rights_passed_on_says_to_whom_and_how", condition=~Q(controller="") & ~Q(how="")
            ),
            models.CheckConstraint(
                name="rights_controller_answer_is_whole",
                condition=Q(answer="", answered_on=None, answer_recorded_by="")
                | (Q(answer="none", answered_on=None) & ~Q(answer_recorded_by=""))
                | (~Q(answer__in=["", "none"]) & Q(answered_on__isnull=False) & ~Q(answer_recorded_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.controller
