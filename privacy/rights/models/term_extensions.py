"""Longer terms: only an answer about an automated decision may be put off so (Decree art. 44-3(5))."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.rights import Right


class TermExtension(models.Model):
    """One prolongation of a term, told with its reason; it counts once it was told within the term before (R-34)."""

    record_label = "rights.TermExtension"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.ForeignKey(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="extensions")
    number = models.PositiveSmallIntegerField(_("number"))
    days = models.PositiveSmallIntegerField(_("days"))
    reason = models.CharField(_("reason"), max_length=300)
    extended_by = models.CharField(_("extended by"), max_length=64)
    extended_at = models.DateTimeField(_("extended"))

    class Meta:
        verbose_name = _("longer term")
        verbose_name_plural = _("longer terms")
        ordering = ["right", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["right", "number"], name="rights_terms_extended_one_by_one"),
            models.CheckConstraint(
                name="rights_term_is_extended_for_a_reason", condition=~Q(reason="") & Q(days__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.right_id} {self.number}"
