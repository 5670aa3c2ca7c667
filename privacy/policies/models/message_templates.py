"""The office's own words for letters, mails, text messages and notices, version by version."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def in_force(self, code: str) -> "MessageTemplate | None":
        """Return the version of a kind that was approved last."""
        return self.filter(code=code, state=MessageTemplate.State.APPROVED).order_by("-number").first()

    def open(self) -> "MessageTemplateQuerySet":
        """Versions that are still worked on; of each kind there is one at most."""
        return self.filter(state__in=MessageTemplate.OPEN)


class MessageTemplate(models.Model):
    """One version of the words of a kind of message in both languages; final once another person approved it."""

    record_label = "policies.MessageTemplate"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        REVIEW = "review", _("under review")
        APPROVED = "approved", _("approved")
        DISCARDED = "withdrawn", _("discarded")

    OPEN = (State.DRAFT, State.REVIEW)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("template"), max_length=60)
    number = models.PositiveIntegerField(_("version"))
    # By language, then by the part of the message.
    texts: Any = models.JSONField(_("texts"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    reason = models.CharField(_("reason for the change"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    drafted_by = models.CharField(_("drafted by"), max_length=64)
    drafted_at = models.DateTimeField(_("drafted"))
    # Everybody who saved or submitted this draft; ``drafted_by`` is who did so last.
    authors: Any = models.JSONField(default=list, db_default=[])
    submitted_by = models.CharField(_("submitted by"), max_length=64, blank=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    returned_for = models.CharField(_("returned for"), max_length=300, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ("code", "-number")
        default_permissions = ("view",)
        permissions = [
            ("draft_template", _("Can draft message templates")),
            ("approve_template", _("Can approve message templates")),
        ]
        constraints = [
            models.UniqueConstraint(name="policies_template_version_once", fields=["code", "number"]),
            models.UniqueConstraint(
                name="policies_template_one_open_version", fields=["code"], condition=Q(state__in=("draft", "review"))
            ),
            models.CheckConstraint(
                name="policies_template_approved_if_and_only_if_by_somebody",
                condition=Q(state="approved", approved_at__isnull=False) & ~Q(approved_by="")
                | ~Q(state="approved") & Q(approved_at=None, approved_by=""),
            ),
            models.CheckConstraint(
                name="policies_template_submitted_by_somebody",
                condition=~Q(state__in=("review", "approved")) | Q(submitted_at__isnull=False) & ~Q(submitted_by=""),
            ),
            models.CheckConstraint(
                name="policies_template_is_approved_by_another",
                condition=Q(approved_by="") | ~Q(approved_by=F("submitted_by")) & ~Q(approved_by=F("drafted_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
