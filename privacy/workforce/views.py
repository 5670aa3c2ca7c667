"""The staff door: my pledges and my training. They open without any access to personal information."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.accounts.console import actor_of
from privacy.accounts.reauthentication import NotYou, reauthenticate
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.workforce import actions as workforce
from privacy.workforce import seals, standing
from privacy.workforce.forms import QuizForm, SignatureForm
from privacy.workforce.models import Attendance, Course, Pledge, PledgeText, Session
from privacy.workforce.models.pledges import Occasion


def pledges(request: HttpRequest) -> HttpResponse:
    """Show which pledge I owe, what I signed, and until when it holds."""
    user, today = actor_of(request), clock.today()
    mine = list(Pledge.objects.filter(user=user).select_related("text"))
    valid = standing.valid_pledge(user, today)
    occasion = standing.occasion_for(user, today)
    return render(
        request,
        "workforce/pledges.html",
        {
            "mine": mine,
            "valid": valid,
            "today": today,
            "occasion": occasion,
            "owed": PledgeText.objects.in_force(occasion, on=today),
            "leaving": PledgeText.objects.in_force(Occasion.LEAVING, on=today),
        },
    )


def sign(request: HttpRequest, occasion: str) -> HttpResponse:
    """Read a pledge and sign it: name, password, one button."""
    user, today = actor_of(request), clock.today()
    if occasion not in (standing.occasion_for(user, today), Occasion.LEAVING):
        raise Http404
    text = PledgeText.objects.in_force(occasion, on=today)
    if text is None:
        raise Http404
    form = SignatureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reauthenticate(request, password=form.cleaned_data["password"])
            # The text that was read, not the one that came in force meanwhile.
            read = get_object_or_404(PledgeText, pk=request.POST.get("text") or None)
            pledge = workforce.sign(
                read,
                typed_name=form.cleaned_data["typed_name"],
                language=(get_language() or "ko")[:2],
                actor=user,
                at=clock.now(),
            )
        except (NotYou, workforce.OtherName, workforce.NotTheText) as refusal:
            field = {"not-you": "password", "other-name": "typed_name"}.get(refusal.code)
            form.add_error(field, str(refusal))
        else:
            messages.success(request, _("Signed. The pledge is kept with its seal."))
            return redirect("workforce:pledge", reference=pledge.reference)
    context = {"text": text, "form": form, "until": None}
    return render(request, "workforce/sign.html", context, status=400 if form.errors else 200)


def pledge(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one of my pledges; the seal is computed again each time."""
    signed = get_object_or_404(
        Pledge.objects.select_related("text", "user"), user=actor_of(request), reference=reference
    )
    return render(request, "workforce/pledge.html", _checked(signed))


def pledge_paper(request: HttpRequest, reference: str) -> HttpResponse:
    """Send one of my pledges as PDF."""
    signed = get_object_or_404(
        Pledge.objects.select_related("text", "user"), user=actor_of(request), reference=reference
    )
    paper = workforce.print_pledge(
        signed, language=(get_language() or "ko")[:2], actor=actor_of(request), at=clock.now()
    )
    response = HttpResponse(paper, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{signed.reference}.pdf"'
    return response


def _checked(signed: Pledge) -> dict[str, Any]:
    return {
        "pledge": signed,
        "intact": seals.is_intact(signed),
        "computed": seals.seal_of(signed),
        "recorded": seals.recorded_seal(signed),
    }


def training(request: HttpRequest) -> HttpResponse:
    """Show whether my training holds, the courses I can take, and what I completed."""
    user, today = actor_of(request), clock.today()
    courses = [course for course in Course.objects.all() if course.is_offered(today)]
    return render(
        request,
        "workforce/training.html",
        {
            "valid": standing.valid_training(user, today),
            "courses": [course for course in courses if course.has_quiz],
            "sessions": Session.objects.filter(state=Session.State.PLANNED, held_on__gte=today).order_by("held_on"),
            "mine": Attendance.objects.filter(user=user).select_related("course"),
            "today": today,
        },
    )


def course(request: HttpRequest, code: str) -> HttpResponse:
    """Read a course and take its quiz on one page; the result stands above it."""
    found = get_object_or_404(Course, code=code)
    if not found.has_quiz or not found.is_offered(clock.today()):
        raise Http404
    form = QuizForm(request.POST or None, course=found)
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            result = workforce.take_quiz(found, answers=form.answers(), actor=actor_of(request), at=clock.now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            if result.attendance is not None:
                messages.success(
                    request, _("Passed with %(score)d %%. The training is completed.") % {"score": result.score}
                )
                return redirect("workforce:training")
    wrong = [number + 1 for number in result.wrong] if result else []
    return render(request, "workforce/course.html", {"course": found, "form": form, "result": result, "wrong": wrong})
