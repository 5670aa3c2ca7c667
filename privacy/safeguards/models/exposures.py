"""Unique identifiers, accounts or cards that are exposed to the public on a network, and that they are gone (N-04)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference


def new_exposure_reference() -> str:
    return new_reference("EX")


class ExposureQuerySet(models.QuerySet["Exposure"]):
    def open(self) -> "ExposureQuerySet":
        """Those that nobody has erased or blocked yet."""
        return self.filter(ended_at=None)

    def to_confirm(self) -> "ExposureQuerySet":
        """Those that are erased or blocked, which another person has not looked at yet."""
        return self.filter(ended_at__isnull=False, confirmed_at=None)


class Exposure(models.Model):
    """Data that the public can see on a network; the PIPC or an agency may ask to erase or block it (PIPA art. 34-2).

    ``where``: the place in words, without the data. ``due_at``: without delay, and no later than the authority says.
    """

    record_label = "safeguards.Exposure"

    class Found(models.TextChoices):
        PIPC = "pipc", _("request of the PIPC")
        AGENCY = "agency", _("request of a specialised agency (KISA)")
        OWN = "own", _("found by the company")

    class What(models.TextChoices):
        UNIQUE_ID = "unique-id", _("unique identifiers")
        ACCOUNT = "account", _("account details")
        CARD = "card", _("credit card details")
        OTHER = "other", _("other personal data")

    class Measure(models.TextChoices):
        ERASED = "erased", _("erased")
        BLOCKED = "blocked", _("blocked")
        NOT_OURS = "not-ours", _("not the company's: passed on")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_exposure_reference)
    found = models.CharField(_("how it became known"), max_length=8, choices=Found)
    document = models.CharField(_("number of the request"), max_length=100, blank=True)
    what = models.CharField(_("what is exposed"), max_length=10, choices=What)
    where = models.CharField(_("where"), max_length=500)
    known_at = models.DateTimeField(_("known since"))
    due_at = models.DateTimeField(_("to be erased or blocked by"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    measure = models.CharField(_("measure"), max_length=8, choices=Measure, blank=True)
    how = models.CharField(_("how it was done"), max_length=500, blank=True)
    ended_at = models.DateTimeField(_("erased or blocked at"), null=True, blank=True)
    ended_by = models.CharField(_("measure recorded by"), max_length=80, blank=True)
    answered_on = models.DateField(_("authority answered on"), null=True, blank=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=80, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = ExposureQuerySet.as_manager()

    class Meta:
        verbose_name = _("exposed data")
        verbose_name_plural = _("exposed data")
        ordering = ["-known_at"]
        default_permissions = ("view",)
        permissions = [("keep_exposures", _("Can record exposed data and that it was erased or blocked"))]
        constraints = [
            models.CheckConstraint(
                name="safeguards_exposure_on_request_names_it", condition=Q(found="own") | ~Q(document="")
            ),
            models.CheckConstraint(
                name="safeguards_exposure_ended_says_how",
                condition=Q(ended_at=None, measure="", how="", ended_by="")
                | Q(ended_at__isnull=False) & ~Q(measure="") & ~Q(how="") & ~Q(ended_by=""),
            ),
            models.CheckConstraint(
                name="safeguards_exposure_is_confirmed_by_another",
                condition=Q(confirmed_at=None, confirmed_by="")
                | Q(confirmed_at__isnull=False, ended_at__isnull=False) & ~Q(confirmed_by="")
                & ~Q(confirmed_by=F("ended_by")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference
