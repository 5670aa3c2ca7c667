"""The internal management plan, with its sixteen sections, versions and approval (P8.1, law S-29)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class Section(models.TextChoices):
    """The sixteen matters that the plan must settle (Standard art. 4(1), in its order)."""

    ORGANISATION = "organisation", _("1. Organisation of personal information protection")
    OFFICER = "officer", _("2. Qualification and designation of the protection officer")
    ROLES = "roles", _("3. Roles of the protection officer and the handlers")
    SUPERVISION = "supervision", _("4. Supervision and training of the handlers")
    ACCESS_RIGHTS = "access-rights", _("5. Management of access rights")
    ACCESS_CONTROL = "access-control", _("6. Access control")
    ENCRYPTION = "encryption", _("7. Encryption")
    ACCESS_RECORDS = "access-records", _("8. Keeping and review of access records")
    MALWARE = "malware", _("9. Prevention of malware")
    VULNERABILITIES = "vulnerabilities", _("10. Vulnerability checks")
    PHYSICAL = "physical", _("11. Physical measures")
    BREACH = "breach", _("12. Response to breaches")
    RISK = "risk", _("13. Analysis and management of risks")
    PROCESSORS = "processors", _("14. Supervision of processors")
    PLAN = "plan", _("15. Making, changing and approving this plan")
    OTHER = "other", _("16. Other matters")


class PlanQuerySet(models.QuerySet["ManagementPlan"]):
    def in_force(self, on: date) -> "ManagementPlan | None":
        """Return the plan in force on a day: the latest approved one that had taken effect."""
        approved = self.filter(approved_at__isnull=False, effective_on__lte=on)
        return approved.order_by("-effective_on", "-number").first()


class ManagementPlan(models.Model):
    """One version of the plan: drafted by one person, approved by another, then final and sealed."""

    record_label = "safeguards.ManagementPlan"

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("waiting for approval")
        APPROVED = "approved", _("in force or upcoming")
        SUPERSEDED = "superseded", _("superseded")

    SEALED = (State.APPROVED, State.SUPERSEDED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveSmallIntegerField(_("version"), unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    reason = models.CharField(_("reason for the change"), max_length=300)
    sections: Any = models.JSONField(_("sections"), default=dict)
    drafted_by = models.CharField(_("drafted by"), max_length=64)
    drafted_at = models.DateTimeField(_("drafted at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    effective_on = models.DateField(_("effective date"), null=True, blank=True)
    seal = models.CharField(_("seal"), max_length=64, blank=True, help_text=_("SHA-256 of the approved text."))

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("internal management plan")
        verbose_name_plural = _("internal management plan")
        ordering = ["-number"]
        default_permissions = ("view",)
        permissions = [
            ("draft_plan", _("Can draft the internal management plan")),
            ("approve_plan", _("Can approve the internal management plan")),
        ]
        constraints = [
            models.CheckConstraint(
                name="safeguards_plan_is_approved_by_another",
                condition=Q(approved_by="") | ~Q(approved_by=F("drafted_by")),
            ),
            models.CheckConstraint(
                name="safeguards_plan_is_approved_if_and_only_if_sealed",
                condition=(
                    Q(state__in=("approved", "superseded"), approved_at__isnull=False, effective_on__isnull=False)
                    & ~Q(approved_by="")
                    & Q(seal__regex=r"^[0-9a-f]{64}$")
                )
                | (Q(state__in=("draft", "submitted"), approved_at=None, approved_by="", seal="")),
            ),
            models.UniqueConstraint(
                name="safeguards_one_plan_is_in_the_making",
                fields=["state"],
                condition=Q(state="draft"),
            ),
        ]

    def __str__(self) -> str:
        return _("version %(number)d") % {"number": self.number}

    @property
    def is_open(self) -> bool:
        return self.state not in self.SEALED

    @property
    def missing(self) -> list[str]:
        """Return the sections that still say nothing."""
        return [str(section.label) for section in Section if not str(self.sections.get(section.value, "")).strip()]

    def contents(self) -> list[tuple[str, str]]:
        """Return each section's heading with its text, in the order of the law."""
        return [(str(section.label), str(self.sections.get(section.value, ""))) for section in Section]
