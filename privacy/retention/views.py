"""The public page on which anybody checks a certificate (P7.1)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from privacy.retention import verifying
from privacy.retention.forms import VerifyForm


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say whether the portal issued a document, from its digest or its file; the file is read and forgotten."""
    given = request.POST if request.method == "POST" else request.GET if "digest" in request.GET else None
    form = VerifyForm(given, request.FILES or None)
    asked, found = False, None
    if form.is_bound and form.is_valid():
        asked = True
        digests = [form.cleaned_data["digest"]] if form.cleaned_data["digest"] else []
        if form.cleaned_data["file"] is not None:
            digests += verifying.digests_of(form.cleaned_data["file"].read())
        found = next((known for digest in digests if (known := verifying.find(digest)) is not None), None)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "retention/verify.html", {"form": form, "asked": asked, "found": found}, status=status)
