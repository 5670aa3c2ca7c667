"""The reports of each half-year to the minister on what a telecom operator gave to agencies (law P-09, P-10)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.disclosures.models.disclosures import Disclosure
from privacy.lib.identifiers.ids import new_id, new_reference


def new_report_reference() -> str:
    return new_reference("PR")


class ProvisionReport(models.Model):
    """One report on a kind of material and a half-year, as it was filed: when, its receipt, its figures by agency."""

    record_label = "disclosures.ProvisionReport"

    # Of these the Acts ask for a report (TBA art. 83(6); CSA art. 13(7)).
    REPORTED = (Disclosure.Record.USER_INFORMATION, Disclosure.Record.CONFIRMATION)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_report_reference)
    record_class = models.CharField(_("kind of material"), max_length=20, choices=Disclosure.Record)
    half_from = models.DateField(_("half-year from"))
    half_until = models.DateField(_("half-year until"))
    due_on = models.DateField(_("report due"))
    filed_on = models.DateField(_("filed on"))
    receipt = models.CharField(_("receipt of the filing"), max_length=200)
    figures: Any = models.JSONField(_("figures by agency"), default=list)
    documents = models.PositiveIntegerField(_("documents"))
    people = models.PositiveIntegerField(_("people"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("report on provisions to agencies")
        verbose_name_plural = _("reports on provisions to agencies")
        ordering = ["-half_from", "record_class"]
        default_permissions = ("view",)
        permissions = [("report_provisions", _("Can record reports on provisions to agencies"))]
        constraints = [
            models.UniqueConstraint(
                fields=["record_class", "half_from"], name="disclosures_one_report_for_each_half_year"
            ),
            models.CheckConstraint(
                name="disclosures_report_is_filed_after_its_half_year",
                condition=Q(filed_on__gt=F("half_until")) & ~Q(receipt=""),
            ),
            models.CheckConstraint(
                name="disclosures_report_is_of_what_is_reported",
                condition=Q(record_class="user-information") | Q(record_class="confirmation"),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
