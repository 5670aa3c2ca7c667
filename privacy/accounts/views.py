"""The staff door: what I owe, what I may open, until when and why, asking for access; and the representative's link."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from privacy.accounts import actions as accounts
from privacy.accounts.access_requirements import OPEN_VAULT
from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.accounts.forms import AccessForm, ExplanationForm, RepresentativeForm
from privacy.accounts.models import AccessGrant, AccessRequest
from privacy.ledger import actions as ledger
from privacy.ledger.models import Finding, FindingQuestion
from privacy.lib.dates import clock
from privacy.lib.display.period_text import period_text
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import parameters


def staff(request: HttpRequest) -> HttpResponse:
    """Show the signed-in employee what they owe and their access."""
    user, today = actor_of(request), clock.today()
    grants = AccessGrant.objects.filter(user=user, role="").select_related("approved_by")
    context = {
        "grants": grants.in_period(on=today),
        "coming": grants.living(on=today).filter(valid_from__gt=today).order_by("valid_from"),
        "lacking": user.shortfalls(today),
        "lacks_role": not user.may(OPEN_VAULT),
        "questions": FindingQuestion.objects.unanswered().filter(finding__account=user.ref).select_related("finding"),
    }
    return render(request, "staff/home.html", context)


def explain_access(request: HttpRequest, question: UUID) -> HttpResponse:
    """Show what the reviewer asks about my access, and take my explanation."""
    user = actor_of(request)
    asked = get_object_or_404(FindingQuestion.objects.select_related("finding"), pk=question, finding__account=user.ref)
    form = ExplanationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ledger.answer_question(question=asked, answer=form.cleaned_data["answer"], actor=user, at=clock.now())
        except Refusal as refusal:
            form.add_error("answer" if refusal.code == "wordless" else None, str(refusal))
        else:
            messages.success(request, _sent(asked))
            return redirect("accounts:staff")
    earlier = asked.finding.questions.filter(asked_at__lt=asked.asked_at)
    context = {"asked": asked, "finding": asked.finding, "earlier": earlier, "form": form}
    return render(request, "staff/explain.html", context, status=400 if form.errors else 200)


def _sent(question: FindingQuestion) -> str:
    """Say what becomes of an answer: of a finding that was explained meanwhile nobody accepts it or asks again."""
    if Finding.objects.filter(pk=question.finding_id, explained_at=None).exists():
        return _("Sent. The reviewer accepts it or asks again.")
    return _(
        "Sent. The finding has been explained meanwhile, so your answer stays beside it and nothing more is asked."
    )


def access(request: HttpRequest) -> HttpResponse:
    """Show my access and my requests, and take a new one."""
    user, today = actor_of(request), clock.today()
    initial = {"valid_from": today, "valid_until": today + timedelta(days=90)}
    form = AccessForm(request.POST or None, initial=initial, on=today)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.request_access(user=user, **form.asked(), at=clock.now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Requested. Someone else will decide. You'll find the answer here."))
            return redirect("accounts:access")
    grants = AccessGrant.objects.filter(user=user).select_related("approved_by").in_period(on=today)
    context = {
        "grants": grants.order_by("-role", "category", "purpose"),
        "requests": AccessRequest.objects.filter(user=user)[:20],
        "form": form,
        "reviewed_after": period_text(months=parameters.number("grants.review.months", today)),
    }
    return render(request, "staff/access.html", context, status=400 if form.errors else 200)


@require_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take my request back."""
    user = actor_of(request)
    asked = get_object_or_404(AccessRequest, user=user, reference=reference)
    try:
        accounts.withdraw_access(asked, user=user, at=clock.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Withdrawn."))
    return redirect("accounts:access")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def representative(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the representative is asked, and take the answer, once; opening the link alone decides nothing."""
    at = clock.now()
    try:
        link = accounts.find_representative_link(token, at=at)
        form = RepresentativeForm(request.POST or None, about_emergency=link.emergency is not None)
        if request.method == "POST" and form.is_valid():
            accounts.answer_representative_link(token, **form.cleaned_data, at=at)
            return render(request, "accounts/representative_done.html")
    except accounts.LinkInvalid as refusal:
        return render(request, "accounts/link_invalid.html", {"refusal": refusal}, status=404)
    except Refusal as refusal:
        return render(request, "accounts/link_invalid.html", {"refusal": refusal}, status=409)
    who = name_with_reference(link.act_of)
    context = {"form": form, "link": link, "who": who}
    return render(request, "accounts/representative.html", context, status=400 if form.errors else 200)
