"""A clear answer where the vault stays shut for a person and the page itself did not say so."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from privacy.accounts.access_requirements import RequirementsNotMet
from privacy.lib.http.machine_paths import MACHINE_PATHS


class AccessRequirementsMiddleware:
    """Turn ``RequirementsNotMet`` into 403: what is missing and where it is done; a problem document for machines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RequirementsNotMet):
            return None
        if request.path.startswith(MACHINE_PATHS):
            body = {
                "type": "about:blank",
                "title": "Forbidden",
                "status": 403,
                "detail": exception.plain,
                "code": exception.code,
            }
            return HttpResponse(
                json.dumps(body, ensure_ascii=False), status=403, content_type="application/problem+json"
            )
        return render(request, "staff/unfit.html", {"lacking": exception.lacking}, status=403)
