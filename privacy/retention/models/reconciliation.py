"""Differences between the databases, found by the nightly comparison."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id


class Finding(models.Model):
    """A difference between two databases, found by the nightly comparison; closed when it is gone."""

    record_label = "retention.Finding"

    class Kind(models.TextChoices):
        ORPHAN = "orphan", _("record without a data subject")
        NOT_DESTROYED = "undead", _("record of a person whose data was destroyed")
        KEYLESS = "keyless", _("record without a key")
        COUNTS = "counts", _("counts of certificate and ledger differ")
        NOT_DELETED = "unremoved", _("record both archived and still in use")
        STUCK = "stuck", _("destruction begun but not finished")
        DECLARED = "declared", _("the databases do not match")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    about = models.CharField(_("about"), max_length=120)
    count = models.PositiveIntegerField(_("count"), default=1)
    found_at = models.DateTimeField(_("found at"))
    seen_at = models.DateTimeField(_("last seen at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("finding of the comparison")
        verbose_name_plural = _("findings of the comparison")
        ordering: ClassVar = ["-found_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "about"], name="retention_finding_open_once", condition=Q(closed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
