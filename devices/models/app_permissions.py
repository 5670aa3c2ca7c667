"""What the agent may access on a handset (접근권한), required and optional told apart (C-11, Network Act art. 22-2)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models.localized_fields import in_language


def new_app_permission_reference() -> str:
    return new_reference("AP")


class AppPermissionQuerySet(models.QuerySet["AppPermission"]):
    def on(self, day: date) -> "AppPermissionQuerySet":
        """Those that the app asks for on a day; the last day counts."""
        return self.filter(starts_on__lte=day).filter(Q(ended_on=None) | Q(ended_on__gte=day))


class AppPermission(models.Model):
    """One permission of the app: what it opens, why, and what an optional one's refusal takes away.

    A row is never changed: whoever asks for it otherwise ends it and registers it anew.
    """

    record_label = "devices.AppPermission"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_app_permission_reference)
    code = models.SlugField(_("code"), max_length=40)
    name_ko = models.CharField(_("permission (Korean)"), max_length=120)
    name_en = models.CharField(_("permission (English)"), max_length=120)
    required = models.BooleanField(pgettext_lazy("permission", "required"))
    items: "models.JSONField[list[str]]" = models.JSONField(_("items"), default=list, blank=True)
    reason_ko = models.CharField(_("why it is needed (Korean)"), max_length=300)
    reason_en = models.CharField(_("why it is needed (English)"), max_length=300)
    without_ko = models.CharField(_("what doesn't work without it (Korean)"), max_length=300, blank=True)
    without_en = models.CharField(_("what doesn't work without it (English)"), max_length=300, blank=True)
    starts_on = models.DateField(pgettext_lazy("permission", "asked from"))
    registered_by = models.CharField(_("registered by"), max_length=80)
    registered_at = models.DateTimeField(_("registered at"))
    ended_on = models.DateField(_("last day"), null=True, blank=True)
    ended_by = models.CharField(_("end recorded by"), max_length=80, blank=True)

    objects = AppPermissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("permission of the app")
        verbose_name_plural = _("permissions of the app")
        ordering = ("-required", "code", "starts_on")
        default_permissions = ("view",)
        permissions = [("keep_app_permissions", _("Can keep the register of the app's permissions"))]
        constraints = [
            models.CheckConstraint(
                name="devices_permission_that_is_optional_says_what_goes_without_it",
                condition=Q(required=True, without_ko="", without_en="")
                | Q(required=False) & ~Q(without_ko="") & ~Q(without_en=""),
            ),
            models.CheckConstraint(
                name="devices_permission_says_why", condition=~Q(reason_ko="") & ~Q(reason_en="")
            ),
            models.CheckConstraint(
                name="devices_permission_ends_after_it_began",
                condition=Q(ended_on=None, ended_by="") | (Q(ended_on__gte=F("starts_on")) & ~Q(ended_by="")),
            ),
            models.UniqueConstraint(
                name="devices_permission_once_at_a_time", fields=["code"], condition=Q(ended_on=None)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return in_language(self, "name")
