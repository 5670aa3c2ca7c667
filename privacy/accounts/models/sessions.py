"""What is remembered of signing in: devices, sessions, failures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.users import User
from privacy.lib.identifiers.ids import new_id

# The title of a browser that did not say what it is.
UNKNOWN_BROWSER = "?"


class Browser(models.Model):
    """A browser that a person has signed in from; it carries a token of its own, of which we keep the digest."""

    record_label = "accounts.Browser"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="browsers", verbose_name=_("account"))
    token_digest = models.CharField(max_length=64)
    title = models.CharField(_("device"), max_length=80)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("sign-in device")
        verbose_name_plural = _("sign-in devices")
        ordering = ("-last_seen_at",)
        constraints = [models.UniqueConstraint(fields=["user", "token_digest"], name="browser_is_known_once")]

    def __str__(self) -> str:
        """Return the browser and its system, where they could be told."""
        return gettext("unknown device") if self.title == UNKNOWN_BROWSER else self.title


class SignInQuerySet(models.QuerySet["SignIn"]):
    def going_on(self, *, at: datetime) -> SignInQuerySet:
        """Sessions that nothing has ended and whose longest time is not over."""
        began = at - timedelta(seconds=settings.SESSION_LONGEST_SECONDS)
        return self.filter(ended_at__isnull=True, began_at__gt=began)


class SignIn(models.Model):
    """One session of one person: from where, since when, and how it ended."""

    record_label = "accounts.SignIn"

    class End(models.TextChoices):
        SIGNED_OUT = "signed-out", _("you signed out")
        IDLE = "idle", _("you were inactive for a while")
        LONGEST = "longest", _("the maximum session time was reached")
        REVOKED = "revoked", _("you ended the session")
        REPLACED = "replaced", _("you signed in again elsewhere")
        RESET = "reset", _("your sign-in was reset")
        PASSWORD = "password", _("your password was changed")
        ACCESS = "access", _("access was revoked")
        LEFT = "left", _("the account was closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins", verbose_name=_("account"))
    session_key = models.CharField(max_length=40)
    browser = models.ForeignKey(Browser, on_delete=models.SET_NULL, null=True, related_name="+")
    address = models.CharField(_("network address"), max_length=45, blank=True)
    began_at = models.DateTimeField(pgettext_lazy("session", "since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended because"), max_length=12, choices=End, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-began_at",)
        indexes = [models.Index(fields=["session_key"], name="sign_in_by_session")]
        constraints = [
            models.CheckConstraint(
                name="sign_in_ended_if_and_only_if_it_says_why",
                condition=Q(ended_at__isnull=True, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user.reference}: {self.began_at:%Y-%m-%d %H:%M}"


class SignInThrottle(models.Model):
    """Failed sign-ins counted under one key (an account's, a browser's, an address's digest), and how long to wait.

    In the database, so that every process and a restart know it; nothing here shuts anybody out for good.
    """

    record_label = "accounts.SignInThrottle"

    key = models.CharField(primary_key=True, max_length=80)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField()
    wait_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("failed sign-ins")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return self.key
