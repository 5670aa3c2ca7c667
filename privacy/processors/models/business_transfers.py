"""Transfers of the business (영업양도·합병): who takes over, and that the people concerned were told (PIPA art. 27)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.campaigns.models import Campaign
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models import Notice


def new_business_transfer_reference() -> str:
    return new_reference("BT")


class BusinessTransferQuerySet(models.QuerySet["BusinessTransfer"]):
    def open(self) -> "BusinessTransferQuerySet":
        """Those that have neither happened nor been given up."""
        return self.filter(done_on=None, cancelled_at=None)

    def untold(self) -> "BusinessTransferQuerySet":
        """Open ones of which nobody was told yet."""
        return self.open().filter(announced_at=None)

    def handed_over(self) -> "BusinessTransferQuerySet":
        """Those that have happened."""
        return self.filter(done_on__isnull=False)

    def announced(self) -> "BusinessTransferQuerySet":
        """Open ones of which the people concerned are being told, or were."""
        return self.open().filter(announced_at__isnull=False)


class BusinessTransfer(models.Model):
    """A business that the company hands over, or takes over, with the personal data in it.

    ``bound_by``: where it is agreed that the receiver uses the data for its first purpose alone (art. 27(3)).
    ``told_on``: of a business taken over, when whoever handed it over or the company told the people (art. 27(2)).
    """

    record_label = "processors.BusinessTransfer"

    class Direction(models.TextChoices):
        GIVEN = "given", _("the company hands it over")
        TAKEN = "taken", _("the company takes it over")

    class Kind(models.TextChoices):
        WHOLE = "whole", _("transfer of the whole business")
        PART = "part", _("transfer of a part of the business")
        MERGER = "merger", _("merger")
        DIVISION = "division", _("division of the company")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_business_transfer_reference)
    direction = models.CharField(pgettext_lazy("business", "direction"), max_length=6, choices=Direction)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    party_ko = models.CharField(_("other party (Korean)"), max_length=120)
    party_en = models.CharField(_("other party (English)"), max_length=120)
    address_ko = models.CharField(_("address (Korean)"), max_length=200)
    address_en = models.CharField(_("address (English)"), max_length=200)
    phone = models.CharField(_("telephone"), max_length=40)
    contact = models.CharField(_("other contact"), max_length=200, blank=True)
    objection_ko = models.TextField(_("how to object (Korean)"), blank=True)
    objection_en = models.TextField(_("how to object (English)"), blank=True)
    bound_by = models.CharField(_("bound to the first purpose by"), max_length=300)
    transfer_on = models.DateField(pgettext_lazy("business", "planned for"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    announced_by = models.CharField(_("notice approved by"), max_length=80, blank=True)
    announced_at = models.DateTimeField(_("notice approved at"), null=True, blank=True)
    campaign: Any = models.ForeignKey(
        Campaign, verbose_name=_("individual notice"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    notice: Any = models.ForeignKey(
        Notice, verbose_name=_("notice on the website"), on_delete=models.PROTECT, null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    told_on = models.DateField(_("people told on"), null=True, blank=True)
    done_on = models.DateField(pgettext_lazy("business", "handed over on"), null=True, blank=True)
    done_by = models.CharField(_("end recorded by"), max_length=80, blank=True)
    cancelled_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    cancelled_by = models.CharField(_("given up by"), max_length=80, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = BusinessTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer of the business")
        verbose_name_plural = _("transfers of the business")
        ordering = ["-transfer_on", "-recorded_at"]
        default_permissions = ("view",)
        permissions = [("transfer_business", _("Can record transfers of the business and have people told"))]
        constraints = [
            models.CheckConstraint(
                name="processors_business_handed_over_says_how_to_object",
                condition=Q(direction="taken") | (~Q(objection_ko="") & ~Q(objection_en="")),
            ),
            models.CheckConstraint(
                name="processors_business_taken_over_says_when_people_were_told",
                condition=Q(direction="given", told_on=None) | Q(direction="taken", told_on__isnull=False),
            ),
            models.CheckConstraint(
                name="processors_business_announced_has_its_notices",
                condition=Q(announced_at=None, announced_by="", campaign=None, notice=None)
                | Q(announced_at__isnull=False, campaign__isnull=False, notice__isnull=False, direction="given")
                & ~Q(announced_by="") & ~Q(announced_by=F("recorded_by")),
            ),
            models.CheckConstraint(
                name="processors_business_is_handed_over_after_people_were_told",
                condition=Q(done_on=None, done_by="")
                | (Q(direction="taken") | Q(announced_at__isnull=False)) & Q(done_on__isnull=False) & ~Q(done_by=""),
            ),
            models.CheckConstraint(
                name="processors_business_given_up_says_why",
                condition=Q(cancelled_at=None, cancelled_by="", cancel_reason="")
                | Q(cancelled_at__isnull=False, done_on=None) & ~Q(cancelled_by="") & ~Q(cancel_reason=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    @property
    def waits_for_second(self) -> bool:
        """Whether nobody has approved yet what the people are told of a business that the company hands over."""
        is_open = self.done_on is None and self.cancelled_at is None
        return is_open and self.direction == self.Direction.GIVEN and self.announced_at is None
