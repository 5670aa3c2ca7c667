"""Versions of the policy and the reviews they went through (P0.2)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id
from privacy.policies import dated_rules
from privacy.policies.models.localized_fields import in_language


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def public(self) -> Self:
        """Versions everybody may read: published ones and, kept for ever, superseded ones (P0.2, V-05)."""
        return dated_rules.known(self.filter(state__in=PolicyVersion.PUBLIC))

    def in_force(self, on: date) -> "PolicyVersion | None":
        """Return the version in force on the day ``on``: the latest that had taken effect by then."""
        return self.public().filter(effective_on__lte=on).order_by("-effective_on").first()

    def newest(self) -> "PolicyVersion | None":
        """Return the published version that takes effect last: every later one starts from it and comes after it."""
        return self.public().order_by("-effective_on").first()

    def in_force_or_announced(self, on: date) -> Self:
        """The version in force on the day ``on`` and every published one that is still to take effect."""
        current = self.in_force(on)
        return self.public().filter(effective_on__gte=current.effective_on if current else on).order_by("effective_on")

    def announced(self, on: date) -> Self:
        """Published versions that are still to take effect."""
        return self.public().filter(effective_on__gt=on).order_by("effective_on")

    def open(self) -> Self:
        """Drafts and versions under review: what can still change."""
        return self.filter(state__in=(PolicyVersion.State.DRAFT, PolicyVersion.State.REVIEW))


class PolicyVersion(models.Model):
    """One edition of the privacy policy: draft → review → published → superseded (P0.2)."""

    record_label = "policies.PolicyVersion"

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEW = "review", _("Under review")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")
        DISCARDED = "discarded", _("Discarded")

    PUBLIC = (State.PUBLISHED, State.SUPERSEDED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("version"), max_length=32, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    effective_on = models.DateField(_("effective date"), null=True, blank=True)
    based_on = models.ForeignKey(
        "self", verbose_name=_("based on"), on_delete=models.PROTECT, null=True, blank=True, related_name="successors"
    )
    reason_ko = models.TextField(_("reason for the change (Korean)"), blank=True)
    reason_en = models.TextField(_("reason for the change (English)"), blank=True)
    adverse = models.BooleanField(
        _("to the users' disadvantage"), default=False, help_text=_("Such changes must be announced earlier.")
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    drafted_by = models.CharField(_("drafted by"), max_length=64, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    submitted_by = models.CharField(_("submitted by"), max_length=64, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    published_by = models.CharField(_("published by"), max_length=64, blank=True)
    document = models.JSONField(_("published text"), null=True, blank=True)
    seal = models.CharField(_("seal"), max_length=64, blank=True, help_text=_("SHA-256 of the published text."))

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ("-effective_on", "-drafted_at")
        default_permissions = ("view",)
        permissions = [
            ("edit_draft", _("Can draft and edit policy versions")),
            ("review_version", _("Can review policy versions")),
            ("publish_version", _("Can publish policy versions")),
        ]
        constraints = [
            models.CheckConstraint(
                name="policy_published_if_and_only_if_sealed",
                condition=(
                    Q(state__in=("published", "superseded"))
                    & Q(effective_on__isnull=False, published_at__isnull=False, document__isnull=False)
                    & Q(seal__regex=r"^[0-9a-f]{64}$")
                )
                | (~Q(state__in=("published", "superseded")) & Q(seal="", document__isnull=True)),
            ),
            models.UniqueConstraint(
                name="policy_one_version_takes_effect_on_a_day",
                fields=["effective_on"],
                condition=Q(state__in=("published", "superseded")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_public(self) -> bool:
        return self.state in self.PUBLIC

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.DRAFT, self.State.REVIEW)

    @property
    def reason(self) -> str:
        return in_language(self, "reason")


class Review(models.Model):
    """A second person's verdict on exactly one state of a draft, known by its digest."""

    record_label = "policies.Review"

    class Verdict(models.TextChoices):
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", pgettext_lazy("version", "Returned")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="reviews"
    )
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    note = models.TextField(_("note"), blank=True)
    digest = models.CharField(_("digest of the draft"), max_length=64)
    reviewed_at = models.DateTimeField(_("reviewed at"))
    reviewed_by = models.CharField(_("reviewed by"), max_length=64)

    class Meta:
        verbose_name = pgettext_lazy("version", "review")
        verbose_name_plural = _("reviews")
        ordering = ("-reviewed_at",)
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="review_returned_only_with_a_note", condition=Q(verdict="approved") | ~Q(note="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_verdict_display()}"
