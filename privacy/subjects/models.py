"""The person: a pseudonymous row, and the contacts she gave, sealed, in the personal database."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import CONTACT
from privacy.subjects.replaced_values import replaced_field
from privacy.vault.fields import EncryptedModel, EncryptedTextField

BATCH_SIZE = 1000


PREFIX = "S"


def new_subject_reference() -> str:
    """Return a reference such as S-7F3K-92QX; people say this, never an identifier."""
    return new_reference(PREFIX)


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


class ContactQuerySet(models.QuerySet["Contact"]):
    def current(self) -> "ContactQuerySet":
        """Those that are used: neither ended nor replaced."""
        return self.filter(ended_at=None)

    def of(self, subject_id: UUID) -> "ContactQuerySet":
        return self.filter(subject_id=subject_id)

    def emails(self, subject_ids: Iterable[UUID]) -> "ContactQuerySet":
        """The e-mail addresses of these people in the order in which they are used: proven ones, the preferred first.

        One that nobody has proven comes last: it is used where a duty to notify leaves no other.
        """
        return self._by_use(subject_ids, Contact.Kind.EMAIL)

    def phones(self, subject_ids: Iterable[UUID]) -> "ContactQuerySet":
        """The telephone numbers of these people, in the same order."""
        return self._by_use(subject_ids, Contact.Kind.PHONE)

    def _by_use(self, subject_ids: Iterable[UUID], kind: str) -> "ContactQuerySet":
        held = self.filter(subject_id__in=list(subject_ids), kind=kind)
        return held.alias(is_unproven=Q(verified_at=None)).order_by("is_unproven", "-is_preferred", "recorded_at", "id")


class Contact(EncryptedModel):
    """One way to reach a person, as she gave it to the office; sealed, in the personal database (P8.7).

    Another value is another row: the one before ends, is told, and goes. ``package_from`` is the moment before which
    no code of a package goes here.
    """

    record_label = "subjects.Contact"

    class Source(models.TextChoices):
        GATEWAY = "gateway", _("gateway")
        PERSON = "person", _("data subject")
        OFFICE = "office", _("office")
        CORRECTION = "correction", _("correction on request")

    class Purpose(models.TextChoices):
        NOTICES = "notices", _("notices about the person's data, and answers to them")

    class Basis(models.TextChoices):
        CONTRACT = "contract", _("carrying out the registration (PIPA, art. 15(1)4)")
        REQUEST = "request", _("given by the data subject for this (PIPA, art. 15(1)1)")
        LEGAL_DUTY = "legal-duty", _("a duty to notify under law (PIPA, art. 15(1)2)")

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        ADDRESS = "address", _("postal address")

    class Language(models.TextChoices):
        KOREAN = "ko", _("Korean")
        ENGLISH = "en", _("English")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    value = EncryptedTextField(_("value"), item_from="kind", index="contact", sealed_as="value")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.NOTICES)
    basis = models.CharField(_("basis"), max_length=12, choices=Basis, default=Basis.REQUEST)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    source = models.CharField(_("source"), max_length=12, choices=Source)
    document = models.CharField(_("document"), max_length=100, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    is_preferred = models.BooleanField(_("preferred"), default=False)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    package_from = models.DateTimeField(_("can receive codes for packages from"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    told_at = models.DateTimeField(_("notified of the end at"), null=True, blank=True)
    is_replaced = models.BooleanField(_("replaced by another"), default=False)
    replaced = replaced_field()

    objects = ContactQuerySet.as_manager()

    class Encryption:
        category = CONTACT
        subject = "subject_id"

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions: ClassVar = [
            ("record_contact", _("Can record and end a data subject's contacts and set the preferred one"))
        ]
        indexes: ClassVar = [models.Index(fields=["subject_id"], name="subjects_contact_subject")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "kind"], condition=Q(ended_at=None), name="subjects_contact_one_of_a_kind"
            ),
            models.UniqueConstraint(
                fields=["subject_id"], condition=Q(is_preferred=True), name="subjects_contact_one_preferred"
            ),
            models.CheckConstraint(
                condition=Q(is_preferred=False) | Q(ended_at=None), name="subjects_contact_ended_is_not_preferred"
            ),
            models.CheckConstraint(
                condition=Q(is_replaced=False) | Q(ended_at__isnull=False), name="subjects_contact_replaced_has_ended"
            ),
            models.CheckConstraint(
                condition=~Q(source="office") | ~Q(document=""), name="subjects_contact_of_the_office_has_a_document"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"

    def receives_packages(self, at: datetime) -> bool:
        """Whether a code of a package may go here: the person proved it is hers, and a change of it has waited."""
        return self.ended_at is None and self.verified_at is not None and self.package_from <= at

    def has_ended_within(self, wait: timedelta, at: datetime) -> bool:
        return self.ended_at is not None and at < self.ended_at + wait


class ContactCode(models.Model):
    """A code that was mailed to a contact, to prove that it is the person's; only its digest is kept."""

    record_label = "subjects.ContactCode"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    record_id = models.UUIDField(_("contact"))
    digest = models.CharField(_("SHA-256 of the code"), max_length=64, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("code for a contact")
        verbose_name_plural = _("codes for contacts")
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["subject_id", "issued_at"], name="subjects_codes_of_a_person")]

    def __str__(self) -> str:
        return str(self.id)


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
