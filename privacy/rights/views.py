"""The public door for the rights: guide, request, status. No script is needed; ko by default, en under /en/."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from privacy.ledger import request_context
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.http import guest_session
from privacy.lib.http.clear_site_data import FORGET
from privacy.lib.http.text_files import as_data_url
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.policies import rulebook
from privacy.policies.models import Agency, Officer, PolicyVersion
from privacy.retention.certificates import statement_texts
from privacy.rights import actions as rights
from privacy.rights import grounds, portability, power_of_attorney, status_page, unverified_freezes
from privacy.rights.actions.term_extensions import DAYS, MOST
from privacy.rights.actors import Requester
from privacy.rights.forms import RequestForm
from privacy.rights.models import ANSWER_DAYS, Letter, Package, Request, Right
from privacy.rights.status_page_forms import CaseForm, DocumentForm, DownloadForm, MessageForm, ObjectionForm
from privacy.safeguards.models import ApplicabilityDecision
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
        "decisions": _automated_decisions(today),
        "portability": portability.decision(),
        "is_bound_to_transmit": portability.is_bound(),
        "others": portability.decision_on_others(),
        "source_days": rulebook.parameter("rights.source.answer.days", today),
        "grounds": grounds.table(today),
        "undone": statement_texts.cannot_be_undone(),
    }
    return render(request, "rights/guide.html", context)


def _automated_decisions(on: date) -> dict[str, Any]:
    """In how many days, and how much later, an answer about one is given, and whether the office takes any (R-34)."""
    codes = {"days": ANSWER_DAYS[Right.Kind.EXPLANATION], "longer": DAYS, "times": MOST}
    numbers = rulebook.parameters(codes.values(), on)
    decided = ApplicabilityDecision.objects.newest_of_each().filter(threshold="automated").first()
    version = PolicyVersion.objects.in_force(on)
    document = (version.document if version is not None else None) or {"sections": []}
    chapters = {chapter["code"] for chapter in document["sections"]}
    return {
        **{name: numbers[code] for name, code in codes.items()},
        "decided": decided is not None,
        "taken": decided is not None and decided.applies,
        "published": "automated-decisions" in chapters,
    }


@login_not_required
@require_GET
def power_of_attorney_form(request: HttpRequest) -> HttpResponse:
    """Hand out the power of attorney to print; in English with what each field means (law F-4)."""
    language = _language(request)
    return _file(power_of_attorney.form(language), f"power-of-attorney-{language}.pdf", "application/pdf")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_form(request: HttpRequest) -> HttpResponse:
    """Take a request. The answer page is the same for everybody, known or unknown (SEC-16)."""
    if request.method != "POST":
        form = RequestForm(on=clock.today(), initial={"submission": new_form_nonce()})
        return _form(request, form)
    form = RequestForm(request.POST, on=clock.today())
    if not form.is_valid():
        return _form(request, form, status=422)
    if form.cleaned_data["website"]:
        # Only a program fills this field: it gets a page, and nothing is kept.
        return render(request, "rights/received.html", {"receipt": None})
    given = form.cleaned_data
    try:
        receipt = rights.receive(
            channel=Request.Channel.WEB,
            **form.received(),
            language=_language(request),
            submission=given["submission"],
            address=request_context.current().address,
            at=clock.now(),
        )
    except Unavailable:
        raise
    except Refusal as refusal:
        pointer = (refusal.pointer or "").strip("/")
        form.add_error(pointer if pointer in form.fields else None, str(refusal))
        status = 429 if isinstance(refusal, TooManyAttempts) else 422
        return _form(request, form, status=status)
    freeze = unverified_freezes.initial_freeze(receipt.request)
    # Who has just been told number and code need not enter them: the status page opens at once.
    guest_session.begin(request, SESSION, receipt.request.id, at=clock.now())
    context = {"receipt": receipt, "freeze": freeze, "note": _note(request, receipt)}
    return render(request, "rights/received.html", context)


def _note(request: HttpRequest, receipt: rights.Receipt) -> str:
    """Return number and code as the address of a text file, which the browser saves without asking us."""
    lines = [
        f"{_('Case number')}: {receipt.number}",
        f"{_('Code')}: {receipt.code}",
        request.build_absolute_uri(reverse("rights:case")),
    ]
    return as_data_url(lines)


def _form(request: HttpRequest, form: RequestForm, *, status: int = 200) -> HttpResponse:
    """Show the form with the years after which its words are destroyed (law R-31)."""
    years = rulebook.parameter("rights.records.years", clock.today())
    return render(request, "rights/request.html", {"form": form, "years": years}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest) -> HttpResponse:
    """Ask for number and code, then show where the case stands."""
    if request.method != "POST":
        opened = opened_case(request)
        if opened is None:
            return render(request, "rights/case_entry.html", {"form": CaseForm()})
        return show(request, opened)
    form = CaseForm(request.POST)
    if form.is_valid():
        try:
            found = rights.authenticate(
                number=form.cleaned_data["number"],
                code=form.cleaned_data["code"],
                address=request_context.current().address,
                at=clock.now(),
            )
        except (subjects.WrongCode, TooManyAttempts) as refusal:
            form.add_error(None, str(refusal))
            status = 429 if isinstance(refusal, TooManyAttempts) else 422
            return render(request, "rights/case_entry.html", {"form": form}, status=status)
        guest_session.begin(request, SESSION, found.id, at=clock.now())
        return HttpResponseRedirect(reverse("rights:case"))
    return render(request, "rights/case_entry.html", {"form": form}, status=422)


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the status page on this device."""
    guest_session.end(request, SESSION)
    return HttpResponseRedirect(reverse("rights:case"), headers=FORGET)


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
def stop_destruction(request: HttpRequest) -> HttpResponse:
    """Stop a deletion that was granted and has not begun."""
    position = request.POST.get("right", "")

    def verb(case: Request, actor: Requester) -> object:
        number = int(position) if position.isdecimal() and len(position) < 4 else 0
        right = Right.objects.filter(request=case, position=number).first()
        if right is None:
            raise rights.WrongState(_("There is no deletion to stop."))
        return rights.stop_destruction(right, actor=actor, at=clock.now())

    return _act(request, verb)


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
        lambda case, actor: rights.submit_document(
            case, name=upload.name or "", content=upload.read(), actor=actor, at=clock.now()
        ),
    )


@login_not_required
@require_POST
def send_message(request: HttpRequest) -> HttpResponse:
    """Write to the office about the case."""
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return _again(request, message_form=form)
    said, upload = form.cleaned_data["text"], form.cleaned_data["attachment"]
    if opened_case(request) is None:
        context = {"form": CaseForm(), "kept": said, "kept_no_file": upload is not None, "kept_is_message": True}
        return render(request, "rights/case_entry.html", context, status=422)
    files = [(upload.name or "", upload.read())] if upload else []
    return _act(
        request,
        lambda case, actor: rights.write_message(case, text=said, attachments=files, actor=actor, at=clock.now()),
        message_form=form,
    )


@login_not_required
@require_POST
def object_to(request: HttpRequest) -> HttpResponse:
    """Object to a decision."""
    form = ObjectionForm(request.POST, request.FILES)
    if not form.is_valid():
        return _again(request, object_form=form)
    position = form.cleaned_data["right"]

    def verb(case: Request, actor: Requester) -> object:
        right = Right.objects.filter(request=case, position=position).first()
        if right is None:
            raise rights.NotObjectable(_("There is no refusal to object to."))
        upload = form.cleaned_data["evidence"]
        evidence = [(upload.name or "", upload.read())] if upload else []
        said = form.cleaned_data["statement"]
        return rights.object_to(right, statement=said, evidence=evidence, actor=actor, at=clock.now())

    if opened_case(request) is None:
        # The half hour was over while it was written: it is shown again, to be sent once the page is open.
        given = form.cleaned_data
        context = {"form": CaseForm(), "kept": given["statement"], "kept_no_file": given["evidence"] is not None}
        return render(request, "rights/case_entry.html", context, status=422)
    return _act(request, verb, object_form=form)


@login_not_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Hand the access package out, once, after the second proof."""
    opened = opened_case(request)
    if opened is None:
        return HttpResponseRedirect(reverse("rights:case"))
    form = DownloadForm(request.POST)
    code = form.cleaned_data["pickup_code"] if form.is_valid() else ""
    package = Package.objects.filter(right__request=opened).order_by("-built_at").first()
    try:
        if package is None:
            raise rights.PackageGone(_("There is nothing to download."))
        content = rights.download(
            package, code=code, confirmed=status_page.confirmed_for_download(opened, at=clock.now()), at=clock.now()
        )
    except Unavailable:
        raise
    except Refusal as refusal:
        return _again(request, problem=str(refusal))
    response = StreamingHttpResponse(content, content_type="application/zip")
    response.headers["Content-Length"] = str(package.file_bytes)
    return _saved(response, f"{opened.number}.zip")


@login_not_required
@require_POST
def confirm_download(request: HttpRequest) -> HttpResponse:
    """Ask the device for a fresh confirmation, as the second proof for the download."""
    return _act(request, lambda case, actor: status_page.challenge_for_download(case, actor=actor, at=clock.now()))


@login_not_required
@require_POST
def letter(request: HttpRequest, reference: str) -> HttpResponse:
    """Hand out one of the case's answers as a PDF."""
    opened = opened_case(request)
    found = Letter.objects.filter(request=opened, reference=reference).first() if opened else None
    if opened is None or found is None:
        return HttpResponseRedirect(reverse("rights:case"))
    found.request = opened
    language = _language(request)
    try:
        content = status_page.letter_pdf(found, language=language, actor=Requester(opened.reference), at=clock.now())
    except Unavailable:
        raise
    except Refusal as refusal:
        return _again(request, problem=str(refusal))
    return _file(content, f"{found.reference}-{language}.pdf", "application/pdf")


def show(request: HttpRequest, opened: Request, status: int = 200, **more: Any) -> HttpResponse:
    """Show where a case stands, with what was wrong."""
    context = status_page.context(opened, at=clock.now())
    forms = {
        "document_form": DocumentForm(), "object_form": ObjectionForm(), "pickup_form": DownloadForm(),
        "message_form": MessageForm(), **more,
    }  # fmt: skip
    if opened.closed_at is not None:
        forms["document_form"].fields["document"].help_text = DocumentForm.HELP_ONCE_CLOSED
    return render(request, "rights/case.html", {**context, **forms}, status=status)


def _again(request: HttpRequest, **more: Any) -> HttpResponse:
    opened = opened_case(request)
    return HttpResponseRedirect(reverse("rights:case")) if opened is None else show(request, opened, 422, **more)


def _act(request: HttpRequest, verb: Callable[[Request, Requester], object], **forms: Any) -> HttpResponse:
    """Call a verb as the requester and show the case again; a refusal, with the form as it was filled in."""
    opened = opened_case(request)
    if opened is None:
        return HttpResponseRedirect(reverse("rights:case"))
    try:
        verb(opened, Requester(opened.reference))
    except Unavailable:
        raise
    except Refusal as refusal:
        return _again(request, problem=str(refusal), **forms)
    return HttpResponseRedirect(reverse("rights:case"))


def opened_case(request: HttpRequest) -> Request | None:
    """Return the case whose number and code this browser has shown, for half an hour."""
    about = guest_session.record_id(request, SESSION, at=clock.now())
    return Request.objects.filter(id=about).first() if about else None


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    return _saved(HttpResponse(content, content_type=media_type), name)


def _saved[Response: HttpResponseBase](response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _language(request: HttpRequest) -> str:
    return "en" if getattr(request, "LANGUAGE_CODE", "ko").startswith("en") else "ko"
