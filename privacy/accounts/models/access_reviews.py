"""Reviews of the register of access (law S-34)."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.access_grants import AccessGrant
from privacy.lib.identifiers.ids import new_id, new_reference


def new_review_reference() -> str:
    return new_reference("GR")


class AccessReviewQuerySet(models.QuerySet["AccessReview"]):
    def unsigned(self) -> AccessReviewQuerySet:
        return self.exclude(state=AccessReview.State.SIGNED)

    def overdue(self, *, on: date) -> AccessReviewQuerySet:
        """Reviews whose day has passed without the signature."""
        return self.unsigned().filter(due_on__lt=on)


class AccessReview(models.Model):
    """The quarterly look at every grant in force (law S-34): each is confirmed or revoked, then it is signed."""

    record_label = "accounts.AccessReview"

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("review", "open")
        SIGNED = "signed", _("signed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_review_reference)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    period_from = models.DateField(_("first day"), unique=True)
    period_until = models.DateField(_("last day"))
    due_on = models.DateField(_("due"))
    opened_at = models.DateTimeField(_("opened at"))
    conclusion = models.TextField(_("conclusion"), blank=True)
    signed_by = models.CharField(_("signed by"), max_length=64, blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    overdue_told_at = models.DateTimeField(null=True, blank=True)

    objects = AccessReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("access review")
        verbose_name_plural = _("access reviews")
        ordering = ("-period_from",)
        default_permissions = ("view",)
        permissions = [("review_access", "May review grants and sign the review")]
        constraints = [
            models.CheckConstraint(
                name="access_review_is_signed_by_somebody",
                condition=Q(state="open", signed_by="", signed_at=None)
                | (Q(state="signed", signed_at__isnull=False) & ~Q(signed_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ReviewedGrant(models.Model):
    """One grant in a review: confirmed or revoked by somebody who is not its holder, or over before anybody decided."""

    record_label = "accounts.ReviewedGrant"

    class Outcome(models.TextChoices):
        PENDING = "pending", _("to review")
        CONFIRMED = "confirmed", _("confirmed")
        REVOKED = "revoked", _("revoked")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    review = models.ForeignKey(
        AccessReview,
        on_delete=models.PROTECT,
        related_name="lines",
        verbose_name=pgettext_lazy("access rights", "review"),
    )
    grant = models.ForeignKey(
        AccessGrant, on_delete=models.CASCADE, related_name="reviewed", verbose_name=_("access grant")
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.PENDING)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("grant under review")
        verbose_name_plural = _("grants under review")
        ordering = ("grant__user__email", "grant__category")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="a_grant_once_in_a_review", fields=["review", "grant"])]

    def __str__(self) -> str:
        return str(self.grant)

    @property
    def outcome_text(self) -> str:
        """What happened, in words: of access that ran out by itself, on which day."""
        if self.outcome == ReviewedGrant.Outcome.EXPIRED:
            return gettext("expired on %(day)s") % {"day": self.grant.valid_until.isoformat()}
        return str(self.get_outcome_display())
