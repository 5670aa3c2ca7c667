"""Inspections: what was looked at, what was not in order, what was done about it until when (P8.1, law S-30, S-33)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.safeguards.models.measures import Measure


def new_inspection_reference() -> str:
    return new_reference("IN")


def new_finding_reference() -> str:
    return new_reference("FI")


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def planned(self) -> "InspectionQuerySet":
        """Those still to be held. One that was held waits for the officer, and has no day."""
        return self.filter(state=Inspection.State.PLANNED)


class Inspection(models.Model):
    """One inspection by the in-house organisation: planned, held, reported to the officer (form F-16)."""

    record_label = "safeguards.Inspection"

    class Kind(models.TextChoices):
        IMPLEMENTATION = "implementation", _("implementation of the management plan")
        VULNERABILITY = "vulnerability", _("vulnerability check")
        PROCESSOR = "processor", _("processor")
        OCCASION = "occasion", _("ad hoc")

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        HELD = "held", _("held, to be reported")
        REPORTED = "reported", _("reported to the officer")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_inspection_reference)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    scope = models.TextField(_("scope and criteria"))
    method = models.CharField(_("method"), max_length=200)
    inspector = models.CharField(_("inspector"), max_length=64)
    planned_on = models.DateField(_("planned for"))
    planned_by = models.CharField(_("planned by"), max_length=64)
    planned_at = models.DateTimeField(pgettext_lazy("plan", "planned at"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    held_on = models.DateField(_("held on"), null=True, blank=True)
    outcome = models.TextField(_("result"), blank=True)
    held_by = models.CharField(_("result recorded by"), max_length=64, blank=True, db_default="")
    reported_to = models.CharField(_("acknowledged by"), max_length=64, blank=True)
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        ordering = ["-planned_on"]
        default_permissions = ("view",)
        permissions = [
            ("keep_inspections", _("Can plan and hold inspections and record findings")),
            ("receive_inspection", _("Can acknowledge an inspection's report")),
        ]
        constraints = [
            models.CheckConstraint(
                name="safeguards_inspection_held_has_a_result",
                condition=Q(state="planned", held_on=None, outcome="")
                | (Q(state__in=("held", "reported"), held_on__isnull=False) & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="safeguards_inspection_is_reported_to_another",
                condition=(
                    Q(state="reported", reported_at__isnull=False)
                    & ~Q(reported_to="")
                    & ~Q(reported_to=F("inspector"))
                    & ~Q(reported_to=F("held_by"))
                )
                | (~Q(state="reported") & Q(reported_to="", reported_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def due_on(self) -> date | None:
        """The day by which it is held; None once it was."""
        return self.planned_on if self.state == self.State.PLANNED else None

    def those_who_held_it(self) -> list[str]:
        """Return the accounts whose work it is: another person takes note of it."""
        return sorted({self.inspector, self.held_by} - {""})


class InspectionFindingQuerySet(models.QuerySet["InspectionFinding"]):
    def open(self) -> "InspectionFindingQuerySet":
        """Findings whose correction nobody has confirmed yet."""
        return self.exclude(state=InspectionFinding.State.CONFIRMED)

    def overdue(self, *, on: date) -> "InspectionFindingQuerySet":
        return self.open().filter(due_on__lt=on)


class InspectionFinding(models.Model):
    """Something not in order: the corrective action, who does it until when, and who confirmed that it is done."""

    record_label = "safeguards.InspectionFinding"

    class Weight(models.TextChoices):
        MINOR = "minor", _("minor")
        MAJOR = "major", _("major")
        CRITICAL = "critical", _("critical")

    class State(models.TextChoices):
        OPEN = "open", _("to be corrected")
        CORRECTED = "corrected", _("corrected, to be confirmed")
        CONFIRMED = "confirmed", _("confirmed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_finding_reference)
    inspection = models.ForeignKey(
        Inspection, verbose_name=_("inspection"), on_delete=models.PROTECT, related_name="findings"
    )
    measure = models.ForeignKey(
        Measure, verbose_name=_("measure"), on_delete=models.PROTECT, null=True, blank=True, related_name="findings"
    )
    criterion = models.CharField(_("criterion"), max_length=200)
    weight = models.CharField(_("weight"), max_length=10, choices=Weight, default=Weight.MINOR)
    seen = models.TextField(_("what is not in order"))
    correction = models.TextField(_("corrective action"))
    responsible = models.CharField(_("to be done by"), max_length=64)
    due_on = models.DateField(_("correct by"))
    first_due_on = models.DateField(_("original correction deadline"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    done = models.TextField(_("what was done"), blank=True)
    done_by = models.CharField(_("done by"), max_length=64, blank=True)
    corrected_by: Any = models.JSONField(_("everyone who corrected it"), default=list, db_default=[])
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=64, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("escalated at"), null=True, blank=True)

    objects = InspectionFindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection finding")
        verbose_name_plural = _("inspection findings")
        ordering = ["due_on"]
        default_permissions = ("view",)
        permissions = [
            ("correct_finding", _("Can record what was done about a finding")),
            ("confirm_finding", _("Can confirm the correction of a finding")),
        ]
        constraints = [
            models.CheckConstraint(
                name="safeguards_finding_corrected_says_what_was_done",
                condition=Q(state="open", done_at=None) | (Q(done_at__isnull=False) & ~Q(done="") & ~Q(done_by="")),
            ),
            models.CheckConstraint(
                name="safeguards_finding_is_confirmed_by_another",
                condition=(
                    Q(state="confirmed", confirmed_at__isnull=False)
                    & ~Q(confirmed_by="")
                    & ~Q(confirmed_by=F("done_by"))
                )
                | (~Q(state="confirmed") & Q(confirmed_by="", confirmed_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def those_who_corrected_it(self) -> list[str]:
        """Return the accounts that ever corrected it, also in vain: another person confirms it."""
        return sorted({*self.corrected_by, self.done_by} - {""})
