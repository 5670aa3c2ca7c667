"""What the officer put on record beside a version: its text as it was published, and that nothing is consigned."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies.models.versions import PolicyVersion


class PublishedTextQuerySet(models.QuerySet["PublishedText"]):
    def newest(self, version: PolicyVersion) -> dict[str, "PublishedText"]:
        """Return the text of a version that counts in each language: the one attached last."""
        rows = self.filter(version=version).order_by("attached_at", "id")
        return {row.language: row for row in rows}


class PublishedText(models.Model):
    """A version as the company published it before the portal did, word for word in one language (P0.2).

    Rows are added, never changed: a better copy is attached after the earlier one, which stays on record.
    """

    record_label = "policies.PublishedText"

    class Language(models.TextChoices):
        KOREAN = "ko", _("Korean")
        ENGLISH = "en", _("English")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="published_texts"
    )
    language = models.CharField(_("language"), max_length=2, choices=Language)
    text = models.TextField(_("text as published"))
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    source = models.CharField(_("where it comes from"), max_length=300)
    digest = models.CharField(_("SHA-256"), max_length=64)
    attached_at = models.DateTimeField(_("attached at"))
    attached_by = models.CharField(_("attached by"), max_length=64)

    objects = PublishedTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("text as published")
        verbose_name_plural = _("texts as published")
        ordering = ("-attached_at", "-id")
        default_permissions = ("view",)
        permissions = [("attach_text", _("Can attach a policy's text as it was published"))]
        constraints = [
            models.CheckConstraint(name="published_text_says_something", condition=~Q(text="")),
            models.CheckConstraint(name="published_text_names_its_source", condition=~Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.get_language_display()})"


class NoConsignmentQuerySet(models.QuerySet["NoConsignment"]):
    def on(self, day: date) -> "NoConsignment | None":
        """Return the decision that holds on ``day``."""
        return self.holding(day).order_by("-decided_on").first()

    def holding(self, day: date) -> Self:
        """Decisions that hold on ``day``: half-open, the day of withdrawal is the first without."""
        open_ = Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day)
        return self.filter(open_, decided_on__lte=day)


class NoConsignment(models.Model):
    """The officer's decision that no processing is consigned: what lets the policy say so, from its day on (P-14)."""

    record_label = "policies.NoConsignment"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    decided_on = models.DateField(_("decided on"))
    grounds = models.TextField(_("what was examined"))
    decided_at = models.DateTimeField(_("recorded at"))
    decided_by = models.CharField(_("decided by"), max_length=64)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=64, blank=True)

    objects = NoConsignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision that nothing is consigned")
        verbose_name_plural = _("decisions that nothing is consigned")
        ordering = ("-decided_on",)
        default_permissions = ("view",)
        permissions = [("decide_consignment", _("Can decide that no processing is consigned"))]
        constraints = [
            models.UniqueConstraint(
                name="consignment_one_decision_is_open",
                fields=["withdrawn_on"],
                condition=Q(withdrawn_on__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="consignment_decision_says_why", condition=~Q(grounds="")),
            models.CheckConstraint(
                name="consignment_withdrawn_if_and_only_if_by_somebody",
                condition=Q(withdrawn_on__isnull=True, withdrawn_by="")
                | (Q(withdrawn_on__gte=F("decided_on")) & ~Q(withdrawn_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.decided_on}"
