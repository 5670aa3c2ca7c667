"""How a program of the company comes in: a token of the portal's own, or a client of the company's provider."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_credential_reference() -> str:
    return new_reference("A")


class Scope(models.TextChoices):
    """What a credential may do, within what its owner may; each call of the API needs one."""

    CASES_READ = "cases.read", _("see requests and how far they have come")
    CASES_WRITE = "cases.write", _("record requests")
    CASES_OPEN = "cases.open", _("read what requesters wrote")
    MESSAGES_WRITE = "messages.write", _("write to requesters")
    PERMISSIONS_ASK = "permissions.ask", _("ask what may be done with someone's data")
    HOLDS_READ = "holds.read", _("see holds and freezes")
    REGISTERS_READ = "registers.read", _("take out registers")
    STATISTICS_READ = "statistics.read", _("see statistics")


class CredentialQuerySet(models.QuerySet["Credential"]):
    def usable(self, *, at: datetime) -> "CredentialQuerySet":
        """Those that work at a moment: neither revoked nor expired, and their owner is still here."""
        return self.filter(revoked_at=None, expires_at__gt=at, owner__is_active=True, owner__left_at=None)


class Credential(models.Model):
    """A way in for a program. It acts as its owner, within its scopes, and ends when its owner leaves.

    Of a token only the SHA-256 is kept (256 random bits, shown once); a client is known by its id at the provider.
    """

    record_label = "office_api.Credential"

    class Kind(models.TextChoices):
        TOKEN = "token", _("token")
        CLIENT = "client", _("client of the identity provider")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_credential_reference)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    title = models.CharField(pgettext_lazy("credential", "used by"), max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="api_credentials"
    )
    digest = models.BinaryField(_("SHA-256 of the token"), max_length=32, unique=True, null=True)
    hint = models.CharField(_("begins with"), max_length=12, blank=True)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    scopes: Any = models.JSONField(_("scopes"), default=list)
    rate = models.PositiveIntegerField(_("requests a minute"), default=600)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.CharField(_("issued by"), max_length=64)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=64, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("API credential")
        verbose_name_plural = _("API credentials")
        default_permissions = ("view",)
        ordering = ["-issued_at"]
        permissions = [
            ("issue_credential", _("Can let a program act on one's own behalf")),
            ("revoke_credential", _("Can revoke the API credentials of others")),
        ]
        constraints = [
            models.CheckConstraint(
                name="office_api_credential_is_a_token_or_a_client",
                condition=Q(kind="token", digest__isnull=False, client_id="") & ~Q(hint="")
                | Q(kind="client", digest=None, hint="") & ~Q(client_id=""),
            ),
            models.CheckConstraint(
                name="office_api_credential_expires", condition=Q(expires_at__gt=models.F("issued_at"))
            ),
            models.CheckConstraint(
                name="office_api_credential_is_revoked_by_somebody",
                condition=Q(revoked_at=None, revoked_by="") | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
            ),
            models.UniqueConstraint(
                name="office_api_client_has_one_credential",
                fields=["client_id"],
                condition=~Q(client_id="") & Q(revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def is_usable(self, *, at: datetime) -> bool:
        """Whether it works at a moment; its owner is asked too."""
        here = self.owner.is_active and self.owner.left_at is None
        return self.revoked_at is None and self.expires_at > at and here


class CredentialUse(models.Model):
    """When a credential was last used, and how many calls it made in that minute; counted before each call."""

    record_label = "office_api.CredentialUse"

    credential = models.OneToOneField(
        Credential, verbose_name=_("API credential"), on_delete=models.CASCADE, primary_key=True, related_name="use"
    )
    last_used_at = models.DateTimeField(_("last used"))
    minute = models.DateTimeField(_("minute"))
    requests = models.PositiveIntegerField(_("requests"), default=0)

    class Meta:
        verbose_name = _("use of an API credential")
        verbose_name_plural = _("uses of API credentials")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.credential_id)
