"""Who opened my data, live: the page behind the status page, and the proofs of its lines."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from privacy.ledger.exports import log_proofs
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.policies.models import Agency, Officer
from privacy.rights import openings as told
from privacy.rights.actions.cases import holders_of
from privacy.rights.models import Request, Right
from privacy.rights.refusals import MissingAuthority
from privacy.rights.representation import is_represented, must_be_received_by_right
from privacy.rights.views import opened_case, show

PAGE_SIZE = 50
# After so many minutes an entry counts as late where the key service doesn't watch the signatures.
MINUTES = 10


@login_not_required
@never_cache
@require_GET
def openings(request: HttpRequest) -> HttpResponse:
    """List every opening, newest first; nothing before the identity is confirmed, or without a mandate."""
    case = opened_case(request)
    if case is None or not case.is_verified:
        return HttpResponseRedirect(reverse("rights:case"))
    try:
        must_be_received_by_right(case, at=clock.now())
    except MissingAuthority as refusal:
        return show(request, case, 403, problem=str(refusal))
    entries = _page(request, holders_of(case))
    more = len(entries) > PAGE_SIZE
    context = {
        "case": case,
        "openings": told.describe(entries[:PAGE_SIZE], case),
        "before": request.GET.get("before", ""),
        "earlier": entries[PAGE_SIZE - 1].id if more else None,
        "kept_since": Entry.objects.kept_since(),
        **_whom_to_ask(),
    }
    return render(request, "rights/openings.html", context)


@login_not_required
@never_cache
@require_GET
def proofs(request: HttpRequest) -> HttpResponse:
    """Give the proofs of the lines that a page shows (``entries``), by number; where there is none: wait, or none."""
    case = _case(request)
    people = holders_of(case)
    numbers = [int(one) for one in request.GET.get("entries", "").split(",")[:PAGE_SIZE] if _is_number(one)]
    entries = list(told.openings_of(people).filter(id__in=numbers))
    proved = _proofs(entries, people, case)
    return JsonResponse(
        {entry.id: proved.get(entry.id) or {"none": "none" if _is_late(entry) else "wait"} for entry in entries}
    )


@login_not_required
@never_cache
@require_GET
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """Hand out the proof of one opening as a file for ``verify.py proof``."""
    case = _case(request)
    people = holders_of(case)
    entry = told.openings_of(people).filter(id=number).first()
    if entry is None:
        raise Http404
    found = _proofs([entry], people, case).get(number)
    if found is None:
        context = {"number": number, "is_late": _is_late(entry), **_whom_to_ask()}
        return render(request, "rights/opening_unproven.html", context, status=409)
    response = HttpResponse(json.dumps(found, ensure_ascii=False, indent=1), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="entry-{number}.json"'
    return response


def _case(request: HttpRequest) -> Request:
    case = opened_case(request)
    if case is None or not case.is_verified or not is_represented(case, Right.Kind.ACCESS, at=clock.now()):
        raise Http404
    return case


def _whom_to_ask() -> dict[str, Any]:
    return {"officer": Officer.objects.on(clock.today()), "agencies": Agency.objects.all()}


def _page(request: HttpRequest, people: list[UUID]) -> list[Entry]:
    """Return the entries of a page and, if there are more, one behind it."""
    before = request.GET.get("before", "")
    entries = told.openings_of(people)
    if _is_number(before):
        entries = entries.filter(id__lt=int(before))
    return list(entries[: PAGE_SIZE + 1])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _is_late(entry: Entry) -> bool:
    """Whether an entry should have been signed by now: one without a proof then has lost it."""
    return entry.time < clock.now() - timedelta(minutes=settings.KEY_UNSIGNED_MINUTES or MINUTES)


def _proofs(entries: list[Entry], people: list[UUID], case: Request) -> dict[int, dict[str, str]]:
    """Return the proofs that there are, all of the newest signed tree, by the entries' numbers."""
    own = told.names_of(people)
    with log_reader.connect() as connection:
        proved = log_proofs.prove_each(connection, [entry.id for entry in entries])
    return {
        entry.id: proved[entry.id].as_json(whole=told.may_be_shown(entry, own, case))
        for entry in entries
        if entry.id in proved
    }
