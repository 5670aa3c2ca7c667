"""The archive: what another law preserves, apart from all else, each record with its own end (P6.4, law D-04)."""

from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.vault.fields import EncryptedBytesField, EncryptedModel


def new_access_reference() -> str:
    return new_reference("AA")


class ArchivedRecordQuerySet(models.QuerySet["ArchivedRecord"]):
    def over(self, on: date) -> "ArchivedRecordQuerySet":
        """Records whose preservation ended before ``on``; their last day belongs to the term."""
        return self.filter(ends_on__lt=on)


class ArchivedRecord(EncryptedModel):
    """One person's records of one kind and day in the archive database, sealed again under the archive's keys.

    Records of one day end on one day, so they are kept together. ``keyring`` is the vault's category for the rule; the
    epoch key is that of the month in which the term ends, so that a finished month ends by one key. ``list`` is the
    destruction list that moved them: copying for it again replaces what it copied before, so nothing is there twice.
    """

    record_label = "retention.ArchivedRecord"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    list = models.CharField(_("destruction list"), max_length=16)
    source = models.CharField(_("source"), max_length=60)
    subject_id = models.UUIDField(_("data subject"))
    rule = models.CharField(_("preservation rule"), max_length=40)
    keyring = models.CharField(_("keyring"), max_length=60)
    category = models.CharField(_("category"), max_length=60)
    kind = models.CharField(_("kind"), max_length=40)
    recorded_on = models.DateField(_("recorded on"))
    ends_on = models.DateField(_("preserved until"))
    records = models.PositiveIntegerField(_("records"))
    body = EncryptedBytesField(sealed_as="body", verbose_name=_("content"))
    archived_at = models.DateTimeField(_("archived at"))

    objects = ArchivedRecordQuerySet.as_manager()

    class Encryption:
        subject = "subject_id"
        category_from = "keyring"
        month_from = "ends_on"

    class Meta:
        verbose_name = _("archived records")
        verbose_name_plural = _("archived records")
        ordering: ClassVar = ["ends_on", "id"]
        indexes: ClassVar = [
            models.Index(fields=["ends_on"], name="retention_archive_by_end"),
        ]
        constraints: ClassVar = [
            # The person and the day come first: they tell rows apart at once, and a person's rows are found by it.
            models.UniqueConstraint(
                name="retention_archived_once",
                fields=["subject_id", "recorded_on", "kind", "list", "source", "rule"],
            ),
            models.CheckConstraint(
                name="retention_archived_until_after_recorded", condition=Q(ends_on__gte=F("recorded_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.id}"


class ArchiveAccessQuerySet(models.QuerySet["ArchiveAccess"]):
    def open(self, at: datetime) -> "ArchiveAccessQuerySet":
        """Accesses that another person has approved and whose time is not over."""
        return self.filter(approved_at__isnull=False, refused_at=None, closed_at=None, until__gt=at)


class ArchiveAccess(models.Model):
    """One access to the archive for a duty under law: asked by one person, approved by another (law D-05)."""

    record_label = "retention.ArchiveAccess"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_access_reference)
    rule = models.CharField(_("preservation rule"), max_length=40)
    subject_id = models.UUIDField(_("data subject"))
    law = models.CharField(_("law and article"), max_length=200)
    document = models.CharField(_("document number"), max_length=100)
    reason = models.TextField(_("reason"))
    asked_by = models.CharField(_("requested by"), max_length=64)
    asked_at = models.DateTimeField(_("requested at"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    refused_by = models.CharField(_("refused by"), max_length=64, blank=True)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    reads = models.PositiveIntegerField(_("times read"), default=0)

    objects = ArchiveAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to the archive")
        verbose_name_plural = _("accesses to the archive")
        ordering: ClassVar = ["-asked_at"]
        permissions: ClassVar = [
            ("ask_archive", "Can ask for access to the archive"),
            ("approve_archive", "Can approve access to the archive"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="retention_archive_opened_by_two_people",
                condition=Q(approved_at__isnull=True, approved_by="")
                | (
                    Q(approved_at__isnull=False, until__isnull=False)
                    & ~Q(approved_by="")
                    & ~Q(approved_by=F("asked_by"))
                ),
            ),
            models.CheckConstraint(
                name="retention_archive_access_names_its_law",
                condition=~Q(law="") & ~Q(document="") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
