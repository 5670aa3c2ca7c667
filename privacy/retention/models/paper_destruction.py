"""Destructions of paper and other media, recorded by hand (P7.2, law D-06)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference


def new_paper_reference() -> str:
    return new_reference("PD")


class PaperDestruction(models.Model):
    """Paper or another medium destroyed: method, amount, place, witness, evidence (P7.2, law D-06)."""

    record_label = "retention.PaperDestruction"

    class Method(models.TextChoices):
        SHRED = "shred", _("shredding")
        INCINERATE = "incinerate", _("incineration")
        DEGAUSS = "degauss", _("degaussing")
        OVERWRITE = "overwrite", _("overwriting")
        PHYSICAL = "physical", _("physical destruction")
        MASK = "mask", _("masking or punching of a part")
        ERASE = "erase", _("erasure of a part, supervised against restoring")

    class Medium(models.TextChoices):
        PAPER = "paper", _("paper")
        DISK = "disk", _("disk")
        TAPE = "tape", _("tape")
        REMOVABLE = "removable", _("removable media")
        OTHER = "other", _("other medium")

    # Where only a part goes: paper is masked or punched, a file erased and watched (law D-07).
    PARTIAL: ClassVar = (Method.MASK, Method.ERASE)
    OF_PART: ClassVar = ("part", "rest", "partial_reason", "supervision", "supervisor")
    # Paper is shredded or burnt, never degaussed; a magnetic medium is not masked.
    METHODS: ClassVar[dict[str, tuple[str, ...]]] = {
        Medium.PAPER: (Method.SHRED, Method.INCINERATE, Method.MASK),
        Medium.DISK: (Method.SHRED, Method.INCINERATE, Method.DEGAUSS, Method.OVERWRITE, Method.PHYSICAL, Method.ERASE),
        Medium.TAPE: (Method.SHRED, Method.INCINERATE, Method.DEGAUSS, Method.OVERWRITE, Method.PHYSICAL, Method.ERASE),
        Medium.REMOVABLE: (Method.SHRED, Method.INCINERATE, Method.OVERWRITE, Method.PHYSICAL, Method.ERASE),
        Medium.OTHER: tuple(Method),
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_paper_reference)
    medium = models.CharField(_("medium"), max_length=10, choices=Medium)
    contents = models.CharField(_("contents"), max_length=200)
    created_from = models.DateField(_("created from"), null=True, blank=True)
    created_until = models.DateField(_("created until"), null=True, blank=True)
    amount = models.PositiveIntegerField(_("amount"))
    amount_unit = models.CharField(_("unit of amount"), max_length=20)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    place = models.CharField(_("place"), max_length=200)
    # Of what was recorded before it was asked for, nobody said so.
    due_since = models.DateField(_("due since"), null=True, blank=True)
    destroyed_on = models.DateField(_("destroyed on"))
    reason = models.CharField(_("reason"), max_length=200)
    executor = models.CharField(_("carried out by"), max_length=100)
    witness = models.CharField(_("witness"), max_length=100)
    # of a part alone
    part = models.CharField(_("part destroyed"), max_length=200, blank=True)
    rest = models.CharField(_("what is kept"), max_length=200, blank=True)
    partial_reason = models.CharField(_("why not the whole"), max_length=300, blank=True)
    supervision = models.CharField(_("how restoring is prevented"), max_length=300, blank=True)
    supervisor = models.CharField(_("supervised by"), max_length=100, blank=True)
    evidence_id = models.UUIDField(_("sealed evidence file"), null=True, blank=True)
    evidence_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("destruction of paper or media")
        verbose_name_plural = _("destructions of paper and media")
        ordering: ClassVar = ["-destroyed_on"]
        permissions: ClassVar = [("record_paper", "Can record the destruction of paper and media")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="retention_paper_witnessed_by_another", condition=~Q(witness="") & ~Q(witness=F("executor"))
            ),
            models.CheckConstraint(
                name="retention_paper_is_shredded_or_burnt",
                condition=~Q(medium="paper") | Q(method__in=("shred", "incinerate", "mask")),
            ),
            models.CheckConstraint(
                name="retention_paper_whole_has_no_part",
                condition=Q(method__in=("mask", "erase"))
                | Q(part="", rest="", partial_reason="", supervision="", supervisor=""),
            ),
            models.CheckConstraint(
                name="retention_paper_erased_part_is_supervised",
                condition=~Q(method="erase")
                | (~Q(part="") & ~Q(supervision="") & ~Q(supervisor="") & ~Q(supervisor=F("executor"))),
            ),
            models.CheckConstraint(name="retention_paper_is_some", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="retention_paper_created_in_order",
                condition=Q(created_from=None) | Q(created_until=None) | Q(created_until__gte=F("created_from")),
            ),
            models.CheckConstraint(
                name="retention_paper_due_before_destroyed",
                condition=Q(due_since=None) | Q(due_since__lte=F("destroyed_on")),
            ),
            models.CheckConstraint(
                name="retention_paper_created_before_destroyed",
                condition=(Q(created_from=None) | Q(created_from__lte=F("destroyed_on")))
                & (Q(created_until=None) | Q(created_until__lte=F("destroyed_on"))),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_partial(self) -> bool:
        return self.method in self.PARTIAL

    def rows_of_part(self) -> list[tuple[str, str]]:
        """Return label and words of what is said of a part, in the language that is active; nothing for a whole."""
        return [
            (str(field.verbose_name), field.value_from_object(self))
            for field in self._meta.fields
            if field.name in self.OF_PART and field.value_from_object(self)
        ]

    def describe_part(self) -> str:
        """Return the same in one text, for the register."""
        return "\n".join(f"{label}: {text}" for label, text in self.rows_of_part())
