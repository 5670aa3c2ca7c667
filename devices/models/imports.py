"""An existing fleet on its way in: the import, and its rows, sealed under the keys of the devices they become."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.models.gateways import Gateway
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.vault.fields import EncryptedJSONField, EncryptedModel


def new_import_reference() -> str:
    return new_reference("I")


class FleetImport(models.Model):
    """An existing fleet brought in from a file: looked at first, then carried out in the background.

    ``findings`` say which rows can't be taken and why, by row, column and code; never by value.
    """

    record_label = "devices.FleetImport"

    class State(models.TextChoices):
        PREVIEWED = "proposed", _("to be confirmed")
        RUNNING = "running", _("being carried out")
        DONE = "completed", _("completed")
        DISCARDED = "cancelled", _("discarded")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_import_reference)
    gateway = models.ForeignKey(Gateway, verbose_name=_("gateway"), on_delete=models.PROTECT, related_name="+")
    file_digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREVIEWED)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    accepted = models.PositiveIntegerField(_("can be imported"), default=0)
    refused = models.PositiveIntegerField(_("can't be imported"), default=0)
    registered = models.PositiveIntegerField(_("registered"), default=0)
    # The number of the last row of which it is counted what became of it.
    counted_until = models.PositiveIntegerField(_("counted until row"), default=0)
    findings: Any = models.JSONField(_("rejected rows"), default=list)
    made_by = models.CharField(_("imported by"), max_length=80)
    made_at = models.DateTimeField(_("imported"))
    confirmed_by = models.CharField(_("confirmed by"), max_length=80, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("fleet import")
        verbose_name_plural = _("fleet imports")
        default_permissions = ("view",)
        ordering = ["-made_at"]
        permissions = [("import_fleet", _("Can import an existing fleet from a file"))]
        constraints = [
            models.CheckConstraint(
                name="devices_import_runs_only_when_confirmed",
                condition=Q(state__in=["proposed", "cancelled"])
                | (~Q(confirmed_by="") & Q(confirmed_at__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        return self.reference


class ImportedRow(EncryptedModel):
    """A row of a file on its way to become a device. Its id is the id of the device it will be."""

    record_label = "devices.ImportedRow"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    import_id = models.UUIDField(_("import"))
    number = models.PositiveIntegerField(_("row"))
    registration = EncryptedJSONField(sealed_as="registration")

    class Encryption:
        category = DEVICE_REGISTRATION
        subject = "id"

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        default_permissions = ()
        indexes = [models.Index(fields=["import_id", "number"], name="devices_rows_of_an_import")]

    def __str__(self) -> str:
        return f"{self.import_id} {self.number}"
