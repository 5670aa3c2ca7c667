"""What the vault remembers: keys (wrapped), tombstones of destroyed keys, check values, freezes, sealed files."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id
from privacy.vault.fields import EncryptedBytesField, EncryptedModel, EncryptedTextField


class SubjectKey(models.Model):
    """One subject's key for one category, wrapped by a generation of the master key."""

    record_label = "vault.SubjectKey"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("subject"), editable=False)
    category = models.CharField(_("category"), max_length=60, editable=False)
    wrapped = models.BinaryField(editable=False)
    generation = models.PositiveIntegerField(_("generation"), editable=False)
    created_at = models.DateTimeField(_("made at"), editable=False)

    class Meta:
        verbose_name = _("subject key")
        verbose_name_plural = _("subject keys")
        permissions = [("open_vault", _("Can view personal data within an access grant"))]
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "category"], name="vault_one_key_for_subject_and_category"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id} · {self.category}"


class MonthKey(models.Model):
    """The key of one category and calendar month (KST), wrapped by a generation of the master key."""

    record_label = "vault.MonthKey"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.CharField(_("category"), max_length=60, editable=False)
    month = models.DateField(_("month"), editable=False)
    wrapped = models.BinaryField(editable=False)
    generation = models.PositiveIntegerField(_("generation"), editable=False)
    created_at = models.DateTimeField(_("made at"), editable=False)

    class Meta:
        verbose_name = _("month key")
        verbose_name_plural = _("month keys")
        constraints = [
            models.UniqueConstraint(fields=["category", "month"], name="vault_one_key_for_category_and_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="vault_epoch_starts_on_the_first"),
        ]

    def __str__(self) -> str:
        return f"{self.category} · {self.month:%Y-%m}"


class Tombstone(models.Model):
    """A key was destroyed: when, why, by which certificate. Sealing again for it is refused, for ever.

    With ``subject_id`` it stands for a subject's key (``category`` empty: all categories, also coming ones), with
    ``month`` for an epoch's. ``generation`` is the one that wrapped the key; the destruction is final in every
    file and backup when that generation has ended (``KeyCheck.ended_at``). It holds no personal data.
    """

    record_label = "vault.Tombstone"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("subject"), null=True, editable=False)
    category = models.CharField(_("category"), max_length=60, blank=True, editable=False)
    month = models.DateField(_("month"), null=True, editable=False)
    generation = models.PositiveIntegerField(_("generation"), null=True, editable=False)
    cause = models.CharField(_("cause"), max_length=60, editable=False)
    certificate = models.CharField(pgettext_lazy("destruction", "certificate"), max_length=60, editable=False)
    destroyed_at = models.DateTimeField(_("destroyed at"), editable=False)

    class Meta:
        verbose_name = _("destroyed key")
        verbose_name_plural = _("destroyed keys")
        # Not db_index, which makes a second index for patterns: nobody searches for a part of a number.
        indexes = [models.Index(fields=["certificate"], name="vault_stones_of_a_certificate")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "category"],
                condition=Q(subject_id__isnull=False),
                name="vault_subject_destroyed_once",
            ),
            models.UniqueConstraint(
                fields=["category", "month"], condition=Q(month__isnull=False), name="vault_epoch_destroyed_once"
            ),
            models.CheckConstraint(
                condition=Q(subject_id__isnull=False, month__isnull=True)
                | (Q(subject_id__isnull=True, month__isnull=False) & ~Q(category="")),
                name="vault_tombstone_stands_for_a_subject_or_an_epoch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id or f'{self.month:%Y-%m}'} · {self.category or '*'}"


class KeyCheck(models.Model):
    """What tells the right key from a wrong one at start, for each generation: a keyed value, never the key.

    The rows are also the life of the master key's generations: current, then emptied (every living key was carried
    over to its successor), then ended (destroyed outside the database).
    """

    record_label = "vault.KeyCheck"

    class Kind(models.TextChoices):
        MASTER = "master", _("master key")
        INDEX = "index", _("index key")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, editable=False)
    generation = models.PositiveIntegerField(_("generation"), editable=False)
    value = models.BinaryField(editable=False)
    current = models.BooleanField(_("current"), default=True, editable=False)
    begun_at = models.DateTimeField(_("begun at"), editable=False)
    emptied_at = models.DateTimeField(_("carried over at"), null=True, editable=False)
    ending_at = models.DateTimeField(_("destruction began at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("destroyed at"), null=True, editable=False)

    class Meta:
        verbose_name = _("key generation")
        verbose_name_plural = _("key generations")
        constraints = [
            models.UniqueConstraint(fields=["kind", "generation"], name="vault_one_check_value_for_generation"),
            models.UniqueConstraint(fields=["kind"], condition=Q(current=True), name="vault_one_current_generation"),
            models.CheckConstraint(
                condition=Q(current=False) | Q(emptied_at__isnull=True), name="vault_current_generation_is_not_emptied"
            ),
            models.CheckConstraint(
                condition=Q(ending_at__isnull=True) | Q(emptied_at__isnull=False), name="vault_emptied_before_it_ends"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ending_at__isnull=False), name="vault_end_begins_before_it_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.generation}"


class KeyHolder(models.Model):
    """A host whose key service holds the master key, as it said itself: which generations, and when it said so last.

    ``generations`` has their check values by number. ``awaited`` is one that a turn of the key waits for, because this
    host lacks it, or has another of the same number.
    """

    record_label = "vault.KeyHolder"

    host = models.CharField(_("host"), max_length=255, primary_key=True, editable=False)
    generations = models.JSONField(_("generations"), editable=False)
    seen_at = models.DateTimeField(_("last seen"), editable=False)
    awaited = models.PositiveIntegerField(_("generation to bring there"), null=True, editable=False)
    awaited_value = models.CharField(max_length=128, blank=True, db_default="", editable=False)

    class Meta:
        verbose_name = _("host with the master key")
        verbose_name_plural = _("hosts with the master key")

    def __str__(self) -> str:
        return self.host


class TurnCursor(models.Model):
    """How far a turn of the master key came: the last key of a table that was carried over to this generation."""

    record_label = "vault.TurnCursor"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    generation = models.PositiveIntegerField(_("generation"), editable=False)
    table = models.CharField(_("table"), max_length=60, editable=False)
    last = models.UUIDField(_("last key"), editable=False)

    class Meta:
        verbose_name = _("progress of a key rotation")
        verbose_name_plural = _("progress of key rotations")
        constraints = [
            models.UniqueConstraint(fields=["generation", "table"], name="vault_one_cursor_for_a_table_and_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.generation} · {self.table}"


class FreezeQuerySet(models.QuerySet["Freeze"]):
    """Questions about freezes."""

    def active(self, at: datetime | Now) -> "FreezeQuerySet":
        """Freezes that hold at the moment ``at``: not lifted, not past their end."""
        return self.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=at))

    def expired(self, at: datetime) -> "FreezeQuerySet":
        """Freezes past their end that nobody lifted yet."""
        return self.filter(lifted_at=None, until__lte=at)

    def kept_until(self, moment: datetime) -> "FreezeQuerySet":
        """Freezes that held at ``moment`` or began later, whether they hold still or have ended since."""
        lasted = Q(until=None) | Q(until__gte=moment)
        return self.filter(Q(lifted_at=None) | Q(lifted_at__gte=moment)).filter(lasted)

    def covering(
        self, subject_id: UUID, category: str, items: Collection[str] | None, record_id: UUID | None = None
    ) -> "FreezeQuerySet":
        """Freezes of the whole subject, of the category, or of one of ``items`` (``None``: any item).

        That of a single record counts for that ``record_id`` only.
        """
        of_record = Q(record_id=None) if record_id is None else Q(record_id=None) | Q(record_id=record_id)
        found = self.filter(of_record, subject_id=subject_id, category__in=("", category))
        return found if items is None else found.filter(item__in=("", *items))


class Freeze(models.Model):
    """While it holds, what it covers is neither used nor provided (P1.5, P1.7; R-20, R-21).

    An open correction freezes an item; a suspension freezes a category (``item`` empty) or the whole subject
    (``category`` empty too). Where a single report is disputed, ``record_id`` names it, and no other is frozen.
    ``until`` ends a freeze whose case nobody verified.
    """

    record_label = "vault.Freeze"

    class Cause(models.TextChoices):
        CORRECTION = "correction", _("open correction")
        SUSPENSION = "suspension", _("suspension of processing")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("subject"), editable=False)
    category = models.CharField(_("category"), max_length=60, blank=True, editable=False)
    item = models.CharField(_("item"), max_length=60, blank=True, editable=False)
    record_id = models.UUIDField(_("single record"), null=True, blank=True, editable=False)
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices, editable=False)
    case = models.CharField(_("case"), max_length=60, db_index=True, editable=False)
    frozen_at = models.DateTimeField(_("frozen at"), editable=False)
    until = models.DateTimeField(_("until"), null=True, blank=True, editable=False)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True, editable=False)

    objects = FreezeQuerySet.as_manager()

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "subject_id", "category", "item"],
                condition=Q(lifted_at__isnull=True),
                name="vault_frozen_once_for_a_case",
            ),
            models.CheckConstraint(condition=~Q(category="") | Q(item=""), name="vault_frozen_item_has_a_category"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=models.F("frozen_at")),
                name="vault_lifted_after_frozen",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_id"], condition=Q(lifted_at__isnull=True), name="vault_frozen_subjects"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.category or '*'} · {self.item or '*'}"


class EncryptedFileQuerySet(models.QuerySet["EncryptedFile"]):
    """Questions about sealed files."""

    def unjudged(self) -> "EncryptedFileQuerySet":
        """Files that came from outside and that no scanner has judged yet."""
        return self.filter(state__in=(EncryptedFile.State.PENDING, EncryptedFile.State.UNSCANNED))

    def usable(self) -> "EncryptedFileQuerySet":
        """Files that can be opened, or may still turn out so."""
        return self.exclude(state=EncryptedFile.State.QUARANTINE)

    def quarantined(self) -> "EncryptedFileQuerySet":
        return self.filter(state=EncryptedFile.State.QUARANTINE)


class EncryptedFile(EncryptedModel):
    """A file of a case (evidence, mandate, package), sealed like any value; it lives in ``personal``.

    What came from outside is opened only once it was examined and a scanner found it clean (P8.5, SEC-43). Without a
    scanner it waits; in a demonstration, where it opens all the same, it says so: unscanned.
    """

    record_label = "vault.EncryptedFile"

    class State(models.TextChoices):
        MADE = "made", _("made by the portal")
        UNSCANNED = "unscanned", _("not scanned: no scanner is set up")
        PENDING = "pending", _("waiting for the scan")
        CLEAN = "clean", _("clean")
        QUARANTINE = "quarantine", _("quarantine")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("subject"), db_index=True, editable=False)
    category = models.CharField(_("category"), max_length=60, editable=False)
    case = models.CharField(_("case"), max_length=60, db_index=True, editable=False)
    name = EncryptedTextField(sealed_as="name", verbose_name=_("file name"))
    content = EncryptedBytesField(sealed_as="content", verbose_name=_("content"))
    media_type = models.CharField(_("media type"), max_length=100, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    stored_at = models.DateTimeField(_("stored at"), editable=False)
    state = models.CharField(_("scan for malware"), max_length=10, choices=State, default=State.MADE, editable=False)
    finding = models.CharField(_("malware found"), max_length=200, blank=True, editable=False)
    scanned_at = models.DateTimeField(_("scanned at"), null=True, editable=False)

    objects = EncryptedFileQuerySet.as_manager()

    class Encryption:
        subject = "subject_id"
        category_from = "category"
        month_from = "stored_at"

    class Meta:
        verbose_name = _("sealed file")
        verbose_name_plural = _("sealed files")
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="quarantine") & ~Q(finding="")) | (~Q(state="quarantine") & Q(finding="")),
                name="vault_quarantined_if_and_only_if_malware_was_found",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("clean", "quarantine"), scanned_at__isnull=False)
                | (~Q(state__in=("clean", "quarantine")) & Q(scanned_at__isnull=True)),
                name="vault_judged_if_and_only_if_scanned",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stored_at"],
                condition=Q(state__in=("pending", "unscanned")),
                name="vault_files_to_scan",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.media_type}"
