"""Consent codes: what opens the consent pages. Only the digest of a code is kept (decision 0113)."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consents.models.agreements import Agreement
from consents.models.decisions import Decision
from privacy.lib.identifiers.ids import new_id


class ConsentCodeQuerySet(models.QuerySet["ConsentCode"]):
    def valid(self, at: datetime) -> "ConsentCodeQuerySet":
        """Codes that open the pages at a moment."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=at))

    def about(self, subject_id: UUID, agreement: Agreement) -> "ConsentCodeQuerySet":
        """Codes that were issued for a person's decisions about one agreement."""
        return self.filter(subject_id=subject_id, decision__agreement=agreement)


class ConsentCode(models.Model):
    """A code of 130 bits that was shown once to the person who decided; it ends with the next decision.

    A digest of a receipt opens nothing: it stands on console pages, in exports and on the ledger.
    """

    record_label = "consents.ConsentCode"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    decision = models.ForeignKey(Decision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="codes")
    digest = models.CharField(_("SHA-256 of the code"), max_length=64, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    valid_until = models.DateTimeField(_("code valid until"), null=True, blank=True)

    objects = ConsentCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent code")
        verbose_name_plural = _("consent codes")
        default_permissions = ()
        indexes = [models.Index(fields=["subject_id"], name="consents_codes_of_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["decision"], condition=Q(valid_until=None), name="consents_one_code_for_each_decision"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
