"""Devices and their licences: the registration data (P3.1)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.ids import new_id, new_reference
from privacy.vault.fields import SealedModel, SealedTextField


def new_device_reference() -> str:
    return new_reference("D")


class DeviceQuerySet(models.QuerySet["Device"]):
    def of_gateway(self, gateway_id: UUID) -> "DeviceQuerySet":
        return self.filter(gateway_id=gateway_id)

    def of_subjects(self, subject_ids: Iterable[UUID]) -> "DeviceQuerySet":
        return self.filter(subject_id__in=list(subject_ids))

    def identified_by(self, **indexes: bytes) -> "DeviceQuerySet":
        """Devices of which one identifier has this blind index (exact match only, law S-28): ``imei=…``."""
        found = Q()
        for item, index in indexes.items():
            found |= Q(**{f"{item}_index": index})
        return self.filter(found) if indexes else self.none()


class Device(SealedModel):
    """A terminal on which the agent runs: its registration data, sealed (P3.1)."""

    id = models.UUIDField(primary_key=True, editable=False)
    subject_id = models.UUIDField(_("data subject"), unique=True)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_device_reference)
    gateway_id = models.UUIDField(_("gateway"))
    imei = SealedTextField(item="imei", index="imei", null=True)
    serial_number = SealedTextField(item="serial_number", index="serial_number", null=True)
    adb_number = SealedTextField(item="adb_number", index="adb_number", null=True)
    model = SealedTextField(item="model", null=True)
    model_description = SealedTextField(item="model_description", null=True)
    os_version = SealedTextField(item="os_version", null=True)
    os_build = SealedTextField(item="os_build", null=True)
    time_zone = SealedTextField(item="time_zone", null=True)
    registered_at = models.DateTimeField(_("registered"))
    updated_at = models.DateTimeField(_("last changed"))
    service_ended_on = models.DateField(_("service ended"), null=True, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Sealing:
        category = "device-registration"
        subject = "subject_id"

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        default_permissions = ("view",)
        ordering = ["-registered_at", "-id"]
        permissions = [("unmask_device", _("Can show a device's identifiers, with a reason"))]
        indexes = [
            models.Index(fields=["-registered_at", "-id"], name="devices_by_registration"),
            models.Index(fields=["gateway_id", "id"], name="devices_of_gateway"),
        ]
        constraints = [
            models.CheckConstraint(name="devices_device_is_its_own_subject", condition=Q(subject_id=F("id"))),
            # doors.md: at least one of the three identifiers.
            models.CheckConstraint(
                name="devices_device_has_an_identifier",
                condition=Q(imei__isnull=False) | Q(serial_number__isnull=False) | Q(adb_number__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class LicenceQuerySet(models.QuerySet["Licence"]):
    def latest_first(self) -> "LicenceQuerySet":
        return self.order_by("-ends_on", "-starts_on")


class Licence(SealedModel):
    """A licence of the agent on one device; the registration data is kept for its time and two years more (P6.1)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device = models.ForeignKey(Device, verbose_name=_("device"), on_delete=models.PROTECT, related_name="licences")
    key = SealedTextField(item="licence_key", index="licence_key")
    starts_on = models.DateField(_("starts"))
    ends_on = models.DateField(_("ends"))
    recorded_at = models.DateTimeField(_("recorded"))
    updated_at = models.DateTimeField(_("last changed"))

    objects = LicenceQuerySet.as_manager()

    class Sealing:
        category = "device-registration"
        subject = "device_id"

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        default_permissions = ("view",)
        ordering = ["-ends_on"]
        indexes = [
            models.Index(fields=["ends_on", "device"], name="devices_licences_by_end"),
            # The order of the console's list: many licences end on one day.
            models.Index(fields=["ends_on", "id"], name="devices_licences_in_order"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["device", "key_index"], name="devices_licence_once_for_each_device"),
            models.CheckConstraint(
                name="devices_licence_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"

    def runs_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on
