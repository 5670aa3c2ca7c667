"""How far each database has followed the journal of destructions: an older number means a restored backup."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class CursorBase(models.Model):
    """One row: the number of the last line of the journal that this database carries out."""

    single = models.BooleanField(primary_key=True, default=True, editable=False)
    line = models.PositiveBigIntegerField(_("line of the journal"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.line)


class JournalCursor(CursorBase):
    """The mark of the general database."""

    record_label = "retention.JournalCursor"

    class Meta:
        verbose_name = _("position in the destruction journal")
        verbose_name_plural = _("positions in the destruction journal")
        default_permissions: ClassVar = ()


class PersonalJournalCursor(CursorBase):
    """The mark of the personal database."""

    record_label = "retention.PersonalJournalCursor"

    class Meta:
        verbose_name = _("position in the destruction journal (personal database)")
        verbose_name_plural = _("positions in the destruction journal (personal database)")
        default_permissions: ClassVar = ()


class ArchiveJournalCursor(CursorBase):
    """The mark of the archive."""

    record_label = "retention.ArchiveJournalCursor"

    class Meta:
        verbose_name = _("position in the destruction journal (archive)")
        verbose_name_plural = _("positions in the destruction journal (archive)")
        default_permissions: ClassVar = ()
