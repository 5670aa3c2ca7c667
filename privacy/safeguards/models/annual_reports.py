"""The annual report to the representative (law O-03, O-04): its figures as they were, and that it was presented."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference


def new_report_reference() -> str:
    return new_reference("AR")


class AnnualReport(models.Model):
    """One report on one year in one language. Its figures are kept, so that it prints the same for ever."""

    record_label = "safeguards.AnnualReport"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_report_reference)
    year = models.PositiveSmallIntegerField(_("year"))
    language = models.CharField(_("language"), max_length=2)
    remarks = models.TextField(_("remarks of the officer"), blank=True)
    chapters: Any = models.JSONField(_("figures"))
    digest = models.CharField(_("SHA-256 of the report"), max_length=64)
    made_by = models.CharField(_("made by"), max_length=64)
    made_at = models.DateTimeField(_("made at"))
    presented_on = models.DateField(_("presented to the representative on"), null=True, blank=True)
    presented_by = models.CharField(_("presented by"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("annual report")
        verbose_name_plural = _("annual reports")
        ordering = ["-year", "-made_at"]
        default_permissions = ("view",)
        permissions = [("make_report", _("Can make and present the annual report"))]
        constraints = [
            models.CheckConstraint(
                name="safeguards_report_presented_by_somebody",
                condition=Q(presented_on=None, presented_by="") | (Q(presented_on__isnull=False) & ~Q(presented_by="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.reference}"
