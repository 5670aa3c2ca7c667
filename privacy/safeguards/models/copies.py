"""Prints and copies: what left the portal, by the audit trail, and what became of it (form F-17, law S-27).

Who made a copy, when, why and of what stands on the trail, and nowhere a second time. A record adds what the portal
can't know: how many there are, who holds them, and that they are gone.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from privacy.ledger.models import Entry
from privacy.lib.dates.clock import KST
from privacy.lib.identifiers.ids import new_id

# An index of the trail has this same condition (privacy/ledger/sql/08_copies.sql).
COPIES = Q(kind__in=["act", "read"]) & (
    Q(word__endswith=".exported")
    | Q(word__endswith=".printed")
    | Q(word__in=["disclosures.disclosure.provided", "disclosures.file.fetched"])
    | Q(task__endswith=".printed")
    | Q(task="rights.letter.shown")
)
# What somebody of the office took out: not what a person fetched about themselves, nor what a job made.
OFFICE_ACCOUNTS = "U-"


class PrintoutManager(models.Manager["Printout"]):
    def get_queryset(self) -> models.QuerySet["Printout"]:
        return super().get_queryset().filter(COPIES, actor__startswith=OFFICE_ACCOUNTS)

    def untold(self) -> models.QuerySet["Printout"]:
        """Return those of which nobody said yet what became of them, with the day of making (``made_on``)."""
        return self.filter(copy_record=None).annotate(made_on=TruncDate("time", tzinfo=KST))


class Printout(Entry):
    """An entry of the trail about a file or paper that somebody of the office took out."""

    record_label = "safeguards.Printout"

    objects: ClassVar[PrintoutManager] = PrintoutManager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        default_permissions = ("view",)
        permissions = [("keep_copies", _("Can record where prints and copies are and what became of them"))]
        verbose_name = _("print or copy")
        verbose_name_plural = _("prints and copies")

    def __str__(self) -> str:
        return str(self.pk)


class CopyRecordQuerySet(models.QuerySet["CopyRecord"]):
    def open(self) -> "CopyRecordQuerySet":
        """Copies that are neither destroyed nor returned nor handed over, while the trail says who made them."""
        return self.filter(Exists(Entry.objects.filter(pk=OuterRef("entry_id"))), ended_on=None)


class CopyRecord(models.Model):
    """Copies of one output: how many, who holds them until when, and what became of them, confirmed by another."""

    record_label = "safeguards.CopyRecord"

    class Outcome(models.TextChoices):
        DESTROYED = "destroyed", _("destroyed")
        RETURNED = "returned", _("returned to the archive")
        HANDED_OVER = "handed-over", _("handed over to the person or body it was made for")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No constraint: an entry ends with its own term, by which its copies have to be gone.
    entry = models.OneToOneField(
        Entry, verbose_name=_("entry"), on_delete=models.DO_NOTHING, db_constraint=False, related_name="copy_record"
    )
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    copies = models.PositiveIntegerField(_("number of copies"))
    holder = models.CharField(_("kept by"), max_length=120)
    taken_out = models.BooleanField(_("taken out of the office"), default=False)
    due_on = models.DateField(_("destroy or return by"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    outcome = models.CharField(_("what became of it"), max_length=12, choices=Outcome, blank=True)
    method = models.CharField(_("how"), max_length=200, blank=True)
    ended_on = models.DateField(_("destroyed or returned on"), null=True, blank=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=64, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = CopyRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record of copies")
        verbose_name_plural = _("records of copies")
        ordering = ["due_on"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="safeguards_copies_are_held_by_somebody", condition=Q(copies__gt=0) & ~Q(holder="")
            ),
            models.CheckConstraint(
                name="safeguards_copies_ended_say_how",
                condition=Q(ended_on=None, confirmed_at=None, outcome="", method="", confirmed_by="")
                | (
                    Q(ended_on__isnull=False, confirmed_at__isnull=False)
                    & ~Q(outcome="") & ~Q(method="") & ~Q(confirmed_by="")
                ),
            ),
            models.CheckConstraint(
                name="safeguards_copies_ended_are_confirmed_by_another", condition=~Q(confirmed_by=F("recorded_by"))
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.entry_id)
