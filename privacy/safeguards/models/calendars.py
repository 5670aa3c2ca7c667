"""The secret address of a person's calendar feed: only its SHA-256 is kept."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class Calendar(models.Model):
    """One address of one person's feed; a new one takes the place of the one before."""

    record_label = "safeguards.Calendar"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        "accounts.User", verbose_name=_("account"), on_delete=models.PROTECT, related_name="calendars"
    )
    digest = models.BinaryField(_("SHA-256 of the address"), max_length=32, unique=True)
    language = models.CharField(_("language"), max_length=2, default="ko")
    made_at = models.DateTimeField(_("made"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendar")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None), name="safeguards_one_calendar_address_for_each_person"
            )
        ]

    def __str__(self) -> str:
        return str(self.user)
