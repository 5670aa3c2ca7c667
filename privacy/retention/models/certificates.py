"""Signed certificates of destruction and of finality (P7.1)."""

import json
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id
from privacy.retention.models.destruction_lists import DestructionList
from privacy.retention.models.paper_destruction import new_paper_reference  # noqa: F401 - where the first migration looks


class Certificate(models.Model):
    """A signed statement of what was destroyed and what the read-back found (P7.1). Never changed, never removed.

    ``body`` is canonical JSON, signed exactly as stored. A list gets one certificate of destruction, and one of
    finality when the master key's generation that wrapped its keys has ended. An addendum says what a connected system
    confirmed after the certificate was signed.
    """

    record_label = "retention.Certificate"

    class Kind(models.TextChoices):
        DESTRUCTION = "destruction", _("certificate of destruction")
        FINALITY = "finality", _("certificate of finality")
        ADDENDUM = "addendum", _("addendum to a certificate of destruction")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    list = models.ForeignKey(
        DestructionList, verbose_name=_("destruction list"), on_delete=models.PROTECT, related_name="certificates"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    body = models.TextField(_("body"))
    digest = models.CharField(_("SHA-256"), max_length=64, unique=True)
    signature = models.CharField(_("Ed25519 signature"), max_length=128)
    public_key = models.CharField(_("public key"), max_length=64)
    issued_at = models.DateTimeField(_("issued at"))

    class Meta:
        verbose_name = pgettext_lazy("destruction", "certificate")
        verbose_name_plural = _("certificates")
        ordering: ClassVar = ["-issued_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="retention_one_certificate_of_a_kind", fields=["list", "kind"], condition=~Q(kind="addendum")
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def statement(self) -> dict[str, Any]:
        """What the certificate says."""
        said: dict[str, Any] = json.loads(self.body)
        return said
