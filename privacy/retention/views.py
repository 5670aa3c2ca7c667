"""The public page on which anybody checks a certificate (P7.1)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from privacy.ledger.models import Entry
from privacy.retention.certificates import authenticity
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
        digest, file = form.cleaned_data["digest"], form.cleaned_data["file"]
        # A file speaks for itself: a number typed beside it is not its own.
        found = authenticity.find_by_file(file.read()) if file is not None else authenticity.find_by_digest(digest)
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "asked": asked, "found": found, "kept_since": Entry.objects.kept_since()}
    return render(request, "retention/verify.html", context, status=status)
