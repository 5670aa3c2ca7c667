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

from config.databases import READER
from privacy.accounts.models import User
from privacy.accounts.roles import CONSOLE_ROLES

# Leaving ends the session, which is the portal's to do.
_PORTALS_OWN = {"login", "logout"}
_reading: ContextVar[bool] = ContextVar("reading", default=False)


class ReadingMiddleware:
    """Let the database itself refuse what an auditor's request should never write."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _reading.set(False)
        try:
            return self.get_response(request)
        finally:
            if _reading.get():
                give_back()
            _reading.reset(token)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if match is None or match.app_name != "admin" or match.url_name in _PORTALS_OWN or not only_reads(request.user):
            return
        _reading.set(True)
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None:
                _take(connection)


def only_reads(person: object) -> bool:
    """Whether of all roles of the console somebody holds the auditor's alone."""
    return isinstance(person, User) and CONSOLE_ROLES.intersection(person.roles) == {"auditor"}


def give_back() -> None:
    """Be the portal again on every connection; one that can't be is closed, so that the next request opens its own."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        try:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
        except DatabaseError:
            connection.close()


def _take(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {READER}")


def _opened(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """A connection that opens in the middle of a reading request reads too; the recording one is apart, and appends."""
    if _reading.get() and connection is connections[connection.alias]:
        _take(connection)


connection_created.connect(_opened, dispatch_uid="reading-opened")
