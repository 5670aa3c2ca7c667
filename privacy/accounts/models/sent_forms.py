"""Forms of the console that were sent: each makes its record once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SentForm(models.Model):
    """One sending of a form that makes a record. Its key is taken before the record is made, and committed with it.

    The key is a digest of the page, its sender, the form's mark and what it says: nothing can be read from it.
    """

    record_label = "accounts.SentForm"

    digest = models.CharField(primary_key=True, max_length=64)
    record_id = models.UUIDField(null=True)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")
        default_permissions = ()

    def __str__(self) -> str:
        return self.digest
