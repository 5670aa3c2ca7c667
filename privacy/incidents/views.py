"""The complaint page (P2.2)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from privacy.incidents import actions as incidents
from privacy.incidents.forms import ComplaintForm
from privacy.ledger import acting
from privacy.lib import clock
from privacy.policies.models import Agency, Officer


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def complaint(request: HttpRequest) -> HttpResponse:
    """Take a complaint and show its reference and the day until which it is answered."""
    form = ComplaintForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                made = _file(request, form)
            except incidents.TooMany as refusal:
                form.add_error(None, str(refusal))
                status = 429
            else:
                return render(request, "incidents/received.html", {"complaint": made})
        else:
            status = 422
    return render(
        request,
        "incidents/complaint.html",
        {"form": form, "officer": Officer.objects.on(clock.today()), "agencies": Agency.objects.all()},
        status=status,
    )


def _file(request: HttpRequest, form: ComplaintForm) -> object:
    given = form.cleaned_data
    if given["website"]:
        # Only a program fills this field: it gets the page it expects, and nothing is kept.
        return None
    return incidents.file_complaint(
        explanation=given["explanation"],
        contact={name: given[name] for name in ("name", "email", "phone")},
        language=getattr(request, "LANGUAGE_CODE", "ko")[:2],
        address=acting.current().address,
        at=clock.now(),
    )
