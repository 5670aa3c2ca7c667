"""What the officer reports to representative and board, that they read it, and the officer's appointment (O-01)."""

from datetime import date, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models import Officer


def new_management_report_reference() -> str:
    return new_reference("MR")


class ManagementReportQuerySet(models.QuerySet["ManagementReport"]):
    def unread(self) -> "ManagementReportQuerySet":
        """Reports of which no signed copy has come back."""
        return self.filter(read_on=None)


class ManagementReport(models.Model):
    """One report by the officer, direct to representative or board, with the signed copy that proves it was read."""

    record_label = "safeguards.ManagementReport"

    class Kind(models.TextChoices):
        REGULAR = "regular", _("state of protection, main matters (PIPA art. 31(4)3)")
        RESOURCES = "resources", _("staff and budget (PIPA arts. 30-3, 31(4)2)")
        BREACH = "breach", _("breach of the law and its correction (PIPA art. 31(6))")

    class Audience(models.TextChoices):
        REPRESENTATIVE = "representative", _("business owner or representative")
        BOARD = "board", _("board of directors")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_management_report_reference)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    audience = models.CharField(_("reported to"), max_length=16, choices=Audience)
    subject = models.CharField(pgettext_lazy("report", "subject"), max_length=200)
    content = models.TextField(_("what was reported"))
    corrected = models.TextField(_("what was corrected at once"), blank=True)
    staff_asked = models.PositiveIntegerField(_("staff asked for"), null=True, blank=True)
    budget_asked = models.PositiveBigIntegerField(_("budget asked for (million won)"), null=True, blank=True)
    reported_on = models.DateField(_("reported on"))
    read_by = models.DateField(_("signed copy due"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    read_on = models.DateField(_("read on"), null=True, blank=True)
    decision = models.TextField(_("what was decided or instructed"), blank=True)
    staff_granted = models.PositiveIntegerField(_("staff granted"), null=True, blank=True)
    budget_granted = models.PositiveBigIntegerField(_("budget granted (million won)"), null=True, blank=True)
    file_id = models.UUIDField(_("signed copy"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the signed copy"), max_length=64, blank=True)
    proven_by = models.CharField(_("signed copy recorded by"), max_length=64, blank=True)
    proven_at = models.DateTimeField(_("signed copy recorded at"), null=True, blank=True)

    objects = ManagementReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report to representative or board")
        verbose_name_plural = _("reports to representative and board")
        ordering = ["-reported_on", "-recorded_at"]
        default_permissions = ("view",)
        permissions = [("report_to_management", _("Can record reports to the representative and the board"))]
        constraints = [
            models.CheckConstraint(
                name="safeguards_report_read_is_proven",
                condition=Q(read_on=None, file_id=None, file_digest="", proven_by="")
                | (
                    Q(read_on__isnull=False, file_id__isnull=False, file_digest__regex=r"^[0-9a-f]{64}$")
                    & ~Q(proven_by="")
                ),
            ),
            models.CheckConstraint(
                name="safeguards_report_of_a_breach_says_what_was_corrected",
                condition=~Q(kind="breach") | ~Q(corrected=""),
            ),
            models.CheckConstraint(
                name="safeguards_report_of_resources_says_what_is_asked",
                condition=~Q(kind="resources") | Q(staff_asked__isnull=False, budget_asked__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class OfficerAppointment(models.Model):
    """In which standing the designated officer is, by the Decree, and the paper of the appointment (O-02)."""

    record_label = "safeguards.OfficerAppointment"

    class Standing(models.TextChoices):
        OWNER = "owner", _("business owner or representative (Decree art. 32(2)2(a))")
        EXECUTIVE = "executive", _("executive (Decree art. 32(2)2(b))")
        DEPARTMENT_HEAD = "department-head", _("head of department; there is no executive (Decree art. 32(2)2(b))")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    officer = models.OneToOneField(
        Officer, verbose_name=_("designation"), on_delete=models.PROTECT, related_name="appointment"
    )
    standing = models.CharField(_("standing"), max_length=16, choices=Standing)
    position = models.CharField(_("position in the company"), max_length=120)
    appointed_on = models.DateField(_("appointed on"))
    document = models.CharField(_("paper of appointment"), max_length=200)
    file_id = models.UUIDField(_("file"))
    file_digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("appointment of the protection officer")
        verbose_name_plural = _("appointments of the protection officer")
        ordering = ["-appointed_on"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="safeguards_appointment_has_its_paper",
                condition=Q(file_digest__regex=r"^[0-9a-f]{64}$") & ~Q(position="") & ~Q(document=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.officer} {self.position}"


def signed_copy_due(reported_on: date, days: int) -> date:
    """Return by when the signed copy of a report is to be back: the office's own term, which rolls over no day."""
    return reported_on + timedelta(days=days)
