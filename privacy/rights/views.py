"""The public door for the five rights: guide, request, status. No script is needed; ko by default, en under /en/."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from privacy.ledger import acting
from privacy.lib import clock, visits
from privacy.lib.codes import new_submission
from privacy.lib.refusals import Refusal, TooMany
from privacy.policies import rulebook
from privacy.policies.models import Agency, Officer
from privacy.rights import actions as rights
from privacy.rights import statuspage
from privacy.rights.forms import AskForm, CaseForm, DocumentForm, ObjectForm, PickupForm
from privacy.rights.models import GROUNDS_OF, Letter, Package, Request, Right
from privacy.rights.people import Requester
from privacy.subjects import actions as subjects

SESSION = "rights.case"


@login_not_required
@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    """The rights in plain words, the channels, the grounds of refusal, the terms, the agencies."""
    today = clock.today()
    context = {
        "officer": Officer.objects.on(today),
        "agencies": Agency.objects.all(),
        "days": rulebook.parameter("rights.answer.days", today),
        "grounds": [(Right.Kind(kind).label, [one.label for one in grounds]) for kind, grounds in GROUNDS_OF.items()],
    }
    return render(request, "rights/guide.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Take a request. The answer page is the same for everybody, known or unknown (SEC-16)."""
    if request.method != "POST":
        form = AskForm(on=clock.today(), initial={"submission": new_submission()})
        return render(request, "rights/request.html", {"form": form})
    form = AskForm(request.POST, on=clock.today())
    if not form.is_valid():
        return render(request, "rights/request.html", {"form": form}, status=422)
    if form.cleaned_data["website"]:
        # Only a program fills this field: it gets a page, and nothing is kept.
        return render(request, "rights/received.html", {"receipt": None})
    given = form.cleaned_data
    try:
        receipt = rights.receive(
            channel=Request.Channel.WEB,
            asked=form.asked(),
            target_kind=given["target_kind"],
            target=given["target"],
            requester=given["requester"],
            contact=form.contact(),
            answer_by=given["answer_by"],
            explanation=given["explanation"],
            language=_language(request),
            submission=given["submission"],
            address=acting.current().address,
            at=clock.now(),
        )
    except Refusal as refusal:
        pointer = (refusal.pointer or "").strip("/")
        form.add_error(pointer if pointer in form.fields else None, str(refusal))
        status = 429 if isinstance(refusal, TooMany) else 422
        return render(request, "rights/request.html", {"form": form}, status=status)
    return render(request, "rights/received.html", {"receipt": receipt})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest) -> HttpResponse:
    """Ask for number and code, then show where the case stands."""
    if request.method != "POST":
        opened = _opened(request)
        if opened is None:
            return render(request, "rights/case_entry.html", {"form": CaseForm()})
        return _show(request, opened)
    form = CaseForm(request.POST)
    if form.is_valid():
        try:
            found = rights.enter(
                number=form.cleaned_data["number"],
                code=form.cleaned_data["code"],
                address=acting.current().address,
                at=clock.now(),
            )
        except (subjects.WrongCode, TooMany) as refusal:
            form.add_error(None, str(refusal))
            status = 429 if isinstance(refusal, TooMany) else 422
            return render(request, "rights/case_entry.html", {"form": form}, status=status)
        visits.begin(request, SESSION, found.id, at=clock.now())
        return HttpResponseRedirect(reverse("rights:case"))
    return render(request, "rights/case_entry.html", {"form": form}, status=422)


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the status page on this device."""
    visits.end(request, SESSION)
    return HttpResponseRedirect(reverse("rights:case"))


@login_not_required
@require_POST
def confirm_device(request: HttpRequest) -> HttpResponse:
    """Ask the device for a confirmation; a code appears on the page, whether or not we know a device."""
    return _act(request, lambda case, actor: rights.challenge(case, actor=actor, at=clock.now()))


@login_not_required
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take the request back."""
    return _act(request, lambda case, actor: rights.withdraw(case, actor=actor, at=clock.now()))


@login_not_required
@require_POST
def send_document(request: HttpRequest) -> HttpResponse:
    """Add a document that proves identity or authority."""
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _again(request, document_form=form)
    upload = form.cleaned_data["document"]
    return _act(
        request,
        lambda case, actor: rights.submit(
            case, name=upload.name or "", content=upload.read(), actor=actor, at=clock.now()
        ),
    )


@login_not_required
@require_POST
def object_to(request: HttpRequest) -> HttpResponse:
    """Object to a decision."""
    form = ObjectForm(request.POST)
    if not form.is_valid():
        return _again(request, object_form=form)
    position = form.cleaned_data["right"]

    def verb(case: Request, actor: Requester) -> object:
        right = Right.objects.filter(request=case, position=position).first()
        if right is None:
            raise rights.NotObjectable(_("There is no refusal to object to."))
        return rights.object_to(right, statement=form.cleaned_data["statement"], actor=actor, at=clock.now())

    return _act(request, verb)


@login_not_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Hand the access package out, once, after the second proof."""
    opened = _opened(request)
    if opened is None:
        return HttpResponseRedirect(reverse("rights:case"))
    form = PickupForm(request.POST)
    code = form.cleaned_data["pickup_code"] if form.is_valid() else ""
    package = Package.objects.filter(right__request=opened).order_by("-built_at").first()
    try:
        if package is None:
            raise rights.PackageGone(_("There is nothing to download."))
        content = rights.download(
            package, code=code, confirmed=statuspage.confirmed_for_download(opened, at=clock.now()), at=clock.now()
        )
    except Refusal as refusal:
        return _again(request, problem=str(refusal))
    response = StreamingHttpResponse(content, content_type="application/zip")
    response.headers["Content-Length"] = str(package.file_bytes)
    return _saved(response, f"{opened.number}.zip")


@login_not_required
@require_POST
def confirm_download(request: HttpRequest) -> HttpResponse:
    """Ask the device for a fresh confirmation, as the second proof for the download."""
    return _act(request, lambda case, actor: statuspage.challenge_for_download(case, actor=actor, at=clock.now()))


@login_not_required
@require_POST
def letter(request: HttpRequest, reference: str) -> HttpResponse:
    """Hand out one of the case's answers as a PDF."""
    opened = _opened(request)
    found = Letter.objects.filter(request=opened, reference=reference).first() if opened else None
    if opened is None or found is None:
        return HttpResponseRedirect(reverse("rights:case"))
    found.request = opened
    language = _language(request)
    content = statuspage.letter_pdf(found, language=language, actor=Requester(opened.reference), at=clock.now())
    return _file(content, f"{found.reference}-{language}.pdf", "application/pdf")


def _show(request: HttpRequest, opened: Request, status: int = 200, **more: Any) -> HttpResponse:
    context = statuspage.context(opened, at=clock.now())
    forms = {"document_form": DocumentForm(), "object_form": ObjectForm(), "pickup_form": PickupForm()}
    return render(request, "rights/case.html", {**context, **forms, **more}, status=status)


def _again(request: HttpRequest, **more: Any) -> HttpResponse:
    opened = _opened(request)
    return HttpResponseRedirect(reverse("rights:case")) if opened is None else _show(request, opened, 422, **more)


def _act(request: HttpRequest, verb: Callable[[Request, Requester], object]) -> HttpResponse:
    """Call a verb as the requester and show the case again."""
    opened = _opened(request)
    if opened is None:
        return HttpResponseRedirect(reverse("rights:case"))
    try:
        verb(opened, Requester(opened.reference))
    except Refusal as refusal:
        return _again(request, problem=str(refusal))
    return HttpResponseRedirect(reverse("rights:case"))


def _opened(request: HttpRequest) -> Request | None:
    about = visits.about(request, SESSION, at=clock.now())
    return Request.objects.filter(id=about).first() if about else None


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    return _saved(HttpResponse(content, content_type=media_type), name)


def _saved[Response: HttpResponseBase](response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _language(request: HttpRequest) -> str:
    return "en" if getattr(request, "LANGUAGE_CODE", "ko").startswith("en") else "ko"
