"""The register of processors: one row for each contract of consignment (위탁), and whom they engage (P-14)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference

HOME = "KR"


def new_consignment_reference() -> str:
    return new_reference("CN")


class Clause(models.TextChoices):
    """What the written contract has to agree on: PIPA art. 26(1) nos. 1–2 and Decree art. 28(1) nos. 1–5."""

    PURPOSE_ONLY = "purpose-only", _("no processing beyond the consigned work (PIPA art. 26(1)1)")
    SAFEGUARDS = "safeguards", _("technical and managerial safeguards (PIPA art. 26(1)2)")
    SCOPE = "scope", _("purpose and scope of the consigned work (Decree art. 28(1)1)")
    SUBPROCESSING = "subprocessing", _("limits of sub-consignment (Decree art. 28(1)2)")
    ACCESS = "access", _("limits of access and other safety measures (Decree art. 28(1)3)")
    SUPERVISION = "supervision", _("checks and supervision (Decree art. 28(1)4)")
    LIABILITY = "liability", _("liability for breaches (Decree art. 28(1)5)")


class ConsignmentQuerySet(models.QuerySet["Consignment"]):
    def on(self, day: date) -> "ConsignmentQuerySet":
        """The consignments under which data is processed on a day; the last day counts."""
        return self.filter(starts_on__lte=day).filter(Q(ended_on=None) | Q(ended_on__gte=day))

    def running(self) -> "ConsignmentQuerySet":
        """Those whose end nobody has recorded."""
        return self.filter(ended_on=None)

    def with_data(self) -> "ConsignmentQuerySet":
        """Those under which data is with the processor: of none is it proven that it was returned or destroyed."""
        return self.filter(disposed_on=None)

    def with_term(self) -> "ConsignmentQuerySet":
        """Those that go on and whose contract has a last day."""
        return self.running().filter(term_ends_on__isnull=False)

    def with_incomplete_contract(self) -> "ConsignmentQuerySet":
        return self.running().filter(complete_by__isnull=False)

    def without_disposal(self) -> "ConsignmentQuerySet":
        """Those that have ended and of which nobody has proven that the data was returned or destroyed."""
        return self.filter(ended_on__isnull=False, disposed_on=None)


class Consignment(models.Model):
    """One contract: who processes what for the company, from when until when, and what became of the data."""

    record_label = "processors.Consignment"

    class Disposal(models.TextChoices):
        RETURNED = "returned", _("returned, with no copy kept")
        DESTROYED = "destroyed", _("destroyed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_consignment_reference)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_ko = models.CharField(_("processor (Korean)"), max_length=120)
    name_en = models.CharField(_("processor (English)"), max_length=120)
    contact = models.CharField(_("contact"), max_length=200)
    country = models.CharField(_("country"), max_length=2, default=HOME)
    work_ko = models.CharField(_("consigned work (Korean)"), max_length=300)
    work_en = models.CharField(_("consigned work (English)"), max_length=300)
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list)
    is_marketing = models.BooleanField(_("promotion or sales"), default=False)
    told_on = models.DateField(_("people told on"), null=True, blank=True)
    told_how = models.CharField(_("how people were told"), max_length=300, blank=True)
    contract = models.CharField(_("contract"), max_length=200)
    signed_on = models.DateField(_("signed on"))
    starts_on = models.DateField(pgettext_lazy("contract", "begins on"))
    term_ends_on = models.DateField(_("term ends on"), null=True, blank=True)
    clauses: "models.JSONField[dict[str, str]]" = models.JSONField(_("articles of the contract"), default=dict)
    complete_by = models.DateField(_("amend the contract by"), null=True, blank=True)
    registered_by = models.CharField(_("registered by"), max_length=64)
    registered_at = models.DateTimeField(_("registered at"))
    ended_on = models.DateField(_("last day of processing"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=300, blank=True)
    ended_by = models.CharField(_("end recorded by"), max_length=64, blank=True)
    ended_at = models.DateTimeField(_("end recorded at"), null=True, blank=True)
    dispose_by = models.DateField(_("return or destruction to be proven by"), null=True, blank=True)
    disposal = models.CharField(_("what became of the data"), max_length=10, choices=Disposal, blank=True)
    disposed_on = models.DateField(_("returned or destroyed on"), null=True, blank=True)
    disposal_detail = models.TextField(_("how, and how it was checked"), blank=True)
    disposal_file_id = models.UUIDField(_("proof"), null=True, blank=True)
    disposal_file_digest = models.CharField(_("SHA-256 of the proof"), max_length=64, blank=True)
    disposal_by = models.CharField(_("proof recorded by"), max_length=64, blank=True)
    disposal_at = models.DateTimeField(_("proof recorded at"), null=True, blank=True)

    objects = ConsignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments (processors)")
        ordering = ["code"]
        default_permissions = ("view",)
        permissions = [("keep_processors", _("Can keep the register of processors and of transfers abroad"))]
        constraints = [
            models.CheckConstraint(
                name="processors_consignment_ends_after_it_began",
                condition=Q(ended_on=None) | Q(ended_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="processors_end_says_by_whom_and_until_when_to_dispose",
                condition=Q(ended_on=None, ended_by="", ended_at=None, dispose_by=None)
                | (Q(ended_on__isnull=False, ended_at__isnull=False, dispose_by__isnull=False) & ~Q(ended_by="")),
            ),
            models.CheckConstraint(
                name="processors_disposal_is_proven_after_the_end",
                condition=Q(disposed_on=None, disposal="", disposal_by="", disposal_file_id=None)
                | (
                    Q(disposed_on__isnull=False, ended_on__isnull=False, disposal_file_id__isnull=False)
                    & Q(disposal_file_digest__regex=r"^[0-9a-f]{64}$")
                    & ~Q(disposal="")
                    & ~Q(disposal_by="")
                ),
            ),
            models.CheckConstraint(
                name="processors_of_marketing_people_are_told",
                condition=Q(is_marketing=False) | (Q(told_on__isnull=False) & ~Q(told_how="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_ko} ({self.reference})"

    @property
    def missing_clauses(self) -> list[Clause]:
        """What the contract does not agree on yet, in the order of the law."""
        return [clause for clause in Clause if not self.clauses.get(clause.value)]


class SubprocessorQuerySet(models.QuerySet["Subprocessor"]):
    def on(self, day: date) -> "SubprocessorQuerySet":
        """Who processes under a sub-consignment on a day; the last day counts."""
        running = Q(consignment__ended_on=None) | Q(consignment__ended_on__gte=day)
        begun = self.filter(running, consignment__starts_on__lte=day, agreed_on__lte=day)
        return begun.filter(Q(ended_on=None) | Q(ended_on__gte=day))

    def with_data(self) -> "SubprocessorQuerySet":
        """Those with whom data is: until their own last day, or until that of the processor is proven to be gone."""
        return self.filter(ended_on=None, consignment__disposed_on=None)


class Subprocessor(models.Model):
    """Whom a processor engages with our consent (재위탁, PIPA art. 26(6)): to be published as it is (art. 26(2))."""

    record_label = "processors.Subprocessor"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consignment = models.ForeignKey(
        Consignment, verbose_name=_("consignment"), on_delete=models.PROTECT, related_name="subprocessors"
    )
    name_ko = models.CharField(_("sub-processor (Korean)"), max_length=120)
    name_en = models.CharField(_("sub-processor (English)"), max_length=120)
    country = models.CharField(_("country"), max_length=2, default=HOME)
    work_ko = models.CharField(_("work (Korean)"), max_length=300)
    work_en = models.CharField(_("work (English)"), max_length=300)
    agreed_on = models.DateField(_("consent given on"))
    document = models.CharField(_("document of the consent"), max_length=200)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    ended_on = models.DateField(_("last day of processing"), null=True, blank=True)
    ended_by = models.CharField(_("end recorded by"), max_length=64, blank=True)

    objects = SubprocessorQuerySet.as_manager()

    class Meta:
        verbose_name = _("sub-processor")
        verbose_name_plural = _("sub-processors")
        ordering = ["agreed_on", "id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="processors_subprocessor_ends_after_it_began",
                condition=Q(ended_on=None, ended_by="") | (Q(ended_on__gte=F("agreed_on")) & ~Q(ended_by="")),
            )
        ]

    def __str__(self) -> str:
        return self.name_ko
