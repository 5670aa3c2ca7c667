"""Health, and where each kind of user goes after signing in."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from privacy.vault import actions as vault


def unmigrated(alias: str) -> bool:
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
    """Say whether every database answers and is migrated, and the keys fit: 200, or 503 with what is missing."""
    missing = {}
    for alias in connections:
        try:
            if unmigrated(alias):
                missing[alias] = "migrations"
        except DatabaseError:
            missing[alias] = "unreachable"
    if not missing:
        try:
            vault.check_keys()
        except vault.WrongKey:
            missing["keys"] = "wrong or missing"
    body = {"ready": not missing, "missing": missing}
    response = JsonResponse(body, status=503 if missing else 200)
    if missing:
        response.headers["Retry-After"] = "5"
    return response


def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Send officers, handlers and auditors to the console, everybody else to the staff pages."""
    assert request.user.is_authenticated
    return redirect("admin:index" if request.user.is_staff else "accounts:staff")
