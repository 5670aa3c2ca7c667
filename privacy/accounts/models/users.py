"""Who works here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.accounts import access_requirements, permissions
from privacy.lib.dates.periods import end_of_day
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.lib.registries import parameters


def new_user_reference() -> str:
    return new_reference("U")


def dormant_since(on: date) -> datetime:
    """Return the moment before which an account must have been used not to be dormant on a day."""
    return end_of_day(on - timedelta(days=parameters.number("account.dormant.days", on) + 1))


class UserManager(BaseUserManager["User"]):
    """Makes accounts for ``accounts.actions``; nothing else calls it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def holding(self, *roles: str, on: date) -> models.QuerySet[User]:
        """The active accounts that hold one of these roles on a day."""
        return self.filter(
            grants__role__in=roles, grants__revoked_at=None, grants__valid_from__lte=on, grants__valid_until__gte=on,
            is_active=True,
        ).distinct()  # fmt: skip

    def dormant(self, *, on: date) -> models.QuerySet[User]:
        """Active accounts that nobody has signed in with for ``account.dormant.days``."""
        since = dormant_since(on)
        return self.filter(Q(last_login__lt=since) | Q(last_login__isnull=True, joined_at__lt=since), is_active=True)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """An account of one person (law S-11: one account for each handler). Implements ``ledger.actors.Actor``.

    Permissions come from the register of access alone (``accounts.permissions``): there are no groups and no superuser.
    """

    record_label = "accounts.User"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_user_reference, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    is_outside = models.BooleanField(_("works for another company"), default=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("email",)
        permissions = [
            ("keep_accounts", "May open accounts and close those of leavers"),
            ("reset_sign_in", "May reset another person's sign-in"),
        ]
        constraints = [
            models.CheckConstraint(
                name="who_left_is_not_active", condition=Q(left_at__isnull=True) | Q(is_active=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def is_dormant(self, on: date) -> bool:
        """Whether nobody has signed in with it for ``account.dormant.days``."""
        return self.is_active and (self.last_login or self.joined_at) < dormant_since(on)

    @property
    def kind(self) -> str:
        return "user"

    @property
    def ref(self) -> str:
        return self.reference

    @property
    def is_staff(self) -> bool:
        """Whether one of the roles held today works in the console; Django's admin asks."""
        return self.is_active and permissions.has_console_access(self)

    @property
    def roles(self) -> list[str]:
        """The roles held today, by code."""
        return sorted(permissions.current_roles(self))

    def get_all_permissions(self, obj: object = None) -> set[str]:
        """Return what the roles held today allow, as ``app.codename``."""
        return set(permissions.current_permissions(self))

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether one of the roles held today allows it; Django's admin asks by this name."""
        return perm in permissions.current_permissions(self)

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return permissions.current_permissions(self).issuperset(perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and app_label in permissions.apps_of_roles(permissions.current_roles(self))

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read the row again, and the roles when they are next asked for."""
        super().refresh_from_db(*args, **kwargs)
        self.__dict__.pop("_roles_held", None)

    def may(self, permission: str) -> bool:
        """Whether the account is active and one of its roles holds ``app.codename``."""
        return self.has_perm(permission)

    def shortfalls(self, on: date) -> list[access_requirements.MissingRequirement]:
        """Return what this person lacks on a day to handle personal data (``access_requirements``)."""
        return access_requirements.missing_requirements(self, on)

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        """Whether this person may open a category for a purpose on a day (P8.8 … P8.10, law S-08).

        It takes the role, a grant in its period, a valid pledge and valid training. This is the one place that decides.
        """
        return (
            self.may(access_requirements.OPEN_VAULT)
            and self.grants.in_period(on=on).filter(category=category, purpose=purpose).exists()
            and not self.shortfalls(on)
        )
