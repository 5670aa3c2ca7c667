"""The complaint page, and the page where a complainant follows it (P2.2)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from privacy.incidents import actions as incidents
from privacy.incidents.forms import ComplaintForm, StatusForm
from privacy.incidents.models import Complaint
from privacy.ledger import request_context
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.http import guest_session
from privacy.lib.http.clear_site_data import FORGET
from privacy.lib.http.text_files import as_data_url
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.policies.models import Agency, Officer
from privacy.subjects.actions import WrongCode

SESSION = "incidents.complaint"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complaint(request: HttpRequest) -> HttpResponse:
    """Take a complaint; show its receipt number, its code and the day until which it is answered."""
    if request.method != "POST":
        return _form(request, ComplaintForm(initial={"submission": new_form_nonce()}))
    form = ComplaintForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    given = form.cleaned_data
    if given["website"]:
        # Only a program fills this field: it gets the page it expects, and nothing is kept.
        return render(request, "incidents/received.html", {"receipt": None})
    try:
        receipt = incidents.file_complaint(
            explanation=given["explanation"],
            contact={name: given[name] for name in ("name", "email", "phone")},
            language=getattr(request, "LANGUAGE_CODE", "ko")[:2],
            submission=given["submission"],
            address=request_context.current().address,
            at=clock.now(),
        )
    except Unavailable:
        raise
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _form(request, form, status=429 if isinstance(refusal, TooManyAttempts) else 422)
    note = as_data_url([
        f"{_('Receipt number')}: {receipt.complaint.reference}",
        f"{_('Code')}: {receipt.code}",
        request.build_absolute_uri(reverse("incidents:status")),
    ])  # fmt: skip
    return render(request, "incidents/received.html", {"receipt": receipt, "note": note})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest) -> HttpResponse:
    """Ask for receipt number and code, then show where the complaint stands and its answer."""
    if request.method != "POST":
        about = guest_session.record_id(request, SESSION, at=clock.now())
        found = Complaint.objects.filter(id=about).first() if about else None
        if found is None:
            return render(request, "incidents/status_entry.html", {"form": StatusForm()})
        answer = incidents.show_answer(found, at=clock.now())
        is_overdue = found.answered_at is None and found.target_on < clock.today()
        context = {"complaint": found, "answer": answer, "is_overdue": is_overdue, **_officer_and_agencies()}
        return render(request, "incidents/status.html", context)
    form = StatusForm(request.POST)
    if not form.is_valid():
        return render(request, "incidents/status_entry.html", {"form": form}, status=422)
    try:
        entered = incidents.authenticate_complainant(
            **form.cleaned_data, address=request_context.current().address, at=clock.now()
        )
    except (WrongCode, TooManyAttempts) as refusal:
        form.add_error(None, str(refusal))
        code = 429 if isinstance(refusal, TooManyAttempts) else 422
        return render(request, "incidents/status_entry.html", {"form": form}, status=code)
    guest_session.begin(request, SESSION, entered.id, at=clock.now())
    return HttpResponseRedirect(reverse("incidents:status"))


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the status page on this device."""
    guest_session.end(request, SESSION)
    return HttpResponseRedirect(reverse("incidents:status"), headers=FORGET)


def _form(request: HttpRequest, form: ComplaintForm, status: int = 200) -> HttpResponse:
    return render(request, "incidents/complaint.html", {"form": form, **_officer_and_agencies()}, status=status)


def _officer_and_agencies() -> dict[str, object]:
    return {"officer": Officer.objects.on(clock.today()), "agencies": Agency.objects.all()}
