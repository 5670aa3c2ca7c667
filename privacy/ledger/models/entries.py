"""The trail: entries, their places in the tree, signed tree heads. The tables are made by SQL and only ever grow."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.ledger.entries.pseudonyms import pseudonyms_of

_KEPT_SINCE = (
    "SELECT time FROM ledger.entry WHERE EXISTS (SELECT FROM ledger.pruning WHERE cardinality(partitions) > 0)"
    " ORDER BY id LIMIT 1"
)


class EntryQuerySet(models.QuerySet["Entry"]):
    """Questions of an auditor. Each is answered by an index; none counts the whole table."""

    def naming(self, subject: str | UUID) -> EntryQuerySet:
        """Entries that name this subject, by any pseudonym, among those whose data was handled."""
        return self.filter(names_one_of(pseudonyms_of(str(subject))))

    def about(self, record: str) -> EntryQuerySet:
        """Entries about one record, given as ``label:id``."""
        return self.filter(about=record)

    def by(self, ref: str) -> EntryQuerySet:
        """Entries of one account."""
        return self.filter(actor=ref)

    def reads(self) -> EntryQuerySet:
        """Entries of personal data shown."""
        return self.filter(kind="read")

    def between(self, start: datetime, end: datetime) -> EntryQuerySet:
        """Entries stamped from ``start`` until before ``end``."""
        return self.filter(time__gte=start, time__lt=end)

    def kept_since(self) -> datetime | None:
        """From when on every entry is kept; None while nothing was pruned.

        The first entry's place in the tree would not tell: one that commits late is sealed behind others.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute(_KEPT_SINCE)
            row = cursor.fetchone()
        return row[0] if row else None

    def is_pruned(self, moment: datetime) -> bool:
        """Whether entries of that moment are past their own term: that there is none proves nothing then."""
        since = self.kept_since()
        return since is not None and moment < since


class EntryPeople(models.Model):
    """Whom an entry was about that has only the digest of their list: more people than an entry names one by one."""

    record_label = "ledger.EntryPeople"

    entry_id = models.BigIntegerField(primary_key=True)
    people = ArrayField(models.TextField())

    class Meta:
        managed = False
        db_table = 'ledger"."entry_people'
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.entry_id)


def names_one_of(names: list[str]) -> Q:
    """Return the condition of entries that name one of these, themselves or in the list beside them.

    The lists are asked first: one question about both would be answered by no index.
    """
    listed = EntryPeople.objects.filter(people__overlap=names).values_list("entry_id", flat=True)
    return Q(subjects__overlap=names) | Q(id__in=list(listed))


class Entry(models.Model):
    """One act on record. ``payload`` is hashed exactly as stored; the stamp fills the columns after it, for search."""

    record_label = "ledger.Entry"

    id = models.BigIntegerField(_("number"), primary_key=True)
    time = models.DateTimeField(_("time"))
    generation = models.IntegerField(_("generation"))
    kind = models.TextField(
        _("kind"),
        choices=[("act", _("act")), ("read", _("read")), ("denied", _("denied")), ("change", _("field change"))],
    )
    payload = models.TextField(_("payload"))
    word = models.TextField(_("event code"))
    actor = models.TextField(_("account"))
    about = models.TextField(_("about"), null=True)  # noqa: DJ001 - absent is absent
    subjects = ArrayField(models.TextField(), verbose_name=_("data subjects handled"), null=True)
    task = models.TextField(_("task performed"), null=True)  # noqa: DJ001 - absent is absent
    purpose = models.TextField(_("purpose"), null=True)  # noqa: DJ001 - absent is absent

    objects = EntryQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = 'ledger"."entry'
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        default_permissions = ("view",)
        permissions = [
            ("verify_trail", _("Can verify the audit trail")),
            ("export_trail", _("Can export bundles and proofs of the audit trail")),
            ("review_trail", _("Can review access records")),
            ("confirm_review", _("Can confirm a review of access records")),
            ("confirm_adoption", _("Can confirm that registers were recorded again")),
            ("accept_refusal", _("Can accept entry times that the notary refused")),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.word}"


class AccessRecordManager(models.Manager.from_queryset(EntryQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> EntryQuerySet:
        found: EntryQuerySet = super().get_queryset().filter(kind="read")
        return found


class AccessRecord(Entry):
    """An entry of personal data shown: the access record of the law (S-01)."""

    record_label = "ledger.AccessRecord"

    objects: ClassVar[AccessRecordManager] = AccessRecordManager()

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("access record")
        verbose_name_plural = _("access records")


class Leaf(models.Model):
    """The place of an entry in the tree: sealed in this order, with this hash (RFC 6962)."""

    record_label = "ledger.Leaf"

    index = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = 'ledger"."leaf'
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.index)


class Tree(models.Model):
    """A tree head: what the log looked like after one batch was sealed, and the snapshot that batch was taken in."""

    record_label = "ledger.Tree"

    size = models.BigIntegerField(_("size"), primary_key=True)
    root = models.BinaryField(_("root"))
    frontier = models.BinaryField()
    snapshot = models.TextField()
    generation = models.IntegerField()
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        managed = False
        db_table = 'ledger"."tree'
        verbose_name = _("tree head")
        verbose_name_plural = _("tree heads")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.size)


class Checkpoint(models.Model):
    """A tree head signed by the notary (C2SP tlog-checkpoint), and the signed digest of all tree heads before it."""

    record_label = "ledger.Checkpoint"

    size = models.BigIntegerField(_("size"), primary_key=True)
    note = models.TextField(_("signed note"))
    heads = models.TextField(_("signed digest of the tree heads"))
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        managed = False
        db_table = 'ledger"."checkpoint'
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.size)


class Anchor(models.Model):
    """Where a checkpoint was put out of our own reach, and when."""

    record_label = "ledger.Anchor"

    id = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(_("size"))
    place = models.TextField(_("place"))
    receipt = models.TextField(_("receipt"))
    anchored_at = models.DateTimeField(_("anchored at"))

    class Meta:
        managed = False
        db_table = 'ledger"."anchor'
        verbose_name = _("anchor")
        verbose_name_plural = _("anchors")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.size} {self.place}"

    @property
    def where(self) -> str:
        """The place in the reader's language; of a mail, how many auditors it reached."""
        if self.place == "directory":
            return str(_("append-only directory"))
        reached = [int(word) for word in self.place.split() if word.isdecimal()]
        if not reached:
            return self.place
        return ngettext("mail to %(count)d auditor", "mail to %(count)d auditors", reached[0]) % {"count": reached[0]}


class RecoveryEpoch(models.Model):
    """A life of the database: transaction numbers start again after a logical restore, so a new life is declared."""

    record_label = "ledger.RecoveryEpoch"

    generation = models.IntegerField(primary_key=True)
    system_identifier = models.TextField()
    started_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = 'ledger"."recovery_epoch'
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.generation)
