"""How processors are supervised: checks with a checklist, and training of their people (PIPA art. 26(4))."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.processors.models.consignments import Consignment
from privacy.safeguards.models import Inspection


def new_supervision_reference() -> str:
    return new_reference("SV")


class Criterion(models.TextChoices):
    """What a check of a processor looks at: Decree art. 28(6) with PIPA art. 26(1), (5), (6)."""

    PURPOSE = "purpose", _("Data is used for the consigned work only and given to nobody else")
    SUBPROCESSING = "subprocessing", _("Nobody else is engaged without consent")
    ACCESS = "access", _("Access rights are few, personal and reviewed")
    RECORDS = "records", _("Access records are kept and checked")
    ENCRYPTION = "encryption", _("Stored and transmitted data is encrypted where the law asks for it")
    PEOPLE = "people", _("Its people are trained and bound to secrecy")
    PLACE = "place", _("Rooms, devices and media are protected; the country is the agreed one")
    DESTRUCTION = "destruction", _("Data that is no longer needed is destroyed, provably")
    INCIDENTS = "incidents", _("A breach would be reported to the company at once")


class Answer(models.TextChoices):
    """What a check says of one criterion."""

    MET = "met", pgettext_lazy("criterion", "in order")
    UNMET = "unmet", pgettext_lazy("criterion", "not in order")
    NOT_APPLICABLE = "not-applicable", pgettext_lazy("criterion", "does not apply")


class Supervision(models.Model):
    """One check of a processor, or one training of its people, with its evidence. It is never changed."""

    record_label = "processors.Supervision"

    class Kind(models.TextChoices):
        CHECK = "check", _("check")
        TRAINING = "training", _("training")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_supervision_reference)
    consignment = models.ForeignKey(
        Consignment, verbose_name=_("consignment"), on_delete=models.PROTECT, related_name="supervisions"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    held_on = models.DateField(pgettext_lazy("supervision", "held on"))
    method = models.CharField(_("method"), max_length=200)
    outcome = models.TextField(_("result"))
    checklist: "models.JSONField[dict[str, dict[str, str]]]" = models.JSONField(_("checklist"), default=dict)
    trained = models.PositiveIntegerField(_("people trained"), null=True, blank=True)
    inspection = models.OneToOneField(
        Inspection, verbose_name=_("inspection"), on_delete=models.PROTECT, null=True, blank=True,
        related_name="supervision",
    )  # fmt: skip
    file_id = models.UUIDField(_("evidence"))
    file_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("supervision of a processor")
        verbose_name_plural = _("supervision of processors")
        ordering = ["-held_on", "-recorded_at"]
        default_permissions = ("view",)
        permissions = [("supervise_processors", _("Can record checks and training of processors"))]
        constraints = [
            models.CheckConstraint(
                name="processors_check_has_its_checklist_and_training_its_people",
                condition=Q(kind="check", inspection__isnull=False, trained=None)
                | Q(kind="training", inspection=None, checklist={}, trained__gte=1),
            ),
            models.CheckConstraint(
                name="processors_supervision_has_evidence",
                condition=Q(file_digest__regex=r"^[0-9a-f]{64}$") & ~Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def unmet(self) -> list[Criterion]:
        """The criteria that were not in order, in the order of the list."""
        return [one for one in Criterion if self.checklist.get(one.value, {}).get("answer") == Answer.UNMET]
