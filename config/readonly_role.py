"""An auditor reads: their requests to the console run under a database role that may not write (decision 0042).

The role is taken when a page of the console is about to be made and given back before anything else happens to the
connection: sessions, sign-ins and the staff door, where an auditor is an employee like others, stay the portal's.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from config.databases import READONLY_ROLE
from privacy.accounts.models import User
from privacy.accounts.roles import CONSOLE_ROLES

# Leaving ends the session, which is the portal's to do.
_EXCLUDED_URL_NAMES = {"login", "logout"}
_read_only: ContextVar[bool] = ContextVar("reading", default=False)


class ReadOnlyRoleMiddleware:
    """Let the database itself refuse what an auditor's request should never write."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _read_only.set(False)
        try:
            return self.get_response(request)
        finally:
            if _read_only.get():
                reset_role()
            _read_only.reset(token)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if (
            match is None
            or match.app_name != "admin"
            or match.url_name in _EXCLUDED_URL_NAMES
            or not is_auditor_only(request.user)
        ):
            return
        _read_only.set(True)
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None:
                _set_role(connection)


def is_auditor_only(person: object) -> bool:
    """Whether of all roles of the console somebody holds the auditor's alone."""
    return isinstance(person, User) and CONSOLE_ROLES.intersection(person.roles) == {"auditor"}


def reset_role() -> None:
    """Be the portal again on every connection; one that can't be is closed, so that the next request opens its own."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        try:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
        except DatabaseError:
            connection.close()


def _set_role(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {READONLY_ROLE}")


def _set_role_on_new_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """A connection that opens in the middle of a reading request reads too; the recording one is apart, and appends."""
    if _read_only.get() and connection is connections[connection.alias]:
        _set_role(connection)


connection_created.connect(_set_role_on_new_connection, dispatch_uid="reading-opened")
