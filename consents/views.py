"""The public door for consents: prove that they are yours, read every text, agree, disagree, withdraw, take receipts.

No sign-in and no script is needed. Withdrawing is as many clicks as agreeing: both buttons stand on the same page.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consents import actions as consents
from consents import proofs, receipts
from consents.forms import ProofForm, ReceiptForm
from consents.models import NOTICES, Agreement, AgreementVersion, Decision, Standing
from privacy.ledger import acting
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Outsider
from privacy.lib import clock, visits
from privacy.lib.badges import state_badge
from privacy.lib.refusals import Refusal
from privacy.subjects.models import Subject

SESSION, WAITING = "consents.holder", "consents.waiting"
type View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Offer:
    """One agreement as it is listed: its text in force and where the person stands."""

    version: AgreementVersion
    standing: Standing | None
    # The newest text of this agreement that asks everybody again.
    asking: int

    @property
    def state(self) -> str:
        """The code of the badge."""
        if self.standing is None:
            return "pending"
        if self.outdated:
            return "postponed"
        return {"agree": "agreed", "disagree": "disagreed", "withdraw": "withdrawn"}[self.standing.choice]

    @property
    def word(self) -> str:
        """What the badge says."""
        if self.standing is None:
            return _("not decided")
        return _("the text changed: please decide again") if self.outdated else self.standing.get_choice_display()

    @property
    def badge(self) -> SafeString:
        """Where the person stands, by word and shape."""
        return state_badge(self.state, self.word)

    @property
    def outdated(self) -> bool:
        """Whether the person agreed to an earlier text and must be asked again (law C-09)."""
        held = self.standing
        return bool(held and held.choice == "agree" and held.number < self.asking)

    @property
    def may_agree(self) -> bool:
        return self.standing is None or self.standing.choice != "agree" or self.outdated

    @property
    def may_withdraw(self) -> bool:
        return self.standing is not None and self.standing.choice == "agree"

    @property
    def may_disagree(self) -> bool:
        return self.standing is None


def for_holder(view: Callable[Concatenate[HttpRequest, Subject, ...], HttpResponse]) -> View:
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
        _record(subject, "consents.decisions.shown")
        return render(request, "consents/list.html", {"offers": _offers(subject), "subject": subject})
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        visits.begin(request, SESSION, form.cleaned_data["decision"].subject_id, at=clock.now())
        return HttpResponseRedirect(reverse("consents:home"))
    context = {"form": form, "proofs": [(proof, ProofForm(proof)) for proof in proofs.offered().values()]}
    return render(request, "consents/proof.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a proof that somebody else confirms; the page that follows looks the same for everybody (SEC-16)."""
    proof = proofs.offered().get(code)
    if proof is None:
        raise Http404
    form = ProofForm(proof, request.POST)
    if not form.is_valid():
        return HttpResponseRedirect(reverse("consents:home"))
    waiting = proof.begin(form.cleaned_data["term"], acting.current().address, clock.now())
    request.session[WAITING] = {
        "proof": code, "key": waiting.key, "shown": waiting.shown, "until": waiting.expires_at.isoformat()
    }  # fmt: skip
    return HttpResponseRedirect(reverse("consents:waiting"))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """Show the code to compare; once it is confirmed, open the list."""
    held = request.session.get(WAITING)
    proof = proofs.offered().get(held["proof"]) if held else None
    if held is None or proof is None or datetime.fromisoformat(held["until"]) <= clock.now():
        request.session.pop(WAITING, None)
        return HttpResponseRedirect(reverse("consents:home"))
    holder = proof.holder(held["key"], clock.now())
    if holder is None:
        asked = request.method == "POST"
        return render(request, "consents/waiting.html", {"shown": held["shown"], "asked": asked})
    request.session.pop(WAITING, None)
    visits.begin(request, SESSION, holder, at=clock.now())
    return HttpResponseRedirect(reverse("consents:home"))


@for_holder
@require_http_methods(["GET", "HEAD", "POST"])
def agreement(request: HttpRequest, subject: Subject, code: str) -> HttpResponse:
    """Show one agreement with its four notices and my decision, and take a new one."""
    version = get_object_or_404(AgreementVersion.objects.published().select_related("agreement"), agreement__code=code)
    refusal = None
    if request.method == "POST":
        try:
            made = _decide(request, subject, version)
            return HttpResponseRedirect(reverse("consents:receipt", args=[made.reference]))
        except Refusal as error:
            refusal = str(error)
    standing = Standing.objects.of(subject.id).filter(agreement=version.agreement).first()
    context = {
        "offer": Offer(version, standing, AgreementVersion.objects.newest_asking().get(version.agreement_id, 0)),
        "version": version,
        "notices": [(NOTICE_TITLES[notice], version.spoken(notice)) for notice in NOTICES],
        "decisions": Decision.objects.of(subject.id).filter(agreement=version.agreement).order_by("-decided_at"),
        "refusal": refusal,
    }
    return render(request, "consents/agreement.html", context, status=422 if refusal else 200)


@for_holder
@require_GET
def receipt(request: HttpRequest, subject: Subject, reference: str) -> HttpResponse:
    """Show a receipt, or hand it out as a file."""
    decision = get_object_or_404(
        Decision.objects.of(subject.id).select_related("agreement", "version"), reference=reference
    )
    document = receipts.receipt(decision, subject_reference=subject.reference)
    if request.GET.get("format") == "json":
        _record(subject, "consents.receipt.given")
        response = HttpResponse(
            json.dumps(document, ensure_ascii=False, indent=2), content_type="application/json; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{decision.reference}.json"'
        return response
    context = {"decision": decision, "document": document, "digest": receipts.digest(document)}
    return render(request, "consents/receipt.html", context)


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the pages on this device."""
    request.session.flush()
    return HttpResponseRedirect(reverse("consents:home"))


NOTICE_TITLES: dict[str, Any] = {
    "purpose": gettext_lazy("Purpose"),
    "items": gettext_lazy("Items"),
    "retention": gettext_lazy("Retention and use period"),
    "refusal": gettext_lazy("Your right to refuse, and what refusing means"),
}


def _decide(request: HttpRequest, subject: Subject, version: AgreementVersion) -> Decision:
    """Take the button that was pressed. A repeated click on the same minute's page is the same decision."""
    at = clock.now()
    return consents.decide(
        subject=subject,
        version=version,
        decision=request.POST.get("decision", ""),
        decided_at=at,
        method=Decision.Method.WEBSITE,
        language="en" if (get_language() or "ko").startswith("en") else "ko",
        actor=Outsider("subject", subject.reference),
        at=at,
    )


def _offers(subject: Subject) -> list[Offer]:
    held = {row.agreement_id: row for row in Standing.objects.of(subject.id).select_related("decision")}
    versions = AgreementVersion.objects.published().select_related("agreement")
    asking = AgreementVersion.objects.newest_asking()
    return [
        Offer(version, held.get(version.agreement_id), asking.get(version.agreement_id, 0))
        for version in versions.order_by("agreement__position")
        if version.agreement.kind != Agreement.Kind.PROVISION or version.agreement_id in held
    ]


def _holder(request: HttpRequest) -> Subject | None:
    holder = visits.about(request, SESSION, at=clock.now())
    return Subject.objects.with_something_left().filter(pk=holder).first() if holder else None


def _record(subject: Subject, task: str) -> None:
    ledger.record_read(
        actor=Outsider("subject", subject.reference),
        at=clock.now(),
        subjects=[subject.reference],
        task=task,
        purpose="rights",
    )
