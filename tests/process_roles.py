"""Requests and jobs of a test as the database role of the process that would do them, with the real grants.

The tests are one process, whose role may do what pages, intake and worker may together (``portal_development``). Inside
``as_process`` each of its connections has the rights of one of them alone.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.utils.module_loading import module_has_submodule

from config.databases import PROCESS_ROLES
from privacy.jobs.deliverers import DELIVERERS
from privacy.ledger.entries import autocommit
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from tests.own_writes import role_of_process


@contextmanager
def as_process(process: str) -> Iterator[None]:
    """Do something as one of the processes: with its settings, and its role in the databases but the archive."""
    before = role_of_process.get()
    token = role_of_process.set(PROCESS_ROLES[process])
    try:
        _set_everywhere(PROCESS_ROLES[process])
        with override_settings(PORTAL_PROCESS=process):
            yield
    finally:
        role_of_process.reset(token)
        _set_everywhere(before)


def _set_everywhere(role: str) -> None:
    held = getattr(autocommit._local, "held", None)
    for connection in (connections["default"], connections["personal"], *([held.wrapper] if held else [])):
        if connection.connection is not None and not connection.connection.closed:
            # In a transaction that failed its end gives the role back; a connection that was cut is opened anew.
            with suppress(psycopg.Error):
                connection.connection.execute(f"SET ROLE {role or 'NONE'}")


def _set_on_new_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if role_of_process.get() and connection.alias in ("default", "personal"):
        connection.connection.execute(f"SET ROLE {role_of_process.get()}")


connection_created.connect(_set_on_new_connection, dispatch_uid="tests-process-roles")


def work_as_the_worker() -> None:
    """Have every job and delivery of the apps done with the rights of the worker, where a test gives it no others."""
    for module in _modules_of_tasks():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                setattr(module, name, _by_the_worker(function))
    for kind, route in DELIVERERS.items():
        parked = _by_the_worker(route.parked) if route.parked is not None else None
        DELIVERERS[kind] = replace(route, deliver=_by_the_worker(route.deliver), parked=parked)


def _modules_of_tasks() -> list[Any]:
    ours = [one for one in apps.get_app_configs() if one.name.startswith(("privacy.", "consents", "devices"))]
    # The ledger's are those of roles of its own: sealer and notary.
    named = [one for one in ours if one.label != "ledger" and module_has_submodule(one.module, "tasks")]
    return [import_module(f"{one.name}.tasks") for one in named]


def _by_the_worker(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def done(*args: Any, **kwargs: Any) -> Any:
        if role_of_process.get():
            return function(*args, **kwargs)
        with as_process("worker"):
            return function(*args, **kwargs)

    return done


class ProcessRoleMiddleware:
    """Answer gateways as the intake process, and people as the pages process."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A portal enrols its keys before the first gateway is let in.
        vault.enrol_keys(at=clock.now())
        process = "intake" if request.path.startswith("/api/v1/") else "pages"
        if process == "intake":
            # What stands before the pages is not there in the intake process, and its sessions neither.
            request.COOKIES.clear()
        with as_process(process):
            return self.get_response(request)


NAME = f"{__name__}.{ProcessRoleMiddleware.__qualname__}"


def answer_as_processes(given: Any) -> None:
    """Have every request of a test answered with the rights of its process alone."""
    given.MIDDLEWARE = [NAME, *settings.MIDDLEWARE]


def answer_as_one(given: Any) -> None:
    """Leave a test its connections as they are, because they are what it is about."""
    given.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != NAME]
