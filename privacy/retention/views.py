"""The public page on which anybody checks a certificate (P7.1)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from privacy.ledger import offline_answers, verify_papers
from privacy.ledger.exports import document_issuance, paper_slots
from privacy.ledger.exports.log_bundles import PROGRAMS
from privacy.ledger.models import Entry
from privacy.retention.certificates import authenticity
from privacy.retention.forms import VerifyForm


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say whether the portal issued a document, from its digest or its file; the file is read and forgotten."""
    given = request.POST if request.method == "POST" else request.GET if "digest" in request.GET else None
    form = VerifyForm(given, request.FILES or None)
    asked, file, found, unproved = False, None, None, False
    if form.is_bound and form.is_valid():
        asked = True
        digest, file = form.cleaned_data["digest"], form.cleaned_data["file"]
        # A file speaks for itself: a number typed beside it is not its own.
        raw = file.read() if file is not None else b""
        found = authenticity.find_by_file(raw) if file is not None else authenticity.find_by_digest(digest)
        if "proof" in request.POST and found is not None and found.genuine and verify_papers.MARK in raw:
            proved = document_issuance.with_proof(raw)
            if paper_slots.has_proof(verify_papers.split(proved)[1]):
                return _paper(proved, file.name or "document")
            unproved = True
    status = 422 if form.is_bound and form.errors else 200
    context = {
        "form": form,
        "asked": asked,
        "found": found,
        "unproved": unproved,
        "by_number": asked and file is None,
        "paper_keys": reverse("paper-keys"),
        "log_keys": reverse("log-keys"),
        "kept_since": Entry.objects.kept_since(),
    }
    return render(request, "retention/verify.html", context, status=status)


@login_not_required
@require_safe
def answers(request: HttpRequest) -> HttpResponse:
    """Explain what the offline verifier answers."""
    context = {
        "answers": offline_answers.ANSWERS,
        "programs": [name.removesuffix(".py") for name in PROGRAMS],
        "notary_keys": reverse("log-keys"),
        "paper_keys": reverse("paper-keys"),
    }
    return render(request, "retention/answers.html", context)


def _paper(content: bytes, name: str) -> HttpResponse:
    """Give a paper back with its proof, under the name that it came with."""
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
