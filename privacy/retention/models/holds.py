"""Holds: litigation and investigation stop every path that destroys (law D-03)."""

from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id, new_reference


def new_hold_reference() -> str:
    return new_reference("H")


class HoldQuerySet(models.QuerySet["Hold"]):
    def active(self, on: date) -> "HoldQuerySet":
        """Holds that stand on a day: not lifted, and not past their last day."""
        return self.filter(lifted_at=None).filter(Q(until=None) | Q(until__gte=on))

    def ended(self, on: date) -> "HoldQuerySet":
        """Holds past their last day that nobody has lifted yet."""
        return self.filter(lifted_at=None, until__lt=on)

    def kept_until(self, moment: datetime) -> "HoldQuerySet":
        """Holds that were in force at ``moment`` or began later, whether they stand or have ended since."""
        lasted = Q(until=None) | Q(until__gte=clock.kst_date(moment))
        return self.filter(Q(lifted_at=None) | Q(lifted_at__gte=moment)).filter(lasted)

    def on_category(self, category: str) -> "HoldQuerySet":
        """Holds that reach a category: of that category, or of every one."""
        return self.filter(category__in=("", category))

    def on_everybody(self) -> "HoldQuerySet":
        return self.filter(subject_id=None)


class Hold(models.Model):
    """An order to keep: for one person or everybody, in one category or all. While it stands nothing is destroyed."""

    record_label = "retention.Hold"

    class Kind(models.TextChoices):
        LITIGATION = "litigation", _("litigation")
        INVESTIGATION = "investigation", _("investigation")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_hold_reference)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    subject_id = models.UUIDField(_("data subject"), null=True, blank=True, help_text=_("Leave empty for everyone."))
    category = models.CharField(
        _("category"), max_length=40, blank=True, help_text=_("Leave empty for every category.")
    )
    demanded_by = models.CharField(_("demanded by"), max_length=200)
    document = models.CharField(_("document number"), max_length=100)
    reason = models.TextField(_("reason"))
    until = models.DateField(_("last day"), null=True, blank=True)
    placed_by = models.CharField(_("placed by"), max_length=64)
    placed_at = models.DateTimeField(_("placed at"))
    lift_asked_by = models.CharField(_("lifting requested by"), max_length=64, blank=True)
    lift_asked_at = models.DateTimeField(_("lifting requested at"), null=True, blank=True)
    lifted_by = models.CharField(_("lifted by"), max_length=64, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lift_reason = models.TextField(_("reason for lifting"), blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = pgettext_lazy("destruction", "holds")
        ordering: ClassVar = ["-placed_at"]
        permissions: ClassVar = [("place_hold", "Can place a hold"), ("lift_hold", "Can lift a hold")]
        indexes: ClassVar = [
            models.Index(fields=["subject_id"], name="retention_holds_standing", condition=Q(lifted_at__isnull=True)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="retention_hold_says_who_and_why",
                condition=~Q(demanded_by="") & ~Q(reason="") & ~Q(document="") & ~Q(placed_by=""),
            ),
            models.CheckConstraint(
                name="retention_hold_lifted_by_someone_for_a_reason",
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by="") & ~Q(lift_reason="")),
            ),
            models.CheckConstraint(
                name="retention_hold_lifted_by_another_than_who_asked",
                condition=Q(lifted_by="") | (~Q(lift_asked_by="") & ~Q(lifted_by=F("lift_asked_by"))),
            ),
            models.CheckConstraint(
                name="retention_hold_lifting_asked_by_someone_for_a_reason",
                condition=Q(lift_asked_at__isnull=True, lift_asked_by="", lift_reason="")
                | (Q(lift_asked_at__isnull=False) & ~Q(lift_asked_by="") & ~Q(lift_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def stands(self) -> bool:
        """Whether nobody has lifted it; its last day is asked with ``active(on)``."""
        return self.lifted_at is None

    def is_in_force(self, on: date) -> bool:
        """Whether it keeps anything on a day: not lifted, and not past its last day."""
        return self.stands and (self.until is None or self.until >= on)
