"""The restore gate at the door: after a restore every page answers 503 until the destructions are repeated (FLT-20)."""

import json
import logging
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from privacy.ledger.middleware import RETRY_AFTER, access_channel
from privacy.retention.refusals import GateClosed, JournalUnavailable
from privacy.retention.restore_gate import gate

log = logging.getLogger("portal.retention")
# The supervisor and the load balancer ask these; they show nothing of anybody.
OPEN_PATHS = ("/livez", "/readyz", "/static/")
FRESH_SECONDS = 5.0


class RestoreGateMiddleware:
    """Ask the gate every few seconds; while it is closed, answer 503 to people and machines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._asked: float | None = None
        self._closed: GateClosed | JournalUnavailable | None = None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OPEN_PATHS):
            closed = self._state()
            if closed is not None:
                return _answer(request, closed)
        return self.get_response(request)

    def _state(self) -> GateClosed | JournalUnavailable | None:
        moment = time.monotonic()
        if self._asked is None or moment - self._asked > FRESH_SECONDS:
            first = self._asked is None
            if not first:
                # Meanwhile, and where nobody answers, the others go on with what is known.
                self._asked = moment
            try:
                gate.refuse_closed()
            except GateClosed as refusal:
                log.error("the portal is closed: %s", refusal.code)
                self._closed = refusal
            except JournalUnavailable as unknown:
                # A process that has never asked knows nothing; one that has goes on with what it knew.
                return unknown if first else self._closed
            except DatabaseError:
                # A database that doesn't answer is told by the page that needs it; the gate keeps what it knew.
                return self._closed
            else:
                self._closed = None
            self._asked = moment
        return self._closed


def _answer(request: HttpRequest, refusal: GateClosed | JournalUnavailable) -> HttpResponse:
    """Answer 503: the page for people, a problem document for machines. Neither says what was restored."""
    headers = {"Retry-After": RETRY_AFTER}
    if access_channel(request.path) == "api":
        problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": refusal.code}
        return HttpResponse(json.dumps(problem), status=503, content_type="application/problem+json", headers=headers)
    return HttpResponse(render_to_string("503.html", request=request), status=503, headers=headers)
