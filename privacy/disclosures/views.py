"""The pages behind a recipient's link: the notice, its receipt, the proof of the correction; and its system's answers.

A click says that a notice was received, and nothing more: what proves a correction is an answer (P1.6).
"""

import json
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from privacy.disclosures import actions as disclosures
from privacy.disclosures import answer_calls, notice_texts, proof_keys
from privacy.disclosures.forms import ProofForm
from privacy.disclosures.models import Notice, RecipientAnswer, ThirdParty
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.vault.refusals import Destroyed, Frozen


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Show a notice; after the button also the corrected values, so that a mail scanner's visit reveals nothing."""
    at = clock.now()
    try:
        if request.method == "POST":
            if (refused := _refuse_the_office(request)) is not None:
                return refused
            return _acknowledged(request, disclosures.acknowledge(token, at=at), token, at=at)
        notice = disclosures.find_by_token(token, at=at)
    except disclosures.UnknownToken as refusal:
        return render(request, "disclosures/unknown_link.html", {"refusal": refusal}, status=404)
    return render(request, "disclosures/acknowledge.html", {**_context(request, notice, at=at), "token": token})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the recipient what its records say now. The corrected value is not on this page: it is not to be copied."""
    at = clock.now()
    if request.method == "POST" and (refused := _refuse_the_office(request)) is not None:
        return refused
    try:
        notice = disclosures.find_by_token(token, at=at)
    except disclosures.UnknownToken as refusal:
        return render(request, "disclosures/unknown_link.html", {"refusal": refusal}, status=404)
    proof = getattr(notice, "proof", None)
    # The key of the commitments is for who has pressed the button, not for a mail scanner that follows the link. What
    # waits to be posted again was confirmed before.
    if proof is None or notice.acknowledged_at is None:
        return redirect("disclosures:acknowledge", token=token)
    names = dict(zip(notice.items, notice_texts.item_names(notice, language=_language(request)), strict=True))
    form = ProofForm(request.POST or None, request.FILES or None, named=names, initial={"asked": proof.round})
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                disclosures.answer(
                    notice, form.answers(), asked=form.cleaned_data["asked"], way=_door(notice), evidence=form.file(),
                    at=at,
                )  # fmt: skip
                return redirect("disclosures:prove", token=token)
            status = 422
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = 422
    context = {
        **_context(request, notice, at=at),
        "token": token,
        "form": form if proof.takes_answers else None,
        "key": proof_keys.key_of(proof).hex() if proof.takes_answers else "",
        "last": proof.answers.order_by("-answered_at").first(),
    }
    return render(request, "disclosures/prove.html", context, status=status)


@csrf_exempt
@login_not_required
@require_POST
def answer_call(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the signed answer of a recipient's own system: no cookie counts here, so no token guards it."""
    try:
        proof = answer_calls.take_answer(reference, request.headers, request.body, at=clock.now())
    except Refusal as refusal:
        problem = {
            "status": STATUS_OF_REFUSAL.get(refusal.code, 422), "code": refusal.code, "detail": refusal.plain,
            "title": _("The answer was not accepted."), **({"pointer": refusal.pointer} if refusal.pointer else {}),
        }  # fmt: skip
        return HttpResponse(json.dumps(problem), status=problem["status"], content_type="application/problem+json")
    said = {"notice": reference, "state": proof.state, "round": proof.round, "due": proof.due_on.isoformat()}
    return HttpResponse(json.dumps(said), content_type="application/json")


STATUS_OF_REFUSAL = {"not-signed": 401, "wrong-state": 409, "asked-again": 409}


def _refuse_the_office(request: HttpRequest) -> HttpResponse | None:
    """Refuse what a recipient says from a session of the office: whoever prints a letter has its link."""
    if not request.user.is_authenticated:
        return None
    text = _("You are signed in to the office. Only the recipient can confirm this notice or prove the correction.")
    refusal = disclosures.OwnOffice(text)
    return render(request, "disclosures/unknown_link.html", {"refusal": refusal}, status=403)


def _door(notice: Notice) -> str:
    """Return the way of an answer on the page: the link of a letter was in the hands of who printed it."""
    by_letter = notice.printed_at is not None or notice.channel == ThirdParty.Channel.LETTER
    return RecipientAnswer.Way.LETTER if by_letter else RecipientAnswer.Way.PAGE


def _acknowledged(request: HttpRequest, notice: Notice, token: str, *, at: datetime) -> HttpResponse:
    context = {**_context(request, notice, at=at), "token": token}
    if notice.kind == Notice.Kind.CORRECTED and context["shows_value"]:
        names = dict(zip(notice.items, notice_texts.item_names(notice, language=_language(request)), strict=True))
        try:
            values = disclosures.read_corrected(notice, actor=disclosures.Recipient(notice), at=at)
        except (Frozen, Destroyed) as refusal:
            context["refusal"] = refusal
        else:
            context["values"] = [(names.get(content.item, content.item), content.value) for content in values]
    return render(request, "disclosures/acknowledge.html", context)


def _context(request: HttpRequest, notice: Notice, *, at: datetime) -> dict[str, object]:
    return {
        "notice": notice,
        "person": notice_texts.subject_reference(notice),
        "items": notice_texts.item_names(notice, language=_language(request)),
        "title": notice_texts.title(notice, language=_language(request)),
        "what": notice_texts.body_text(notice, language=_language(request)),
        "corrected": notice.kind == Notice.Kind.CORRECTED,
        # Whoever answers late still gets to the proof, but an old link opens no value.
        "shows_value": disclosures.link_is_fresh(notice, at=at),
        "acknowledged": notice.state == Notice.State.ACKNOWLEDGED,
        "proof": getattr(notice, "proof", None),
    }


def _language(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", "ko"))
