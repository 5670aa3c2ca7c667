"""Machines that speak for devices: their tokens, challenges and answers (P3.5)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_gateway_reference() -> str:
    return new_reference("G")


class GatewayQuerySet(models.QuerySet["Gateway"]):
    def active(self) -> "GatewayQuerySet":
        return self.filter(closed_at=None)


class Gateway(models.Model):
    """A machine that speaks for devices: the MDM server, or an agent (P3.5)."""

    record_label = "devices.Gateway"

    class Users(models.TextChoices):
        """How it is known whether a user is under 14 (decision 0401)."""

        STAFF = "staff", _("a company's staff, by contract nobody under 14")
        ANYBODY = "anybody", _("anyone, also children: their age is asked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_gateway_reference)
    title = models.CharField(pgettext_lazy("gateway", "title"), max_length=100, unique=True)
    rate = models.PositiveIntegerField(
        _("requests a minute"),
        default=60_000,
        help_text=_("Requests beyond this limit get a 429 response with Retry-After."),
    )
    users = models.CharField(
        _("who uses its devices"),
        max_length=8,
        choices=Users,
        default=Users.STAFF,
        help_text=_("If anyone may, the agent asks each user for their date of birth before they agree."),
    )
    created_at = models.DateTimeField(_("registered"))
    closed_at = models.DateTimeField(pgettext_lazy("gateway", "closed"), null=True, blank=True)

    objects = GatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        default_permissions = ("view",)
        ordering = ["title"]
        permissions = [("keep_gateways", _("Can register and close gateways and their tokens"))]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class Scope(models.TextChoices):
    """What a token may do; each call of the API needs one."""

    DEVICES = "devices", _("register and update devices")
    REPORTS = "reports", _("send reports")
    CONSENTS = "consents", _("record and read consent decisions")
    CHALLENGES = "challenges", _("answer possession challenges")
    ADVERTISING = "advertising", _("ask for advertising permission")
    MESSAGES = "messages", _("fetch messages for devices and say that they were shown")


class GatewayTokenQuerySet(models.QuerySet["GatewayToken"]):
    def usable(self, *, at: datetime) -> "GatewayTokenQuerySet":
        return self.filter(approved_at__isnull=False, revoked_at=None, expires_at__gt=at, gateway__closed_at=None)

    def expiring_before(self, at: datetime) -> "GatewayTokenQuerySet":
        return self.filter(revoked_at=None, expires_at__lt=at)


class GatewayToken(models.Model):
    """A gateway's way in: 256 random bits shown once; only their SHA-256 is kept. It works once another approved it.

    Rotating makes a new token while the old one goes on for a while, so that no gateway stands still.
    """

    record_label = "devices.GatewayToken"

    LIFETIME = timedelta(days=365)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    gateway = models.ForeignKey(Gateway, verbose_name=_("gateway"), on_delete=models.PROTECT, related_name="tokens")
    digest = models.BinaryField(_("SHA-256 of the token"), max_length=32, unique=True)
    hint = models.CharField(_("begins with"), max_length=12)
    scopes: Any = models.JSONField(_("scopes"), default=list)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.CharField(_("issued by"), max_length=80)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(pgettext_lazy("token", "revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=80, blank=True)
    # The public half of an Ed25519 key: with it, the token works for signed requests alone (SEC-39).
    signing_key = models.BinaryField(_("key of signed requests"), max_length=32, null=True)

    objects = GatewayTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway token")
        verbose_name_plural = _("gateway tokens")
        default_permissions = ("view",)
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                name="devices_token_is_approved_by_another",
                condition=~Q(approved_by=F("issued_by")) | Q(issued_by__contains=":"),
            ),
            models.CheckConstraint(
                name="devices_token_approved_if_and_only_if_dated",
                condition=Q(approved_at=None, approved_by="") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
            ),
            models.CheckConstraint(name="devices_token_expires", condition=Q(expires_at__gt=F("issued_at"))),
            models.CheckConstraint(
                name="devices_token_revoked_by_somebody",
                condition=(Q(revoked_at__isnull=True) & Q(revoked_by=""))
                | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hint}…"

    def waits_for_approval(self, *, at: datetime) -> bool:
        """Whether a second officer may still approve it."""
        return self.approved_at is None and self.revoked_at is None and self.expires_at > at


class RequestNonce(models.Model):
    """What a signed request named so that it is taken once; kept for as long as its signature could be sent again."""

    record_label = "devices.RequestNonce"

    id = models.BigAutoField(primary_key=True)
    signer_id = models.UUIDField(_("token or device"))
    nonce = models.CharField(_("nonce"), max_length=64)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("signed request")
        verbose_name_plural = _("signed requests")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["signer_id", "nonce"], name="devices_signed_request_is_taken_once")
        ]
        indexes = [models.Index(fields=["at"], name="devices_nonces_by_time")]

    def __str__(self) -> str:
        return self.nonce


# What closed a challenge that nobody answered, and one for which too many wrong codes were typed.
EXPIRED, OUT_OF_TRIES = "expired", "wrong-code"


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def open(self, *, at: datetime) -> "ChallengeQuerySet":
        """Challenges that wait for the device and have not run out."""
        return self.filter(state=Challenge.State.WAITING, expires_at__gt=at)

    def of_device(self, device_id: UUID) -> "ChallengeQuerySet":
        return self.filter(device_id=device_id)

    def for_case(self, case: str) -> "ChallengeQuerySet":
        return self.filter(case=case)

    def of_series(self, name: str) -> "ChallengeQuerySet":
        """Challenges of a case and of what belongs to it: ``K7-…`` and ``K7-…/download``."""
        return self.filter(Q(case=name) | Q(case__startswith=f"{name}/"))


class Challenge(models.Model):
    """Proof that somebody holds a device: the portal shows a code, and they type it on the device (law R-06)."""

    record_label = "devices.Challenge"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for the device")
        CONFIRMED = "confirmed", _("confirmed on the device")
        DENIED = "denied", _("denied on the device")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    device_id = models.UUIDField(_("device"))
    case = models.CharField(_("for"), max_length=40)
    shown = models.CharField(_("code shown"), max_length=12)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("expires"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.CharField(_("answered through"), max_length=80, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(_("wrong codes typed"), default=0)

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        verbose_name = _("possession challenge")
        verbose_name_plural = _("possession challenges")
        default_permissions = ("view",)
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["device_id", "-asked_at"], name="devices_challenges_of_device")]
        constraints = [
            models.UniqueConstraint(
                fields=["device_id", "case"], condition=Q(state="waiting"), name="devices_one_challenge_open_for_a_case"
            ),
            models.CheckConstraint(
                name="devices_challenge_answered_at_a_time",
                condition=Q(state="waiting", answered_at__isnull=True)
                | (~Q(state="waiting") & Q(answered_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.state}"

    @staticmethod
    def series_of(case: str) -> str:
        """Return the name under which the questions of a case count together."""
        return case.partition("/")[0]

    @property
    def is_out_of_tries(self) -> bool:
        """Whether it ended because nobody knew the code, neither confirmed nor denied."""
        return self.answered_by == OUT_OF_TRIES

    def ran_out(self, *, at: datetime) -> bool:
        """Whether nobody answered it in time: another was asked in its place, or none since."""
        return self.answered_by == EXPIRED or (self.state == Challenge.State.WAITING and self.expires_at <= at)


class IdempotentResponse(models.Model):
    """The answer to a write that carried an Idempotency-Key: the same key again gets the same answer.

    ``status`` is empty while the write is under way. Kept for a week.
    """

    record_label = "devices.IdempotentResponse"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    gateway_id = models.UUIDField(_("gateway"))
    key = models.CharField(_("Idempotency-Key"), max_length=128)
    digest = models.BinaryField(_("SHA-256 of the request"), max_length=32)
    claimed_at = models.DateTimeField(_("claimed"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body: Any = models.JSONField(_("answer"), null=True)

    class Meta:
        verbose_name = _("stored response")
        verbose_name_plural = _("stored responses")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["gateway_id", "key"], name="devices_idempotentresponse_once_for_a_key")
        ]
        indexes = [models.Index(fields=["claimed_at"], name="devices_answers_by_time")]

    def __str__(self) -> str:
        return self.key
