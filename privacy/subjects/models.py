"""The person: a pseudonymous row, and the contacts she gave, sealed, in the personal database."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import CONTACT
from privacy.vault.fields import EncryptedModel, EncryptedTextField

BATCH_SIZE = 1000


def new_subject_reference() -> str:
    """Return a reference such as S-7F3K-92QX; people say this, never an identifier."""
    return new_reference("S")


class SubjectQuerySet(models.QuerySet["Subject"]):
    def active(self) -> "SubjectQuerySet":
        """Those whose registration stands: intake takes records of no one else."""
        return self.filter(state=Subject.State.ACTIVE)

    def not_destroyed(self) -> "SubjectQuerySet":
        """Those of whom something may still be held."""
        return self.exclude(state=Subject.State.DESTROYED)

    def service_ended_by(self, day: date) -> "SubjectQuerySet":
        """Those whose service ended on ``day`` or earlier and of whom something may still be held (P6.2)."""
        return self.not_destroyed().filter(service_ended_on__lte=day)

    def batched_ids(self, size: int = BATCH_SIZE) -> Iterator[list[UUID]]:
        """Yield the ids in slices, by key, so that a long walk holds no cursor and no long list."""
        last: UUID | None = None
        while True:
            page = self.order_by("id") if last is None else self.order_by("id").filter(id__gt=last)
            ids = list(page.values_list("id", flat=True)[:size])
            if not ids:
                return
            yield ids
            last = ids[-1]


class Subject(models.Model):
    """A data subject: a pseudonymous id that every other record points to by value. No personal data (P0.1)."""

    record_label = "subjects.Subject"

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        WITHDRAWN = "withdrawn", _("withdrawn")
        FALSE_IDENTITY = "false-identity", _("ended: false identity")
        DESTROYED = "destroyed", _("destroyed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_subject_reference)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ACTIVE)
    registered_at = models.DateTimeField(_("registered at"))
    service_ended_on = models.DateField(_("service ended on"), null=True, blank=True)
    ended_at = models.DateTimeField(_("registration ended at"), null=True, blank=True)
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True, blank=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("data subject")
        verbose_name_plural = _("data subjects")
        permissions = [("find_false_identity", "Can record a finding of false identity")]
        indexes = [
            # The sweep walks only what has ended and is not gone: its cost follows what expires.
            models.Index(
                fields=["service_ended_on"],
                name="subjects_ended_not_destroyed",
                condition=Q(service_ended_on__isnull=False) & ~Q(state="destroyed"),
            ),
            models.Index(fields=["state", "id"], name="subjects_state", condition=~Q(state="active")),
        ]
        constraints = [
            models.CheckConstraint(
                name="subjects_destroyed_if_and_only_if_dated",
                condition=Q(state="destroyed", destroyed_at__isnull=False)
                | (~Q(state="destroyed") & Q(destroyed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="subjects_active_has_not_ended", condition=~Q(state="active") | Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_active(self) -> bool:
        return self.state == Subject.State.ACTIVE


class FalseIdentityFinding(models.Model):
    """An officer's finding that another person's identity was used to register (P1.8). It ends the registration."""

    record_label = "subjects.FalseIdentityFinding"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="false_identity")
    grounds = models.TextField(_("grounds"), help_text=_("What was found and how, without personal data."))
    evidence_id = models.UUIDField(_("sealed evidence file"), null=True, blank=True)
    evidence_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64)
    found_by = models.CharField(_("found by"), max_length=64)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("finding of false identity")
        verbose_name_plural = _("findings of false identity")
        constraints = [
            models.CheckConstraint(
                name="subjects_finding_has_grounds_and_evidence",
                condition=~Q(grounds="") & Q(evidence_digest__regex=r"^[0-9a-f]{64}$"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_id}"


class Contact(EncryptedModel):
    """One way to reach a person, as she gave it to the office; sealed, in the personal database (P8.7)."""

    record_label = "subjects.Contact"

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        ADDRESS = "address", _("postal address")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    value = EncryptedTextField(_("value"), item_from="kind", index="contact", sealed_as="value")
    recorded_at = models.DateTimeField(_("recorded at"))

    class Encryption:
        category = CONTACT
        subject = "subject_id"

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes: ClassVar = [models.Index(fields=["subject_id"], name="subjects_contact_subject")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_id", "kind"], name="subjects_contact_one_of_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class FailedCodeAttempt(models.Model):
    """One wrong code at a door of the public pages, counted by address and by number; purged after a day."""

    record_label = "subjects.FailedCodeAttempt"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    door = models.CharField(_("access channel"), max_length=16)
    key = models.BinaryField(_("blind index of the address or case"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("wrong attempt")
        verbose_name_plural = _("wrong attempts")
        indexes: ClassVar = [models.Index(fields=["door", "key", "at"], name="subjects_tries_by_key")]

    def __str__(self) -> str:
        return self.door
