"""The register of transfers abroad (국외 이전), viewing and storing included (PIPA art. 28-8, Decree art. 29-10)."""

from datetime import date

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.processors.models.consignments import Consignment, Subprocessor


def new_transfer_reference() -> str:
    return new_reference("OT")


# The last day of a transfer: the one recorded, or the earlier one on which the data was gone. What is consigned is
# there until its return or destruction is proven, for storage abroad is a transfer too (PIPA art. 28-8(1)).
LAST_DAY = Least("ended_on", "consignment__disposed_on", "subprocessor__ended_on")


class OverseasTransferQuerySet(models.QuerySet["OverseasTransfer"]):
    def with_last_day(self) -> "OverseasTransferQuerySet":
        """With ``last_day``, see ``LAST_DAY``."""
        return self.annotate(last_day=LAST_DAY)

    def on(self, day: date) -> "OverseasTransferQuerySet":
        """The transfers that happen on a day; the last day counts."""
        return self.with_last_day().filter(starts_on__lte=day).filter(Q(last_day=None) | Q(last_day__gte=day))

    def of_data_still_there(self) -> "OverseasTransferQuerySet":
        """Those for a consignment or sub-consignment by which data is still with the recipient."""
        with_processor = Q(subprocessor=None, consignment__in=Consignment.objects.with_data())
        return self.filter(with_processor | Q(subprocessor__in=Subprocessor.objects.with_data()))

    def begun_by(self, first: object, today: date) -> "OverseasTransferQuerySet":
        """Those without an end that have begun by today, or begin by ``first`` where that is later."""
        return self.filter(ended_on=None, starts_on__lte=Greatest(first, Value(today)))


class OverseasTransfer(models.Model):
    """One recipient abroad: on which basis, and the five items of PIPA art. 28-8(2), in both languages."""

    record_label = "processors.OverseasTransfer"

    class Basis(models.TextChoices):
        CONSENT = "consent", _("separate consent (PIPA art. 28-8(1)1)")
        LAW = "law", _("special provision of an Act or treaty (PIPA art. 28-8(1)2)")
        PUBLISHED = (
            "published",
            _("consigned or stored for the contract, published in the policy (PIPA art. 28-8(1)3(a))"),
        )
        TOLD = "told", _("consigned or stored for the contract, each person told (PIPA art. 28-8(1)3(b))")
        CERTIFIED = "certified", _("recipient certified by the PIPC’s list (PIPA art. 28-8(1)4)")
        ADEQUATE = "adequate", _("country recognised by the PIPC (PIPA art. 28-8(1)5)")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_transfer_reference)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    recipient_ko = models.CharField(_("recipient (Korean)"), max_length=120)
    recipient_en = models.CharField(_("recipient (English)"), max_length=120)
    contact = models.CharField(_("contact of the recipient"), max_length=200)
    country = models.CharField(_("country"), max_length=2)
    country_ko = models.CharField(_("country (Korean)"), max_length=60)
    country_en = models.CharField(_("country (English)"), max_length=60)
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list)
    basis = models.CharField(_("basis"), max_length=10, choices=Basis)
    basis_detail = models.CharField(_("what the basis is"), max_length=300)
    consignment = models.ForeignKey(
        Consignment, verbose_name=_("consignment"), on_delete=models.PROTECT, null=True, blank=True,
        related_name="transfers",
    )  # fmt: skip
    subprocessor = models.ForeignKey(
        Subprocessor, verbose_name=_("sub-processor"), on_delete=models.PROTECT, null=True, blank=True,
        related_name="transfers",
    )  # fmt: skip
    purpose_ko = models.CharField(_("purpose of the recipient (Korean)"), max_length=300)
    purpose_en = models.CharField(_("purpose of the recipient (English)"), max_length=300)
    kept_ko = models.CharField(_("kept and used until (Korean)"), max_length=200)
    kept_en = models.CharField(_("kept and used until (English)"), max_length=200)
    way_ko = models.CharField(_("when and how (Korean)"), max_length=300)
    way_en = models.CharField(_("when and how (English)"), max_length=300)
    refusal_ko = models.TextField(_("how to refuse, and the effect (Korean)"))
    refusal_en = models.TextField(_("how to refuse, and the effect (English)"))
    safety = models.CharField(_("safety measures agreed (Decree art. 29-10(1)1)"), max_length=300)
    disputes = models.CharField(_("complaints and disputes agreed (Decree art. 29-10(1)2)"), max_length=300)
    starts_on = models.DateField(pgettext_lazy("contract", "begins on"))
    registered_by = models.CharField(_("registered by"), max_length=64)
    registered_at = models.DateTimeField(_("registered at"))
    ended_on = models.DateField(_("last day of the transfer"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=300, blank=True)
    ended_by = models.CharField(_("end recorded by"), max_length=64, blank=True)

    objects = OverseasTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer abroad")
        verbose_name_plural = _("transfers abroad")
        ordering = ["code"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="processors_transfer_leaves_the_country", condition=~Q(country="KR") & ~Q(items=[])
            ),
            models.CheckConstraint(
                name="processors_transfer_for_a_contract_names_its_consignment",
                condition=~Q(basis__in=("published", "told")) | Q(consignment__isnull=False),
            ),
            models.CheckConstraint(
                name="processors_transfer_to_a_sub_processor_names_who_engaged_it",
                condition=Q(subprocessor=None) | Q(consignment__isnull=False),
            ),
            models.CheckConstraint(
                name="processors_transfer_ends_after_it_began",
                condition=Q(ended_on=None, ended_by="") | (Q(ended_on__gte=F("starts_on")) & ~Q(ended_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_ko} ({self.reference})"
