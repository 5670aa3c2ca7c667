"""The page behind a recipient's link: it shows the notice, and a button acknowledges it (P1.6)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts
from privacy.disclosures.models import Notice
from privacy.lib.dates import clock
from privacy.vault.refusals import Destroyed, Frozen


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Show a notice; after the button also the corrected values, so that a mail scanner's visit reveals nothing."""
    at = clock.now()
    try:
        if request.method == "POST":
            return _acknowledged(request, disclosures.acknowledge(token, at=at))
        notice = disclosures.find_by_token(token, at=at)
    except disclosures.UnknownToken as refusal:
        return render(request, "disclosures/unknown_link.html", {"refusal": refusal}, status=404)
    return render(request, "disclosures/acknowledge.html", _context(request, notice))


def _acknowledged(request: HttpRequest, notice: Notice) -> HttpResponse:
    context = _context(request, notice)
    if notice.kind == Notice.Kind.CORRECTED:
        names = dict(zip(notice.items, notice_texts.item_names(notice, language=_language(request)), strict=True))
        try:
            values = disclosures.read_corrected(notice, actor=disclosures.Recipient(notice), at=clock.now())
        except (Frozen, Destroyed) as refusal:
            context["refusal"] = refusal
        else:
            context["values"] = [(names.get(content.item, content.item), content.value) for content in values]
    return render(request, "disclosures/acknowledge.html", context)


def _context(request: HttpRequest, notice: Notice) -> dict[str, object]:
    return {
        "notice": notice,
        "person": notice_texts.subject_reference(notice),
        "items": notice_texts.item_names(notice, language=_language(request)),
        "title": notice_texts.title(notice, language=_language(request)),
        "what": notice_texts.body_text(notice, language=_language(request)),
        "corrected": notice.kind == Notice.Kind.CORRECTED,
        "acknowledged": notice.state == Notice.State.ACKNOWLEDGED,
    }


def _language(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", "ko"))
