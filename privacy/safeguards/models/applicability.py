"""Which duties bind the company: the numbers of each year, and what was decided on them (O-05, O-06, C-22, P-11)."""

from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Concat, Least
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies import amendments
from privacy.policies.models import Officer, Parameter
from privacy.safeguards.models.measures import Measure
from privacy.safeguards.thresholds import PREFIX, THRESHOLDS, Threshold


def new_decision_reference() -> str:
    return new_reference("AD")


class YearFigures(models.Model):
    """The numbers of one year that thresholds are measured by. The newest row of a year applies."""

    record_label = "safeguards.YearFigures"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField(_("year"))
    sales = models.PositiveBigIntegerField(_("sales (million won)"))
    average_sales = models.PositiveBigIntegerField(_("average sales of three years (million won)"))
    people = models.PositiveBigIntegerField(_("people, daily average of the last three months"))
    sensitive_people = models.PositiveBigIntegerField(_("people with sensitive or unique data, likewise"))
    users = models.PositiveBigIntegerField(_("users of the online service, likewise"))
    is_small = models.BooleanField(_("small or medium-sized enterprise"))
    source = models.CharField(_("where the numbers come from"), max_length=300)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("numbers of a year")
        verbose_name_plural = _("numbers of the years")
        ordering = ["-year", "-recorded_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_figures_say_where_they_come_from", condition=~Q(source="") & Q(year__gte=2020)
            )
        ]

    def __str__(self) -> str:
        return str(self.year)


class ApplicabilityQuerySet(models.QuerySet["ApplicabilityDecision"]):
    def newest_of_each(self) -> "ApplicabilityQuerySet":
        """The decision that holds for each threshold, with ``look_on``: by when it is looked at again.

        That is its own day, or the earlier one on which the law changes; its own first day where newer numbers came of
        the year it rests on, or numbers of a later year.
        """
        newest = self.order_by("threshold", "-decided_at", "-pk").distinct("threshold").values("pk")
        numbers = [code for one in THRESHOLDS.values() for code in one.parameters()]
        changed = Parameter.objects.filter(
            code__in=numbers,
            code__startswith=Concat(Value(PREFIX), OuterRef("threshold"), Value(".")),
            effective_on__gt=OuterRef("decided_on"),
            effective_on__lt=OuterRef("again_on"),
        )
        amended = [
            When(threshold=code, decided_on__lt=day, again_on__gt=day, then=Value(day))
            for code in THRESHOLDS
            for day in amendments.days_of(code)
        ]
        newer = Q(year=OuterRef("figures__year"), recorded_at__gt=OuterRef("decided_at"))
        figures = YearFigures.objects.filter(newer | Q(year__gt=OuterRef("figures__year")))
        outdated = When(Exists(figures), then=F("decided_on"))
        return self.filter(pk__in=newest).annotate(
            look_on=Least(
                Case(outdated, default=F("again_on")),
                Subquery(changed.order_by("effective_on").values("effective_on")[:1]),
                Case(*amended, default=None, output_field=models.DateField()),
            )
        )

    def in_force(self) -> dict[str, "ApplicabilityDecision"]:
        """The decision that holds for each threshold, by its code; see ``newest_of_each``."""
        return {row.threshold: row for row in self.newest_of_each().select_related("figures", "measure")}


class ApplicabilityDecision(models.Model):
    """One decision whether a duty binds: on which numbers, why, by whom, what follows, when it is looked at again."""

    record_label = "safeguards.ApplicabilityDecision"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_decision_reference)
    threshold = models.CharField(
        _("duty"), max_length=20, choices=[(one.code, one.title) for one in THRESHOLDS.values()]
    )
    figures = models.ForeignKey(
        YearFigures, verbose_name=_("numbers of a year"), on_delete=models.PROTECT, null=True, blank=True,
        related_name="decisions",
    )  # fmt: skip
    limits: Any = models.JSONField(_("thresholds on that day"), default=dict)
    computed = models.BooleanField(_("what the numbers say"), null=True, blank=True)
    applies = models.BooleanField(_("the duty binds"))
    reasons = models.TextField(_("reasons"))
    measure = models.ForeignKey(
        Measure, verbose_name=_("measure"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.CharField(_("decided by"), max_length=64)
    decided_at = models.DateTimeField(_("decided at"))
    decided_on = models.DateField(_("decided on"))
    again_on = models.DateField(_("look again by"))

    objects = ApplicabilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision whether a duty binds")
        verbose_name_plural = _("which duties bind (applicability)")
        ordering = ["-decided_at"]
        default_permissions = ("view",)
        permissions = [("decide_applicability", _("Can decide which duties bind the company"))]
        constraints = [
            models.CheckConstraint(
                name="safeguards_applicability_has_reasons", condition=~Q(reasons="") & ~Q(decided_by="")
            ),
            models.CheckConstraint(
                name="safeguards_applicability_is_computed_from_numbers",
                condition=Q(computed=None) | Q(figures__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def duty(self) -> Threshold:
        return THRESHOLDS[self.threshold]


class OfficerFiling(models.Model):
    """A designation of the officer, resolved by the board and filed with the PIPC, where that duty binds (O-05)."""

    record_label = "safeguards.OfficerFiling"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    officer = models.OneToOneField(
        Officer, verbose_name=_("designation"), on_delete=models.PROTECT, related_name="filing"
    )
    qualification = models.TextField(_("qualification (Decree, annex 1)"))
    resolved_on = models.DateField(_("resolved by the board on"))
    resolution = models.CharField(_("resolution"), max_length=200)
    filed_on = models.DateField(_("filed with the PIPC on"))
    receipt = models.CharField(_("receipt of the filing"), max_length=200)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("filing of the protection officer")
        verbose_name_plural = _("filings of the protection officer")
        ordering = ["-filed_on"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_filing_is_whole", condition=~Q(qualification="") & ~Q(resolution="") & ~Q(receipt="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.officer} {self.filed_on}"
