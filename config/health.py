"""What supervisors and balancers ask: whether this process answers, and whether this host can do its job now.

Both are answered before anything looks at the request's host or scheme, so that they can be asked by address, over
plain HTTP, of a process that sends everybody else on to HTTPS.
"""

import threading
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from config import operator_status
from config import served_databases as databases
from privacy.jobs.clock_gate import ClockGate, WrongClock
from privacy.lib.dates import clock
from privacy.retention.refusals import JournalUnavailable
from privacy.retention.restore_gate import gate
from privacy.vault import actions as vault

CLOCK = ClockGate()
# One question at a time: however many ask, this takes one thread's connections.
_ASKING = threading.Lock()
WAIT_SECONDS = 5.0
# Every host would be taken out for what one kind of work waits for (FLT-11).
SPARED = {("archive", "unreachable")}


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this host can do its job: 200, or 503 with what is missing.

    Every database answers and is migrated, the journal of destructions is there and no database behind it, keys, their
    service and the clock fit. An archive that is away is named and costs no host its place: only moves into it wait.
    """
    if not _ASKING.acquire(timeout=WAIT_SECONDS):
        return _answer({"time": "an earlier question is not answered yet"})
    try:
        return _answer(_missing())
    finally:
        _ASKING.release()


def _missing() -> dict[str, str]:
    missing = databases.lacking()
    if not _needed(missing):
        missing |= _without_keys() | _without_journal()
    try:
        CLOCK.check(clock.now(), afresh=True)
    except WrongClock as wrong:
        missing["clock"] = wrong.reason
    return missing


def _without_keys() -> dict[str, str]:
    try:
        vault.check_keys()
    except vault.WrongKey:
        return {"keys": "wrong or missing"}
    except vault.KeyServiceUnavailable:
        return {"keys": "key service unreachable"}
    return {}


REACHED = threading.Event()


def _without_journal() -> dict[str, str]:
    try:
        behind = gate.databases_behind()
    except DatabaseError:
        return {}  # the database that went away is told the next time
    except JournalUnavailable:
        # A process that has reached it goes on serving; one that never has is not ready.
        return {} if REACHED.is_set() else {"journal": "unreachable"}
    except OSError:
        return {"journal": "unreachable"}
    REACHED.set()
    return {"journal": f"behind: {', '.join(behind)}"} if behind else {}


def _needed(missing: dict[str, str]) -> dict[str, str]:
    """Return what is missing without what a host can do its job without."""
    return {name: what for name, what in missing.items() if (name, what) not in SPARED}


def _answer(missing: dict[str, str]) -> HttpResponse:
    lacking = bool(_needed(missing))
    response = JsonResponse({"ready": not lacking, "missing": missing}, status=503 if lacking else 200)
    if lacking:
        response.headers["Retry-After"] = "5"
    return response


FOR_OPERATORS = {"/status": operator_status.answer, "/metrics": operator_status.metrics}
PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/livez": livez, "/readyz": readyz}


class ProbesMiddleware:
    """Answers the two addresses by whatever name they are asked, and while the gate after a restore is closed.

    So it does ``/status`` and ``/metrics`` for this host itself; intake answers what it may ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = FOR_OPERATORS.get(request.path_info)
        if told and operator_status.is_asked_here(request):
            return told(clock.now())
        return PROBES.get(request.path_info, self.get_response)(request)
