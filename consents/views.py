"""The public door for consents: prove that they are yours, read every text, agree, disagree, withdraw, take receipts.

No sign-in and no script is needed. Withdrawing is as many clicks as agreeing: both buttons stand on the same page.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consents import actions as consents
from consents import consent_status, destruction_status, identity_verification, receipts
from consents.agreement_status import AgreementStatus
from consents.destruction_status import PlanNow
from consents.forms import CodeForm, VerificationForm
from consents.models import (
    Agreement,
    AgreementVersion,
    CurrentConsent,
    Decision,
    PlannedDestruction,
    PlannedDestructionQuerySet,
)
from consents.told_notices import told_of
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor
from privacy.ledger.exports import document_issuance
from privacy.lib.dates import clock
from privacy.lib.display.reader_language import reader_language
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.http import guest_session
from privacy.lib.http.clear_site_data import FORGET
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject

SESSION, PENDING = "consents.holder", "consents.waiting"
type View = Callable[..., HttpResponse]


def holder_required(view: Callable[Concatenate[HttpRequest, Subject, ...], HttpResponse]) -> View:
    """Let in whoever has proven that these are her consents; send everybody else to the proof."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        subject = _holder(request)
        if subject is None:
            return HttpResponseRedirect(reverse("consents:home"))
        return view(request, subject, *args, **kwargs)

    return login_not_required(never_cache(wrapped))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The list of agreements for who has proven it; otherwise the ways to prove it."""
    subject = _holder(request)
    if subject is not None and request.method != "POST":
        _record_read(subject, "consents.decisions.shown")
        return render(request, "consents/list.html", _list_context(subject))
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        status = _open_with_code(request, form)
        if not form.errors:
            return HttpResponseRedirect(reverse("consents:home"))
    return _proof_page(request, form, {}, status=status if status != 200 or not form.errors else 422)


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a proof that somebody else confirms; the page that follows looks the same for everybody (SEC-16)."""
    proof = identity_verification.methods().get(code)
    if proof is None:
        raise Http404
    form = VerificationForm(proof, request.POST)
    if not form.is_valid():
        return _proof_page(request, CodeForm(), {code: form}, status=422)
    waiting = proof.begin(form.cleaned_data["term"], request_context.current().address, clock.now())
    request.session[PENDING] = {
        "proof": code, "key": waiting.key, "shown": waiting.shown, "until": waiting.expires_at.isoformat()
    }  # fmt: skip
    return HttpResponseRedirect(reverse("consents:waiting"))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """Show the code to compare; once it is confirmed, open the list."""
    held = request.session.get(PENDING)
    proof = identity_verification.methods().get(held["proof"]) if held else None
    if held is None or proof is None or datetime.fromisoformat(held["until"]) <= clock.now():
        request.session.pop(PENDING, None)
        return HttpResponseRedirect(reverse("consents:home"))
    holder = proof.holder(held["key"], clock.now())
    if holder is None:
        asked = request.method == "POST"
        return render(request, "consents/waiting.html", {"shown": held["shown"], "asked": asked})
    request.session.pop(PENDING, None)
    guest_session.begin(request, SESSION, holder, at=clock.now())
    return HttpResponseRedirect(reverse("consents:home"))


@holder_required
@require_http_methods(["GET", "HEAD", "POST"])
def agreement(request: HttpRequest, subject: Subject, code: str) -> HttpResponse:
    """Show one agreement with its four notices and my decision, and take a new one."""
    offered = AgreementVersion.objects.offered(clock.now()).select_related("agreement")
    version = get_object_or_404(offered, agreement__code=code)
    refusal = None
    if request.method == "POST":
        try:
            made = _decide(request, subject, version)
            return HttpResponseRedirect(reverse("consents:receipt", args=[made.reference]))
        except Unavailable:
            raise
        except Refusal as error:
            refusal = str(error)
    standing = CurrentConsent.objects.of(subject.id).filter(agreement=version.agreement).first()
    asking = AgreementVersion.objects.latest_requiring_reconsent().get(version.agreement_id, 0)
    basis = _basis(version)
    context = {
        "offer": AgreementStatus(version, standing, asking, _closed(subject, version.agreement), basis),
        "version": version,
        "notices": told_of(version, asked=not basis),
        "decisions": Decision.objects.of(subject.id).filter(agreement=version.agreement).order_by("-decided_at"),
        "refusal": refusal,
        "plans": _plans(_open_plans(subject).filter(decision__agreement=version.agreement)),
        "wait_hours": int(consents.wait(clock.now()).total_seconds() // 3600),
        "kept_by_law": consent_status.kept_by_law(version.agreement, clock.today()),
        "is_child": consents.is_child(subject, at=clock.now()),
    }
    return render(request, "consents/agreement.html", context, status=422 if refusal else 200)


@holder_required
@require_GET
def receipt(request: HttpRequest, subject: Subject, reference: str) -> HttpResponse:
    """Show a receipt, or hand it out as a file."""
    decision = get_object_or_404(
        Decision.objects.of(subject.id).select_related("agreement", "version"), reference=reference
    )
    document = receipts.receipt(decision, subject_reference=subject.reference)
    if request.GET.get("format") == "json":
        _record_read(subject, "consents.receipt.given")
        content = document_issuance.issue(
            json.dumps(document, ensure_ascii=False, indent=2).encode(),
            kind="consent-receipt",
            number=decision.reference,
            actor=ExternalActor("subject", subject.reference),
            at=clock.now(),
        )
        response = HttpResponse(content, content_type="application/json; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{decision.reference}.json"'
        return response
    return _receipt_page(request, subject, decision)


@holder_required
@require_POST
def new_code(request: HttpRequest, subject: Subject, reference: str) -> HttpResponse:
    """Issue a new consent code for a decision in force and show it, once, on its receipt; the earlier one ends.

    A receipt whose page stood open while the person decided again gets none, and says so; so does one that
    is sent again after a newer code.
    """
    decision = get_object_or_404(
        Decision.objects.of(subject.id).select_related("agreement", "version"), reference=reference
    )
    try:
        code = consents.issue_code(
            decision,
            submission=request.POST.get("submission") or new_form_nonce(),
            replace=True,
            actor=ExternalActor("subject", subject.reference),
            at=clock.now(),
        )
    except consents.CodeReplaced as error:
        return _receipt_page(request, subject, decision, refusal=str(error))
    ended = _("You have decided again since. Get a consent code on the receipt of your latest decision.")
    return _receipt_page(request, subject, decision, code=code, refusal="" if code else ended)


@holder_required
@require_POST
def destruction(request: HttpRequest, subject: Subject, plan: UUID) -> HttpResponse:
    """Stop the destruction that follows a withdrawal, or let it go on; the withdrawal stays."""
    row = get_object_or_404(PlannedDestruction.objects.of(subject.id), pk=plan)
    verb = consents.continue_destruction if request.POST.get("act") == "continue" else consents.stop_destruction
    refusal = ""
    try:
        verb(row, actor=ExternalActor("subject", subject.reference), at=clock.now())
        return HttpResponseRedirect(reverse("consents:home"))
    except Unavailable:
        raise
    except Refusal as error:
        refusal = str(error)
    context = {**_list_context(subject), "refusal": refusal}
    return render(request, "consents/list.html", context, status=422)


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the pages on this device; whoever is signed in here stays so."""
    guest_session.end(request, SESSION)
    guest_session.end(request, PENDING)
    return HttpResponseRedirect(reverse("consents:home"), headers=FORGET)


def _receipt_page(
    request: HttpRequest, subject: Subject, decision: Decision, *, code: str | None = None, refusal: str = ""
) -> HttpResponse:
    """Show a receipt, with the consent code that was just issued for it, if one was, or why none was."""
    document = receipts.receipt(decision, subject_reference=subject.reference)
    context = {
        "decision": decision,
        "document": document,
        "digest": receipts.digest(document),
        "code": code,
        "refusal": refusal,
        "is_current": CurrentConsent.objects.filter(decision=decision).exists(),
        "submission": new_form_nonce(),
        "plans": _plans(PlannedDestruction.objects.open().filter(decision=decision)),
    }
    return render(request, "consents/receipt.html", context, status=422 if refusal else 200)


def _open_with_code(request: HttpRequest, form: CodeForm) -> int:
    """Open the pages with a consent code, or say in the form why not; return the status of the answer (SEC-16)."""
    try:
        subject_id = consents.person_of_code(
            form.cleaned_data["code"], address=request_context.current().address, at=clock.now()
        )
    except TooManyAttempts as refusal:
        form.add_error(None, str(refusal))
        return 429
    except subjects.WrongCode:
        message = _("This consent code doesn't open these pages. It stops working when you decide again.")
        form.add_error(None, message)
        return 422
    if not Subject.objects.not_destroyed().filter(pk=subject_id).exists():
        message = _("The data that this code refers to was destroyed, so there is nothing left to view or change.")
        form.add_error(None, message)
        return 422
    guest_session.begin(request, SESSION, subject_id, at=clock.now())
    return 200


def _decide(request: HttpRequest, subject: Subject, version: AgreementVersion) -> Decision:
    """Take the button that was pressed under the text that was shown; a second click is the same decision."""
    at = clock.now()
    if request.POST.get("text") != version.digest:
        raise consents.TextNotOffered(_("The text has changed since you opened this page. Please read it again."))
    return consents.decide(
        once=True,
        subject=subject,
        version=version,
        decision=request.POST.get("decision", ""),
        decided_at=at,
        method=Decision.Method.WEBSITE,
        language=reader_language(),
        actor=ExternalActor("subject", subject.reference),
        at=at,
    )


def _list_context(subject: Subject) -> dict[str, Any]:
    is_child = consents.is_child(subject, at=clock.now())
    given = CurrentConsent.objects.of(subject.id).agreed().filter(decision__by_representative=True)
    return {
        "groups": _groups(_agreement_statuses(subject)),
        "subject": subject,
        "plans": _plans(_open_plans(subject)),
        "is_child": is_child,
        "was_child": is_child is False and given.exists(),
    }


def _open_plans(subject: Subject) -> PlannedDestructionQuerySet:
    """Return what withdrawals of this person will destroy, unless somebody stopped it."""
    return PlannedDestruction.objects.open().of(subject.id)


def _plans(plans: PlannedDestructionQuerySet) -> list[PlanNow]:
    rows = plans.select_related("decision__agreement", "decision__version")
    return [destruction_status.as_it_is(row, at=clock.now()) for row in rows]


def _groups(offers: list[AgreementStatus]) -> list[tuple[str, list[AgreementStatus]]]:
    """Return the agreements with the required ones apart from those that are optional (P3.6, law C-02)."""
    required = [offer for offer in offers if offer.version.agreement.required]
    optional = [offer for offer in offers if not offer.version.agreement.required]
    return [(_("Required agreements"), required), (_("Optional agreements"), optional)]


def _agreement_statuses(subject: Subject) -> list[AgreementStatus]:
    held = {row.agreement_id: row for row in CurrentConsent.objects.of(subject.id).select_related("decision")}
    versions = AgreementVersion.objects.offered(clock.now()).select_related("agreement")
    asking = AgreementVersion.objects.latest_requiring_reconsent()
    return [
        AgreementStatus(
            version,
            held.get(version.agreement_id),
            asking.get(version.agreement_id, 0),
            _closed(subject, version.agreement),
            _basis(version),
        )
        for version in versions.order_by("agreement__position")
        if version.agreement.kind != Agreement.Kind.PROVISION or version.agreement_id in held
    ]


def _closed(subject: Subject, agreement: Agreement) -> str:
    return str(consents.refusal_to_agree(subject, agreement) or "")


def _basis(version: AgreementVersion) -> str:
    return consent_status.basis_without_consent(version, clock.today())


def _proof_page(
    request: HttpRequest, form: CodeForm, begun: Mapping[str, VerificationForm], *, status: int
) -> HttpResponse:
    """Show the ways to prove it, with what was typed into one of them and can't be taken."""
    proofs = [
        (proof, begun.get(code) or VerificationForm(proof)) for code, proof in identity_verification.methods().items()
    ]
    return render(request, "consents/proof.html", {"form": form, "proofs": proofs}, status=status)


def _holder(request: HttpRequest) -> Subject | None:
    holder = guest_session.record_id(request, SESSION, at=clock.now())
    return Subject.objects.not_destroyed().filter(pk=holder).first() if holder else None


def _record_read(subject: Subject, task: str) -> None:
    ledger.record_read(
        actor=ExternalActor("subject", subject.reference),
        at=clock.now(),
        subjects=[subject.reference],
        task=task,
        purpose="rights",
    )
