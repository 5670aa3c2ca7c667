"""``/api/v1/``: the door for machines. Open to the login middleware, because a token is asked for instead."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from devices import problems
from devices.api import api
from devices.machine_api import unavailable
from devices.views import reports
from privacy.lib.postgres.failures import is_unavailable

SAFE_METHODS = frozenset({"GET", "HEAD"})


def machine_view(view: Callable[..., Any], methods: frozenset[str] | None = None) -> Callable[..., HttpResponse]:
    """Make a view answer problems as problems, need no session and no CSRF token."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if methods is not None and request.method not in methods:
            return _not_allowed(", ".join(sorted(methods)))
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            if not is_unavailable(error):
                raise
            return unavailable(request, error)
        if response.status_code == 405:
            return _not_allowed(response.headers.get("Allow", ""))
        return response

    return login_not_required(csrf_exempt(wrapped))


def _not_allowed(allow: str) -> HttpResponse:
    return problems.problem_response(
        405, code="method", detail=_("This method is not offered here."), headers={"Allow": allow}
    )


def not_found(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Any other address below /api/v1/."""
    return problems.problem_response(404, code="not-found", detail=_("There is nothing at this address."))


def _exempt_from_login(pattern: URLPattern) -> URLPattern:
    pattern.callback = machine_view(pattern.callback, SAFE_METHODS if pattern.name == "openapi-json" else None)
    return pattern


urlpatterns = [
    path("reports", machine_view(reports, frozenset({"POST"})), name="reports"),
    *(
        _exempt_from_login(pattern)
        for pattern in api.urls[0]
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ),
    re_path(r"^[\s\S]*$", machine_view(not_found)),
]
