"""Approvals by emergency: one officer goes on alone where no second person is to be had; another reviews it."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.users import User
from privacy.lib.identifiers.ids import new_id, new_reference


def new_emergency_reference() -> str:
    return new_reference("EM")


class EmergencyApprovalQuerySet(models.QuerySet["EmergencyApproval"]):
    def unreviewed(self) -> EmergencyApprovalQuerySet:
        return self.filter(reviewed_at=None)

    def overdue(self, *, at: datetime) -> EmergencyApprovalQuerySet:
        """Those that nobody reviewed in time: who made one makes no other, and the representative decides."""
        return self.unreviewed().filter(review_due_at__lt=at)

    def usable(self, about: models.Model, *, made_by: str, at: datetime) -> EmergencyApprovalQuerySet:
        """Those by which somebody may complete the act on a record now, as it was asked for when they were made."""
        record = [about._meta.db_table, about.pk]
        asked_by = RawSQL("(SELECT asked_by FROM accounts_asked_of(%s, %s))", record)
        asked_at = RawSQL("(SELECT asked_at FROM accounts_asked_of(%s, %s))", record)
        known = self.filter(about_table=about._meta.db_table, about_id=about.pk, made_by=made_by)
        asked = known.filter(asked_by=asked_by, asked_at=asked_at)
        return asked.filter(made_at__lte=at, review_due_at__gte=at).exclude(
            outcome=EmergencyApproval.Outcome.UNJUSTIFIED
        )


class EmergencyApproval(models.Model):
    """What takes the place of the second person's name on one record, and on no other.

    Who asked and when are copied from the record by a trigger, which also holds the waiting time. The row is never
    changed but by its review, once, and its escalation.
    """

    record_label = "accounts.EmergencyApproval"

    class Outcome(models.TextChoices):
        JUSTIFIED = "justified", _("justified")
        UNJUSTIFIED = "unjustified", _("not justified")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_emergency_reference)
    about_table = models.CharField(max_length=63)
    about_id = models.UUIDField()
    asked_by = models.CharField(_("act requested by"), max_length=64, blank=True)
    asked_at = models.DateTimeField(_("act requested at"), null=True)
    made_by = models.CharField(_("approved alone by"), max_length=64)
    made_at = models.DateTimeField(_("approved alone at"))
    reason = models.CharField(_("reason"), max_length=1000)
    told = models.PositiveSmallIntegerField(_("people told"))
    review_due_at = models.DateTimeField(_("review due"))
    escalated_at = models.DateTimeField(_("passed to the representative"), null=True, blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=64, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    note = models.CharField(_("what the review found"), max_length=1000, blank=True)

    objects = EmergencyApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency approval")
        verbose_name_plural = _("emergency approvals")
        ordering = ("-made_at",)
        default_permissions = ("view",)
        permissions = [
            ("approve_alone", "May go on alone where no second person is to be had"),
            ("review_emergency", "May review what another approved alone"),
        ]
        indexes = [models.Index(fields=["about_id", "about_table"], name="emergency_by_record")]
        constraints = [
            models.CheckConstraint(name="emergency_has_a_written_reason", condition=Q(reason__regex=r"\S.{18,}\S")),
            models.CheckConstraint(
                name="emergency_is_reviewed_by_another",
                condition=Q(reviewed_at=None, reviewed_by="", outcome="")
                | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="") & ~Q(outcome="") & ~Q(reviewed_by=F("made_by"))),
            ),
            models.CheckConstraint(name="emergency_has_a_name_of_its_own", condition=Q(reference__startswith="EM-")),
            models.CheckConstraint(name="emergency_tells_somebody", condition=Q(told__gt=0)),
        ]

    def __str__(self) -> str:
        return self.reference


class RepresentativeLinkQuerySet(models.QuerySet["RepresentativeLink"]):
    def waiting(self, *, at: datetime) -> RepresentativeLinkQuerySet:
        """Links that can still be used."""
        return self.filter(answered_at=None, expires_at__gt=at)


class RepresentativeLink(models.Model):
    """A one-time link to the representative's own address: review an approval by emergency, or confirm a colleague.

    The link carries 256 random bits, of which only the digest is kept; the address is a setting of the host, so that
    no account can point it elsewhere.
    """

    record_label = "accounts.RepresentativeLink"

    class Answer(models.TextChoices):
        YES = "yes", _("confirmed")
        NO = "no", _("not confirmed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    emergency = models.ForeignKey(
        EmergencyApproval, on_delete=models.PROTECT, related_name="links", null=True, blank=True
    )
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="confirmations", null=True, blank=True, verbose_name=_("account")
    )
    asked_by = models.CharField(_("requested by"), max_length=64)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires"))
    answer = models.CharField(_("answer"), max_length=3, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = RepresentativeLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to the representative")
        verbose_name_plural = _("questions to the representative")
        ordering = ("-made_at",)
        default_permissions = ("view",)
        indexes = [models.Index(fields=["digest"], name="representative_link_by_digest")]
        constraints = [
            models.CheckConstraint(
                name="representative_link_is_about_one_thing",
                condition=Q(emergency=None, user__isnull=False) | Q(emergency__isnull=False, user=None),
            ),
            models.CheckConstraint(
                name="representative_link_is_answered_with_a_time",
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.emergency or self.user)

    @property
    def act_of(self) -> str:
        """Who did what the representative is asked about: approved alone, or asked to confirm a colleague."""
        return self.emergency.made_by if self.emergency else self.asked_by
