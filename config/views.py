"""Health, what is shown when something fails, and where each kind of user goes after signing in."""

import errno
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from privacy.jobs.clock_gate import ClockGate, WrongClock
from privacy.ledger.middleware import RETRY_AFTER
from privacy.lib.dates import clock
from privacy.vault import actions as vault

CLOCK = ClockGate()
DISK_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}


def has_unapplied_migrations(alias: str) -> bool:
    """Whether a database lacks migrations."""
    executor = MigrationExecutor(connections[alias])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether every database answers and is migrated, keys and clock fit: 200, or 503 with what is missing."""
    missing = {}
    for alias in connections:
        try:
            if has_unapplied_migrations(alias):
                missing[alias] = "migrations"
        except DatabaseError:
            missing[alias] = "unreachable"
    if not missing:
        try:
            vault.check_keys()
        except vault.WrongKey:
            missing["keys"] = "wrong or missing"
        except vault.KeyServiceUnavailable:
            missing["keys"] = "key service unreachable"
    try:
        CLOCK.check(clock.now(), afresh=True)
    except WrongClock as wrong:
        missing["clock"] = wrong.reason
    body = {"ready": not missing, "missing": missing}
    response = JsonResponse(body, status=503 if missing else 200)
    if missing:
        response.headers["Retry-After"] = "5"
    return response


def server_error_page(request: HttpRequest) -> HttpResponse:
    """Answer what no page has answered: 503 where storing is what failed, so that people call in time; 500 else."""
    error = sys.exc_info()[1]
    away = isinstance(error, OperationalError | InterfaceError)
    if away or (isinstance(error, OSError) and error.errno in DISK_FULL_ERRORS):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": RETRY_AFTER})
    return server_error(request)


def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Send officers, handlers and auditors to the console, everybody else to the staff pages."""
    assert request.user.is_authenticated
    return redirect("admin:index" if request.user.is_staff else "accounts:staff")
