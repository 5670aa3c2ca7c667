"""``POST /api/v1/reports``: the hot path, without the framework of the small calls (decision 0015)."""

from django.db import connections
from django.http import HttpRequest, HttpResponse

from devices import actions as devices
from devices import problems
from devices.api import authenticated_gateway
from devices.request_body import read_body
from privacy.ledger import request_context
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal


def reports(request: HttpRequest) -> HttpResponse:
    """Store a batch of reports and answer report by report."""
    for alias in ("default", "personal"):
        # To ask first whether the server is there would cost more than a lost connection: that is answered 503, and
        # the batch comes again.
        connections[alias].health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it
    try:
        caller = authenticated_gateway(request)
        require_permission(caller, "devices.reports", missing_scope="reports")
        request_context.set_actor(caller)
        answer = devices.store_reports(read_body(request), gateway=caller, at=clock.now())
    except Refusal as refusal:
        return problems.refusal_response(refusal)
    return HttpResponse(answer, content_type="application/json")
