"""Who works here, and what each may open."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.ids import new_id, new_reference


def new_user_reference() -> str:
    return new_reference("U")


class UserManager(BaseUserManager["User"]):
    """Makes accounts; `createsuperuser` needs it. Everything else goes through ``accounts.actions``."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """An account of one person (law S-11: one account for each handler). Implements ``ledger.actors.Actor``."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_user_reference, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may enter the console"), default=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("email",)
        permissions = [("reset_sign_in", "May reset another person's sign-in")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def kind(self) -> str:
        return "user"

    @property
    def ref(self) -> str:
        return self.reference

    def may(self, permission: str) -> bool:
        """Whether the account is active and one of its roles holds ``app.codename``."""
        return self.is_active and self.has_perm(permission)

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        """Whether a grant in its period lets this person open a category for a purpose (P8.8, law S-08)."""
        return (
            self.may("vault.open_vault")
            and self.grants.in_period(on=on).filter(category=category, purpose=purpose).exists()
        )


class AccessGrantQuerySet(models.QuerySet["AccessGrant"]):
    def in_period(self, *, on: date) -> AccessGrantQuerySet:
        """Grants that hold on a day: begun, not over, not revoked."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on, revoked_at=None)


class AccessGrant(models.Model):
    """Permission for one person to open one category for one purpose, with reason, period and approver (F-12)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants", verbose_name=_("account"))
    category = models.CharField(_("category"), max_length=40)
    purpose = models.CharField(_("purpose"), max_length=40)
    reason = models.CharField(_("reason"), max_length=400)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="grants_approved", verbose_name=_("approved by")
    )
    granted_at = models.DateTimeField(_("granted at"))
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("revoked by")
    )

    objects = AccessGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("access grant")
        verbose_name_plural = _("access grants")
        ordering = ("-granted_at",)
        permissions = [("grant_access", "May grant and revoke access")]
        constraints = [
            models.CheckConstraint(name="access_is_approved_by_another", condition=~Q(user=F("approved_by"))),
            models.CheckConstraint(
                name="access_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.reference}: {self.category} / {self.purpose}"


class Browser(models.Model):
    """A browser that a person has signed in from; it carries a token of its own, of which we keep the digest."""

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
        return self.title


class SignInQuerySet(models.QuerySet["SignIn"]):
    def going_on(self, *, at: datetime) -> SignInQuerySet:
        """Sessions that nothing has ended and whose longest time is not over."""
        began = at - timedelta(seconds=settings.SESSION_LONGEST_SECONDS)
        return self.filter(ended_at__isnull=True, began_at__gt=began)


class SignIn(models.Model):
    """One session of one person: from where, since when, and how it ended."""

    class End(models.TextChoices):
        SIGNED_OUT = "signed-out", _("signed out")
        IDLE = "idle", _("nothing was done for a while")
        LONGEST = "longest", _("the longest time was over")
        REVOKED = "revoked", _("ended by its owner")
        REPLACED = "replaced", _("another sign-in took its place")
        RESET = "reset", _("sign-in was reset")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins", verbose_name=_("account"))
    session_key = models.CharField(max_length=40)
    browser = models.ForeignKey(Browser, on_delete=models.SET_NULL, null=True, related_name="+")
    address = models.CharField(_("network address"), max_length=45, blank=True)
    began_at = models.DateTimeField(_("since"))
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


class Attempts(models.Model):
    """Failed sign-ins counted under one key (an account's, a browser's, an address's digest), and how long to wait.

    In the database, so that every process and a restart know it; nothing here shuts anybody out for good.
    """

    key = models.CharField(primary_key=True, max_length=80)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField()
    wait_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("failed sign-ins")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return self.key
