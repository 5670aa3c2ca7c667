"""The staff door: my pledges and my training. They open without any access to personal information."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.accounts.actors import actor_of
from privacy.accounts.reauthentication import WrongPassword, reauthenticate
from privacy.accounts.signin.actions import TooManyFailures
from privacy.lib.dates import clock
from privacy.lib.display.period_text import period_text
from privacy.lib.errors.refusals import Refusal
from privacy.policies import rulebook
from privacy.workforce import actions as workforce
from privacy.workforce import compliance, documents, integrity
from privacy.workforce.forms import QuizForm, SignatureForm
from privacy.workforce.models import Course, CourseCompletion, Pledge, PledgeText, TrainingSession
from privacy.workforce.models.pledges import Occasion


def pledges(request: HttpRequest) -> HttpResponse:
    """Show which pledge I owe, what I signed, and until when it holds."""
    user, today = actor_of(request), clock.today()
    mine = list(Pledge.objects.filter(user=user).select_related("text"))
    valid = compliance.valid_pledge(user, today)
    occasion = compliance.next_occasion(user, today)
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
            "validity": period_text(months=rulebook.parameter("pledge.months", today)),
        },
    )


def sign(request: HttpRequest, occasion: str) -> HttpResponse:
    """Read a pledge and sign it: name, password, one button."""
    user, today = actor_of(request), clock.today()
    if occasion not in (compliance.next_occasion(user, today), Occasion.LEAVING):
        if (signed := _signed_just_now(request, occasion, today)) is not None:
            return redirect("workforce:pledge", reference=signed.reference)
        raise Http404
    text = PledgeText.objects.in_force(occasion, on=today)
    if text is None:
        raise Http404
    form = SignatureForm(request.POST or None, name=user.name)
    if request.method == "POST" and form.is_valid():
        try:
            reauthenticate(request, password=form.cleaned_data["password"], at=clock.now())
            # The text that was read, not the one that came in force meanwhile.
            read = PledgeText.objects.filter(
                occasion=occasion, pk__in=_submitted_id(request.POST.get("text", ""))
            ).first()
            if read is None:
                raise Http404
            pledge = workforce.sign(
                read,
                typed_name=form.cleaned_data["typed_name"],
                language=(get_language() or "ko")[:2],
                actor=user,
                at=clock.now(),
            )
        except (WrongPassword, TooManyFailures, workforce.NameMismatch, workforce.NotTextInForce) as refusal:
            fields = {"not-you": "password", "too-many-failures": "password", "other-name": "typed_name"}
            form.add_error(fields.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Signed. The pledge is kept with its seal."))
            return redirect("workforce:pledge", reference=pledge.reference)
    context = {"text": text, "form": form, "until": None}
    return render(request, "workforce/sign.html", context, status=400 if form.errors else 200)


def _signed_just_now(request: HttpRequest, occasion: str, today: date) -> Pledge | None:
    """Return the pledge that this form has signed already: its button was pressed twice."""
    signed = Pledge.objects.filter(user=actor_of(request), signed_on=today, way=Pledge.Way.BROWSER)
    return signed.filter(text__occasion=occasion, text__in=_submitted_id(request.POST.get("text", ""))).first()


def _submitted_id(text: str) -> list[UUID]:
    """Return the id that a form sent back, unless somebody wrote something else there."""
    try:
        return [UUID(text)]
    except ValueError:
        return []


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
        "signed": documents.signed_text(signed),
        "intact": integrity.is_intact(signed),
        "lapsed": integrity.is_past_term(signed),
        "computed": integrity.compute_seal(signed),
        "recorded": integrity.recorded_seal(signed),
    }


def training(request: HttpRequest) -> HttpResponse:
    """Show whether my training holds, the courses I can take, and what I completed."""
    user, today = actor_of(request), clock.today()
    courses = [course for course in Course.objects.all() if course.is_offered(today)]
    return render(
        request,
        "workforce/training.html",
        {
            "valid": compliance.valid_training(user, today),
            "courses": [course for course in courses if course.has_quiz],
            "sessions": TrainingSession.objects.filter(
                state=TrainingSession.State.PLANNED, held_on__gte=today
            ).order_by("held_on"),
            "mine": CourseCompletion.objects.filter(user=user).select_related("course"),
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
                    request, _("Passed with %(score)d %%. You have completed the training.") % {"score": result.score}
                )
                return redirect("workforce:training")
    wrong = [number + 1 for number in result.wrong] if result else []
    return render(request, "workforce/course.html", {"course": found, "form": form, "result": result, "wrong": wrong})
