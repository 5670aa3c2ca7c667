"""Complaints about the handling of personal information (P2.2)."""

from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import COMPLAINT
from privacy.vault.fields import EncryptedJSONField, EncryptedModel, EncryptedTextField

PREFIX = "Q"


def new_complaint_reference() -> str:
    return new_reference(PREFIX)


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def unanswered(self) -> "ComplaintQuerySet":
        return self.filter(state=Complaint.State.RECEIVED)

    def overdue(self, *, on: date) -> "ComplaintQuerySet":
        return self.unanswered().filter(target_on__lt=on)


class Complaint(models.Model):
    """A complaint to the officer or the department, with the time its answer took."""

    record_label = "incidents.Complaint"

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        ANSWERED = "answered", _("answered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_complaint_reference)
    language = models.CharField(_("language"), max_length=2, default="ko")
    code_digest = models.CharField(_("digest of the code"), max_length=64, blank=True)
    submission_digest = models.CharField(
        _("digest of the form token"), max_length=64, unique=True, null=True, blank=True
    )
    source_index = models.BinaryField(_("blind index of the address it came from"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField(_("received"))
    received_on = models.DateField(_("day of receipt"))
    target_on = models.DateField(_("target"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=64, blank=True)
    incident = models.ForeignKey(
        "incidents.Incident",
        verbose_name=_("incident"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
    )
    message_id = models.CharField(_("Message-ID of the answer"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("answer sent"), null=True, blank=True)
    # Whose words stand around the answer in its e-mail: a template and its version.
    answered_with = models.CharField(_("template of the answer"), max_length=100, blank=True, db_default="")
    returned_at = models.DateTimeField(_("answer returned at"), null=True, blank=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["target_on"]
        permissions = [
            ("read_complaint", _("Can open what a complainant wrote")),
            ("answer_complaint", _("Can answer a complaint")),
        ]
        indexes = [models.Index(fields=["source_index", "received_at"], name="incidents_complaints_by_source")]
        constraints = [
            models.CheckConstraint(
                name="incidents_complaint_answered_names_who_and_when",
                condition=Q(state="received", answered_at=None, answered_by="")
                | (Q(state="answered", answered_at__isnull=False) & ~Q(answered_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def holder_id(self) -> UUID:
        """The pseudo-subject under which the words of this complaint are sealed: the complaint itself."""
        return self.id


class ComplaintText(EncryptedModel):
    """The complainant's words and contact, and our answer, sealed in the personal database."""

    record_label = "incidents.ComplaintText"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("complaint"), unique=True)
    contact = EncryptedJSONField(item="contact", null=True)
    explanation = EncryptedTextField(item="explanation", null=True)
    answer = EncryptedTextField(item="answer", null=True)
    received_on = models.DateField(_("day of receipt"))
    closed_on = models.DateField(_("day of the answer"), null=True, blank=True)

    class Encryption:
        category = COMPLAINT
        subject = "subject_id"

    class Meta:
        verbose_name = _("text of a complaint")
        verbose_name_plural = _("texts of complaints")

    def __str__(self) -> str:
        return str(self.subject_id)
