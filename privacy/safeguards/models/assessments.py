"""Privacy impact assessments and the weighing of legitimate interests, and why a change needed none (N-05)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.lib.crypto import canonical_json
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models import PolicyVersion
from privacy.safeguards.models.measures import Measure


def new_assessment_reference() -> str:
    return new_reference("IA")


class Kind(models.TextChoices):
    """What is assessed, and so by which criteria."""

    IMPACT = "impact", _("privacy impact assessment")
    INTEREST = "interest", _("weighing of a legitimate interest")


class Level(models.IntegerChoices):
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")


# What an assessment states, by its kind: PIPA art. 33(3), Decree arts. 37, 38(1) and (2); PIPA art. 15(1)6.
CRITERIA: dict[str, dict[str, Promise]] = {
    Kind.IMPACT: {
        "scope": _("What is assessed: systems, files, flow of the data (Decree art. 38(2)1)"),
        "data": _("Kinds and nature of the data, and how many people (PIPA art. 33(3)1, Decree art. 38(1)1)"),
        "provision": _("Whether it is provided to third parties (PIPA art. 33(3)2)"),
        "sensitive": _("Whether sensitive or unique data is processed (Decree art. 37 no. 1)"),
        "retention": _("How long it is kept (Decree art. 37 no. 2)"),
        "safeguards": _("Level of the safety measures (Decree art. 38(1)2)"),
        "duties": _("Other duties of Act and Decree, and whether they are met (Decree art. 38(1)4)"),
        "result": _("Result, and what is still to be improved (Decree art. 38(2)4, 5)"),
    },
    Kind.INTEREST: {
        "interest": _("The legitimate interest of the company"),
        "necessity": _("Why the processing is needed for it, and no milder means would do"),
        "relation": _("How it is considerably related to the interest, and stays within reason"),
        "effect": _("What it means for the people concerned, and what they expect"),
        "balance": _("Why the interest clearly outweighs the rights of the people concerned"),
    },
}


class Assessment(models.Model):
    """One assessment of changes of a policy version: by the criteria of its kind, approved by a second person."""

    record_label = "safeguards.Assessment"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for approval")
        APPROVED = "approved", _("approved")
        DISCARDED = "discarded", _("discarded")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_assessment_reference)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("title"), max_length=160)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="assessments"
    )
    covers: "models.JSONField[list[str]]" = models.JSONField(_("changes assessed"), default=list)
    answers: Any = models.JSONField(_("answers"), default=dict)
    # Whose words each answer is now, by criterion: none of them approves it.
    written_by: "models.JSONField[dict[str, str]]" = models.JSONField(_("answers written by"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    drafted_by = models.CharField(_("drafted by"), max_length=80)
    drafted_at = models.DateTimeField(_("drafted at"))
    submitted_by = models.CharField(_("submitted by"), max_length=80, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("impact assessment")
        verbose_name_plural = _("impact assessments")
        ordering = ["-drafted_at"]
        default_permissions = ("view",)
        permissions = [
            ("assess", _("Can draft impact assessments and state why a change needs none")),
            ("approve_assessment", _("Can approve impact assessments")),
        ]
        constraints = [
            models.CheckConstraint(
                name="safeguards_assessment_is_approved_by_another",
                condition=Q(approved_by="") | ~Q(approved_by=F("submitted_by")),
            ),
            models.CheckConstraint(
                name="safeguards_assessment_is_approved_by_somebody",
                condition=Q(state="approved", approved_at__isnull=False, submitted_at__isnull=False)
                & ~Q(approved_by="")
                & ~Q(submitted_by="")
                | Q(approved_at=None, approved_by="") & ~Q(state="approved"),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def criteria(self) -> dict[str, Promise]:
        return CRITERIA[self.kind]

    def authors(self) -> list[str]:
        """Return whose work it is: who drafted and submitted it, wrote its answers and recorded its risks."""
        found = {self.drafted_by, self.submitted_by, *self.written_by.values()}
        return sorted((found | set(self.risks.values_list("recorded_by", flat=True))) - {""})


class AssessmentRisk(models.Model):
    """A risk to people that an assessment found, and the measure of the register against it (Decree art. 38(1)3)."""

    record_label = "safeguards.AssessmentRisk"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    assessment = models.ForeignKey(
        Assessment, verbose_name=_("impact assessment"), on_delete=models.PROTECT, related_name="risks"
    )
    cause = models.TextField(_("what may happen, and how"))
    likelihood = models.PositiveSmallIntegerField(_("likelihood"), choices=Level)
    harm = models.PositiveSmallIntegerField(_("harm to people"), choices=Level)
    measure = models.ForeignKey(Measure, verbose_name=_("measure"), on_delete=models.PROTECT, related_name="+")
    remaining = models.PositiveSmallIntegerField(_("risk that remains after the measure"), choices=Level)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("risk")
        verbose_name_plural = _("risks")
        ordering = ["recorded_at"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="safeguards_risk_says_what_may_happen",
                condition=~Q(cause="") & Q(likelihood__range=(1, 3), harm__range=(1, 3), remaining__range=(1, 3)),
            )
        ]

    def __str__(self) -> str:
        return self.cause


def assessment_digest(assessment: Assessment) -> str:
    """Return the digest of all that an approver judges."""
    risks = assessment.risks.order_by("recorded_at", "pk")
    return canonical_json.digest(
        {
            "title": assessment.title,
            "covers": assessment.covers,
            "answers": assessment.answers,
            "risks": [[row.cause, row.likelihood, row.harm, row.measure_id.hex, row.remaining] for row in risks],
        }
    )


class AssessmentExemption(models.Model):
    """Why a change of a policy version needs no assessment. Rows are added; the newest of a change holds."""

    record_label = "safeguards.AssessmentExemption"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(PolicyVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="+")
    change = models.CharField(_("change"), max_length=300)
    said = models.CharField(_("change in words"), max_length=500)
    reason = models.TextField(_("why it needs no assessment"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("change without an assessment")
        verbose_name_plural = _("changes without an assessment")
        ordering = ["-recorded_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_exemption_has_its_reason", condition=~Q(reason="") & ~Q(recorded_by="")
            )
        ]

    def __str__(self) -> str:
        return self.said
