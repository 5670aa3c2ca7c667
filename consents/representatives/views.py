"""The pages on which a person says whether they are under 14, a child names a representative, and that one decides."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consents import actions as consents
from consents.forms import BirthDateForm, ContactCodeForm, NameRepresentativeForm, RepresentativeForm
from consents.models import AgreementVersion, Decision, RepresentativeRequest
from consents.representatives.texts import texts_to_decide
from consents.told_notices import told_of
from consents.views import holder_required
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor
from privacy.lib.dates import clock
from privacy.lib.display.reader_language import reader_language
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.http import guest_session
from privacy.lib.http.clear_site_data import FORGET
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject

SESSION = "consents.representative"


@holder_required
@require_http_methods(["GET", "HEAD", "POST"])
def age(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Ask for the date of birth once; a child learns here, in easy words, who has to agree and what became of it."""
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = consents.state_age(
                subject, born_on=form.cleaned_data["birth_date"], actor=_me(subject), at=clock.now()
            )
            return HttpResponseRedirect(reverse("consents:age" if made.is_child else "consents:home"))
        except Unavailable:
            raise
        except Refusal as refusal:
            form.add_error("birth_date", str(refusal))
    return _age_page(request, subject, form, NameRepresentativeForm(), status=422 if form.errors else 200)


@holder_required
@require_POST
def name(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Take from a child whom to ask, and ask them."""
    form, at = NameRepresentativeForm(request.POST), clock.now()
    if not consents.is_child(subject, at=at):
        return HttpResponseRedirect(reverse("consents:age"))
    if form.is_valid():
        try:
            waiting = consents.open_request(subject, actor=_me(subject), at=at)
            consents.name_representative(
                waiting, **form.cleaned_data, language=reader_language(), actor=_me(subject), at=at
            )
            return HttpResponseRedirect(reverse("consents:age"))
        except Unavailable:
            raise
        except Refusal as refusal:
            form.add_error("contact", str(refusal))
    return _age_page(request, subject, BirthDateForm(), form, status=422)


@login_not_required
@require_GET
def children(request: HttpRequest) -> HttpResponse:
    """Say in easy words what becomes of a child's data, and what a child may ask for (PIPA art. 22-2(3))."""
    return render(request, "consents/children.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Take the code that a legal representative was sent."""
    form = ContactCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            found = consents.request_of_code(
                form.cleaned_data["code"], address=request_context.current().address, at=clock.now()
            )
            guest_session.begin(request, SESSION, found.id, at=clock.now())
            return HttpResponseRedirect(reverse("consents:representative_texts"))
        except TooManyAttempts as refusal:
            form.add_error(None, str(refusal))
            status = 429
        except (subjects.WrongCode, consents.RequestEnded) as refusal:
            wrong = _("This code doesn't open anything. Check it, or ask the child to have you asked again.")
            form.add_error(None, str(refusal) if isinstance(refusal, consents.RequestEnded) else wrong)
    if form.errors and status == 200:
        status = 422
    return render(request, "consents/representative_code.html", {"form": form}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def texts(request: HttpRequest) -> HttpResponse:
    """Show a legal representative every text, and take what they decide about each."""
    waiting = _waiting(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("consents:representative"))
    versions = texts_to_decide(Subject.objects.get(pk=waiting.subject_id), at=clock.now())
    form = RepresentativeForm(versions, request.POST if request.method == "POST" else None)
    refusal = ""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "refuse":
                return _done(
                    request,
                    consents.refuse_as_representative(
                        waiting, method=Decision.Method.WEBSITE, actor=_asked(waiting), at=clock.now()
                    ),
                )
            if form.is_valid():
                return _done(request, _answer(request, waiting, form, versions))
        except Unavailable:
            raise
        except Refusal as error:
            refusal = str(error)
    context: dict[str, Any] = {
        "waiting": waiting,
        "form": form,
        "refusal": refusal,
        "texts": [(version, field, told_of(version)) for version, field in form.texts()],
        "digests": _digests(versions),
    }
    return render(request, "consents/representative_texts.html", context, status=422 if refusal or form.errors else 200)


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the representative's pages on this device; the code opens them again until the answer is due."""
    guest_session.end(request, SESSION)
    return HttpResponseRedirect(reverse("consents:representative"), headers=FORGET)


def _answer(
    request: HttpRequest, waiting: RepresentativeRequest, form: RepresentativeForm, versions: list[AgreementVersion]
) -> RepresentativeRequest:
    if request.POST.get("texts") != _digests(versions):
        raise consents.TextNotOffered(_("The text has changed since you opened this page. Please read it again."))
    by_text = waiting.channel == RepresentativeRequest.Channel.PHONE
    confirmation = Decision.Confirmation.WEBSITE_SMS if by_text else Decision.Confirmation.EQUIVALENT
    return consents.answer_as_representative(
        waiting,
        agreed=form.decided("agree"),
        refused=form.decided("disagree"),
        relationship=form.cleaned_data["relationship"],
        confirmation=confirmation,
        method=Decision.Method.WEBSITE,
        actor=_asked(waiting),
        at=clock.now(),
    )


def _done(request: HttpRequest, answered: RepresentativeRequest) -> HttpResponse:
    guest_session.end(request, SESSION)
    context = {"answered": answered, "kept": consents.is_asked_kept(answered)}
    return render(request, "consents/representative_done.html", context)


def _waiting(request: HttpRequest) -> RepresentativeRequest | None:
    found = guest_session.record_id(request, SESSION, at=clock.now())
    return RepresentativeRequest.objects.open().filter(pk=found, due_at__gt=clock.now()).first() if found else None


def _digests(versions: list[AgreementVersion]) -> str:
    return " ".join(version.digest for version in versions)


def _age_page(
    request: HttpRequest, subject: Subject, form: BirthDateForm, named: NameRepresentativeForm, *, status: int
) -> HttpResponse:
    asked = RepresentativeRequest.objects.filter(subject_id=subject.id).order_by("-opened_at").first()
    context = {
        "form": form,
        "named": named,
        "is_child": consents.is_child(subject, at=clock.now()),
        "asked": asked,
        "kept": asked is not None and consents.is_asked_kept(asked),
        "stands": consents.is_agreed_for(subject),
        "gone_by": asked.due_at + timedelta(days=1) if asked else None,
    }
    return render(request, "consents/age.html", context, status=status)


def _me(subject: Subject) -> ExternalActor:
    return ExternalActor("subject", subject.reference)


def _asked(waiting: RepresentativeRequest) -> ExternalActor:
    return consents.representative_actor(waiting)
