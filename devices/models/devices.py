"""Devices and their licences: the registration data (P3.1)."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from devices import items
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects.replaced_values import replaced_field
from privacy.vault.fields import EncryptedModel, EncryptedTextField


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


class Device(EncryptedModel):
    """A terminal on which the agent runs: its registration data, sealed (P3.1).

    It has a column for each item of ``devices/items.py``, added below.
    """

    record_label = "devices.Device"

    id = models.UUIDField(primary_key=True, editable=False)
    subject_id = models.UUIDField(_("data subject"), unique=True)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_device_reference)
    gateway_id = models.UUIDField(_("gateway"))
    registered_at = models.DateTimeField(_("registered"))
    updated_at = models.DateTimeField(_("last changed"))
    service_ended_on = models.DateField(_("service ended"), null=True, blank=True)
    # The public half of an Ed25519 key of its own: with it, only what the device signs is said of it (SEC-39).
    signing_key = models.BinaryField(_("key of the device"), max_length=32, null=True)
    replaced = replaced_field()

    objects = DeviceQuerySet.as_manager()

    class Encryption:
        category = DEVICE_REGISTRATION
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
            models.Index(fields=["id"], condition=~Q(replaced={}), name="devices_corrected"),
        ]
        constraints = [
            models.CheckConstraint(name="devices_device_is_its_own_subject", condition=Q(subject_id=F("id"))),
            # At least one of the three identifiers.
            models.CheckConstraint(
                name="devices_device_has_an_identifier",
                condition=Q(imei__isnull=False) | Q(serial_number__isnull=False) | Q(adb_number__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


for _item in items.REGISTRATION:
    Device.add_to_class(_item.code, _item.encrypted_field())


class LicenceQuerySet(models.QuerySet["Licence"]):
    def latest_first(self) -> "LicenceQuerySet":
        return self.order_by("-ends_on", "-starts_on")


class Licence(EncryptedModel):
    """A licence of the agent on one device; the registration data is kept for its time and two years more (P6.1)."""

    record_label = "devices.Licence"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device = models.ForeignKey(Device, verbose_name=_("device"), on_delete=models.PROTECT, related_name="licences")
    key = EncryptedTextField(item="licence_key", index="licence_key", sealed_as="key")
    starts_on = models.DateField(_("starts"))
    ends_on = models.DateField(_("ends"))
    recorded_at = models.DateTimeField(_("recorded"))
    updated_at = models.DateTimeField(_("last changed"))
    replaced = replaced_field()

    objects = LicenceQuerySet.as_manager()

    class Encryption:
        category = DEVICE_REGISTRATION
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
            models.Index(fields=["id"], condition=~Q(replaced={}), name="devices_corrected_licences"),
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
