"""Signed letters of the representative: a colleague is who they are (decision 0161)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.models import User
from privacy.lib.identifiers.ids import new_id, new_reference


def new_letter_reference() -> str:
    return new_reference("RL")


class ColleagueLetter(models.Model):
    """A letter on paper: one officer recorded its scan, another read it and confirmed it. Otherwise never changed.

    What was recorded wrongly is refused, and its scan can then be recorded again. Once confirmed, two people of whom
    one had a part in the other's account count as two again, as by the one-time link.
    """

    class Refusal(models.TextChoices):
        """Why a letter is not confirmed."""

        DATE = "date", _("The date was recorded wrongly")
        COLLEAGUE = "colleague", _("It names another colleague")
        NO_LETTER = "no-letter", _("It isn't a letter signed by the representative")

    record_label = "workforce.ColleagueLetter"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_letter_reference)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="letters", verbose_name=_("account"))
    dated_on = models.DateField(_("date of the letter"))
    file_id = models.UUIDField(_("sealed file"))
    file_digest = models.CharField(_("SHA-256 of the scan"), max_length=64)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded"))
    read_by = models.CharField(_("last read by"), max_length=64, blank=True)
    read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=64, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    refused_by = models.CharField(pgettext_lazy("letter", "refused by"), max_length=64, blank=True)
    refused_at = models.DateTimeField(pgettext_lazy("letter", "refused"), null=True, blank=True)
    refused_for = models.CharField(
        pgettext_lazy("letter", "reason for the refusal"), max_length=16, choices=Refusal, blank=True
    )

    class Meta:
        verbose_name = _("letter of the representative")
        verbose_name_plural = _("letters of the representative")
        ordering = ("-recorded_at",)
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="letter_is_recorded_once", fields=["file_digest"], condition=Q(refused_by="")),
            models.CheckConstraint(
                name="letter_is_refused_with_a_reason",
                condition=Q(refused_by="", refused_at=None, refused_for="")
                | (~Q(refused_by="") & Q(refused_at__isnull=False) & ~Q(refused_for="") & Q(confirmed_by="")),
            ),
            models.CheckConstraint(
                name="letter_is_confirmed_by_another_who_read_it",
                condition=Q(confirmed_by="", confirmed_at=None)
                | (
                    ~Q(confirmed_by="")
                    & Q(confirmed_at__isnull=False)
                    & Q(confirmed_by=F("read_by"))
                    & ~Q(confirmed_by=F("recorded_by"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
