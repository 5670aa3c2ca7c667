"""``POST /api/v1/reports``: the hot path, without the framework of the small calls (performance.md)."""

from django.db import connections
from django.http import HttpRequest, HttpResponse

from devices import actions as devices
from devices import problems
from devices.api import caller_of
from devices.bodies import body_of
from privacy.ledger import acting
from privacy.ledger.actors import require
from privacy.lib import clock
from privacy.lib.refusals import Refusal


def reports(request: HttpRequest) -> HttpResponse:
    """Store a batch of reports and answer report by report."""
    for alias in ("default", "personal"):
        # To ask first whether the server is there would cost more than a lost connection: that is answered 503, and
        # the batch comes again.
        connections[alias].health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it
    try:
        caller = caller_of(request)
        require(caller, "devices.reports")
        acting.identify(caller)
        answer = devices.store_reports(body_of(request), gateway=caller, at=clock.now())
    except Refusal as refusal:
        return problems.of_refusal(refusal)
    return HttpResponse(answer, content_type="application/json")
