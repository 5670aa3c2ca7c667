"""What an account may do: computed from its valid role grants and the table of roles, from nothing else (P8.8).

There are no groups, no permissions of single accounts and no superuser: the register of access is what is in force.
Django asks for permissions without saying when, so this module reads the clock.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from django.apps import apps

from privacy.accounts.roles import CONSOLE_ROLES, ROLES
from privacy.lib.dates import clock


def roles_of(user: Any, on: date) -> frozenset[str]:
    """Return the roles that a person holds on a day by grants in their period."""
    return frozenset(user.grants.in_period(on=on).exclude(role="").values_list("role", flat=True))


def current_roles(user: Any) -> frozenset[str]:
    """Return the roles held today; asked once for each request."""
    today = clock.today()
    day, roles = getattr(user, "_roles_held", (None, frozenset[str]()))
    if day != today:
        roles = roles_of(user, today)
        user._roles_held = (today, roles)
    return roles


def current_permissions(user: Any) -> frozenset[str]:
    """Return every permission, ``app.codename``, that the roles held today give an active account."""
    return permissions_of_roles(current_roles(user)) if user.is_active else frozenset()


@cache
def permissions_of_roles(roles: frozenset[str]) -> frozenset[str]:
    """Return what the table gives to roles held together; a page asks hundreds of times."""
    return frozenset(code for role in roles for code in ROLES.get(role, ()))


@cache
def apps_of_roles(roles: frozenset[str]) -> frozenset[str]:
    """Return the apps in which roles held together permit anything."""
    return frozenset(code.partition(".")[0] for code in permissions_of_roles(roles))


def has_console_access(user: Any) -> bool:
    """Whether one of the roles held today works in the console."""
    return bool(current_roles(user) & CONSOLE_ROLES)


def users_with_role(*roles: str) -> Any:
    """Return the accounts, as a queryset, that hold one of these roles today."""
    return apps.get_model("accounts", "User")._default_manager.holding(*roles, on=clock.today())
