"""Signatures of officers' security keys over what they approved."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class ApprovalSignature(models.Model):
    """One signature over one approval: the statement, and what the key answered (WebAuthn 3, 7.2). Never changed.

    Nothing in a row is believed: whoever relies on it verifies it (``privacy.accounts.approval_signatures``).
    """

    record_label = "accounts.ApprovalSignature"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    about = models.CharField(_("record"), max_length=64)
    made_by = models.CharField(_("signed by"), max_length=64)
    made_at = models.DateTimeField(_("signed at"))
    statement = models.CharField(_("statement"), max_length=20_000)
    # The public key as the security key gave it (COSE, base64url), and its answer (JSON of base64url).
    key = models.CharField(_("public key"), max_length=4_000)
    answer = models.CharField(_("answer of the key"), max_length=20_000)

    class Meta:
        verbose_name = _("signature of an approval")
        verbose_name_plural = _("signatures of approvals")
        ordering: ClassVar = ["made_at", "id"]
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["about"], name="approval_signature_by_record")]

    def __str__(self) -> str:
        return self.about
