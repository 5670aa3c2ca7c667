"""Rewriting of the key tables: what makes a destruction final on this server (vault.md, SEC-28)."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class Rewrite(models.Model):
    """The key tables were rewritten and the write-ahead log turned over, by the owner (vault.md, SEC-28).

    Whatever keys were destroyed before ``begun_at`` are in no table file and no log segment of this server after it.
    """

    record_label = "retention.Rewrite"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    begun_at = models.DateTimeField(_("begun at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    tables: Any = models.JSONField(_("tables rewritten"), default=list)
    log_turned = models.BooleanField(_("write-ahead log recycled"), default=False)
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("rewrite of key tables")
        verbose_name_plural = _("rewrites of key tables")
        ordering: ClassVar = ["-begun_at"]

    def __str__(self) -> str:
        return f"{self.begun_at:%Y-%m-%d %H:%M}"
