"""What is done with suspended data: destroyed, or kept closed for a reason (PIPA art. 37(5))."""

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import ARCHIVE_PREFIX, CONTACT, OFFICE_FILES
from privacy.rights.models.cases import CasePerson
from privacy.rights.models.rights import Right
from privacy.subjects.models import Subject
from privacy.vault.models import SubjectKey


class SuspensionMeasureQuerySet(models.QuerySet["SuspensionMeasure"]):
    def open(self) -> "SuspensionMeasureQuerySet":
        """Those nobody has decided, of the act in force, while the suspension stands and a key of its data lives."""
        held = Subject.objects.not_destroyed().values("id")
        people = CasePerson.objects.filter(request=OuterRef(OuterRef("right__request")), subject_id__in=held)
        keys = SubjectKey.objects.filter(subject_id__in=people.values("subject_id")).alias(
            asked=ExpressionWrapper(OuterRef("right__category"), models.CharField()),
            left_out=ExpressionWrapper(OuterRef("right__excluded"), models.JSONField()),
        )
        # What the office holds of its own work, and what another law preserves, is not what was suspended.
        others = Q(category__in=set(OFFICE_FILES) - {CONTACT}) | Q(category__startswith=ARCHIVE_PREFIX)
        living = (
            keys.filter(Q(asked="") | Q(asked=F("category"))).exclude(others).exclude(left_out__has_key=F("category"))
        )
        in_force = self.filter(event_id=F("right__event_id"), right__carried_out_at__isnull=False)
        return in_force.filter(Exists(living), decided_at=None, right__resumed_at=None)


class SuspensionMeasure(models.Model):
    """One suspension that was carried out, by when its data is dealt with, and why it is kept where it is (R-23)."""

    record_label = "rights.SuspensionMeasure"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.ForeignKey(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="measures")
    # The act that was carried out: a suspension decided anew after an objection is another, with a term of its own.
    event_id = models.UUIDField(_("event"))
    due_on = models.DateField(_("deal with the data by"))
    reason = models.CharField(_("why the data is kept blocked"), max_length=300, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = SuspensionMeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure for suspended data")
        verbose_name_plural = _("measures for suspended data")
        ordering = ["due_on", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["right", "event_id"], name="rights_one_measure_for_an_act"),
            models.CheckConstraint(
                name="rights_suspended_data_is_kept_for_a_reason",
                condition=Q(reason="", decided_by="", decided_at=None)
                | (~Q(reason="") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.right_id)
