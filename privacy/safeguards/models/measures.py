"""The register of measures: who answers for each, how often it is shown to work, the evidence (P8.2, P8.4 … P8.7)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id


class Result(models.TextChoices):
    """What a look at a measure showed. Not to know is an answer of its own."""

    PASSED = "passed", _("in order")
    FAILED = "failed", _("not in order")
    UNKNOWN = "unknown", _("not known")


class MeasureQuerySet(models.QuerySet["Measure"]):
    def active(self) -> "MeasureQuerySet":
        return self.filter(retired_at=None)

    def overdue(self, *, on: date) -> "MeasureQuerySet":
        """Measures whose evidence is older than their cycle."""
        return self.active().filter(due_on__lt=on)

    def failing(self) -> "MeasureQuerySet":
        return self.active().filter(result=Result.FAILED)


class Measure(models.Model):
    """One safeguard, with the clause of the policy it keeps."""

    record_label = "safeguards.Measure"

    class Kind(models.TextChoices):
        ACCESS_CONTROL = "access-control", _("access control and intrusion prevention")
        ENCRYPTION = "encryption", _("encryption")
        MALWARE = "malware", _("malware")
        TRANSPORT = "transport", _("encrypted transmission")
        VULNERABILITY = "vulnerability", _("vulnerability checks")
        SEPARATION = "separation", _("separation of databases")
        RECORDS = "records", _("access records")
        PHYSICAL = "physical", _("physical protection")
        CONTINUITY = "continuity", _("backup and recovery")
        OTHER = "other", _("other")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    title = models.CharField(_("measure"), max_length=160, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    clause = models.CharField(_("clause of the policy"), max_length=8, blank=True)
    owner = models.CharField(_("responsible"), max_length=64, blank=True)
    cycle_days = models.PositiveSmallIntegerField(_("evidence interval (days)"))
    is_automated = models.BooleanField(_("checked by the portal"), default=False)
    result = models.CharField(_("latest known result"), max_length=8, choices=Result, default=Result.UNKNOWN)
    shown_at = models.DateTimeField(_("latest evidence"), null=True, blank=True)
    due_on = models.DateField(_("next evidence due"))
    registered_at = models.DateTimeField(_("registered at"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("safeguard measures")
        ordering = ["clause", "code"]
        default_permissions = ("view",)
        permissions = [
            ("keep_measures", _("Can register measures and assign responsibility for them")),
            ("record_evidence", _("Can record evidence of a measure")),
        ]
        constraints = [
            models.CheckConstraint(name="safeguards_measure_has_a_cycle", condition=Q(cycle_days__gte=1)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What the measure is called: the office's own words, or those of a measure that the portal knows."""
        # The names stand beside the probes, above this module; they come in at start-up.
        return self.title or str(STANDARD_NAMES.get(self.code, self.code))


STANDARD_NAMES: dict[str, Any] = {}


class Evidence(models.Model):
    """One dated look at a measure: by a person, perhaps with a sealed file, or by the portal itself."""

    record_label = "safeguards.Evidence"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    measure = models.ForeignKey(Measure, verbose_name=_("measure"), on_delete=models.PROTECT, related_name="evidence")
    result = models.CharField(_("result"), max_length=8, choices=Result)
    detail = models.TextField(_("observation"))
    at = models.DateTimeField(pgettext_lazy("measure", "seen at"))
    on = models.DateField(_("day"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    file_id = models.UUIDField(_("file"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["-at"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["measure", "-at"], name="safeguards_evidence_of_measure")]
        constraints = [
            models.CheckConstraint(name="safeguards_evidence_says_what_was_seen", condition=~Q(detail="")),
            models.CheckConstraint(
                name="safeguards_evidence_file_has_its_digest",
                condition=Q(file_id=None, file_digest="")
                | (Q(file_id__isnull=False) & Q(file_digest__regex=r"^[0-9a-f]{64}$")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.on}"
