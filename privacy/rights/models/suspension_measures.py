"""What is done with suspended data: destroyed, or kept closed for a reason (PIPA art. 37(5))."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import CasePerson
from privacy.rights.models.rights import Right
from privacy.subjects.models import Subject


class SuspensionMeasureQuerySet(models.QuerySet["SuspensionMeasure"]):
    def open(self) -> "SuspensionMeasureQuerySet":
        """Those nobody has decided, while the suspension stands and the data is not destroyed."""
        held = Subject.objects.not_destroyed().values("id")
        people = CasePerson.objects.filter(request=OuterRef("right__request"), subject_id__in=held)
        return self.filter(Exists(people), decided_at=None, right__resumed_at=None)


class SuspensionMeasure(models.Model):
    """One suspension that was carried out, by when its data is dealt with, and why it is kept where it is (R-23)."""

    record_label = "rights.SuspensionMeasure"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.OneToOneField(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="measure")
    due_on = models.DateField(_("deal with the data by"))
    reason = models.CharField(_("why the data is kept closed"), max_length=300, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = SuspensionMeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure for suspended data")
        verbose_name_plural = _("measures for suspended data")
        ordering = ["due_on", "id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="rights_suspended_data_is_kept_for_a_reason",
                condition=Q(reason="", decided_by="", decided_at=None)
                | (~Q(reason="") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.right_id)
