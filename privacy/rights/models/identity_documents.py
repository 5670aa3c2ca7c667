"""Which documents came with a case, who attached each, and who has opened it: an identity rests on them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import Request


class IdentityDocument(models.Model):
    """One document of a case. The sealed file goes after the decision; that there was one stays with the case."""

    record_label = "rights.IdentityDocument"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(
        Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="identity_documents"
    )
    file_id = models.UUIDField(_("sealed file"), unique=True)
    attached_by = models.CharField(_("attached by"), max_length=64)
    attached_at = models.DateTimeField(_("attached"))
    # Only such a one proves a mandate anew: another came to prove something else.
    mandate_was_lacking = models.BooleanField(_("sent while a mandate was lacking"), default=False, db_default=False)

    class Meta:
        verbose_name = _("document of a case")
        verbose_name_plural = _("documents of cases")

    def __str__(self) -> str:
        return str(self.file_id)


class DocumentOpening(models.Model):
    """That somebody opened a document of a case. Only ever added (a trigger)."""

    record_label = "rights.DocumentOpening"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    document = models.ForeignKey(
        IdentityDocument, verbose_name=_("document"), on_delete=models.CASCADE, related_name="openings"
    )
    opened_by = models.CharField(_("opened by"), max_length=64)
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        verbose_name = _("opening of a document")
        verbose_name_plural = _("openings of documents")

    def __str__(self) -> str:
        return f"{self.document_id} · {self.opened_by}"
