"""By which credential the company's directory comes in, and how it calls the accounts that it provisions."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_credential_reference() -> str:
    return new_reference("SC")


class ProvisioningCredential(models.Model):
    """A token of the directory: asked for by one officer, approved by another, so that it outlives whoever asked.

    Only its SHA-256 is kept (256 random bits, shown once).
    """

    record_label = "scim.ProvisioningCredential"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_credential_reference)
    title = models.CharField(pgettext_lazy("directory", "directory"), max_length=100)
    digest = models.BinaryField(_("SHA-256 of the token"), max_length=32, unique=True)
    hint = models.CharField(_("begins with"), max_length=12)
    rate = models.PositiveIntegerField(_("requests a minute"), default=600)
    asked_by = models.CharField(_("requested by"), max_length=64)
    asked_at = models.DateTimeField(_("requested at"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("directory credential")
        verbose_name_plural = _("directory credentials")
        default_permissions = ("view",)
        ordering = ["-asked_at"]
        permissions = [("keep_provisioning", _("Can let the company’s directory open and close accounts"))]
        constraints = [
            models.CheckConstraint(
                name="scim_credential_is_settled_by_somebody",
                condition=(Q(approved_at=None, approved_by="") | (Q(approved_at__isnull=False) & ~Q(approved_by="")))
                & (Q(revoked_at=None, revoked_by="") | (Q(revoked_at__isnull=False) & ~Q(revoked_by=""))),
            ),
            models.CheckConstraint(
                name="scim_credential_is_another_persons_word",
                condition=Q(approved_by="") | ~Q(approved_by=F("asked_by")),
            ),
            models.CheckConstraint(name="scim_credential_expires", condition=Q(expires_at__gt=F("asked_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def waits(self) -> bool:
        """Whether nobody has approved or revoked it yet."""
        return self.approved_at is None and self.revoked_at is None

    def is_usable(self, *, at: datetime) -> bool:
        """Whether it works at a moment."""
        return self.approved_at is not None and self.revoked_at is None and self.expires_at > at


class ProvisioningUse(models.Model):
    """When a credential was last used, and how many calls it made in that minute; counted before each call."""

    record_label = "scim.ProvisioningUse"

    credential = models.OneToOneField(
        ProvisioningCredential, verbose_name=_("directory credential"), on_delete=models.CASCADE, primary_key=True,
        related_name="use",
    )  # fmt: skip
    last_used_at = models.DateTimeField(_("last used"))
    minute = models.DateTimeField(_("minute"))
    requests = models.PositiveIntegerField(_("requests"), default=0)

    class Meta:
        verbose_name = _("use of a directory credential")
        verbose_name_plural = _("uses of directory credentials")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.credential_id)


class ProvisionedAccount(models.Model):
    """How the directory calls an account. ``removed_at``: it has removed the account, and finds it no more."""

    record_label = "scim.ProvisionedAccount"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.CASCADE, primary_key=True,
        related_name="provisioned",
    )  # fmt: skip
    user_name = models.CharField(_("user name"), max_length=254)
    external_id = models.CharField(_("id at the directory"), max_length=200, blank=True)
    changed_at = models.DateTimeField(_("changed"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("account of the directory")
        verbose_name_plural = _("accounts of the directory")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(Lower("user_name"), name="scim_user_name_is_of_one_account"),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="scim_external_id_is_of_one_account"
            ),
        ]

    def __str__(self) -> str:
        return self.user_name
