"""The person's page about contacts, after the proof, and the page on which a contact's code is typed."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consents.forms import ContactCodeForm
from consents.views import holder_required
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.lib.dates import clock
from privacy.lib.display import masking
from privacy.lib.display.reader_language import reader_language
from privacy.lib.errors.refusals import Refusal, TooManyAttempts, Unavailable
from privacy.lib.integrations import text_messages
from privacy.subjects import actions as subjects
from privacy.subjects.contact_validation import can_be_texted
from privacy.subjects.forms import ContactForm
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

MASKS = {"email": masking.email, "phone": masking.phone, "address": masking.address}
ACTS = {"code": subjects.send_code, "prefer": subjects.prefer_contact, "end": subjects.end_contact}


@holder_required
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show how I am reached, and take a new contact."""
    if request.method != "POST":
        return _page(request, subject, ContactForm(initial={"language": reader_language()}))
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            subjects.record_contact(
                subject, **form.cleaned_data, source=Contact.Source.PERSON, actor=_me(subject), at=clock.now()
            )
            return HttpResponseRedirect(reverse("consents:contacts"))
        except Unavailable:
            raise
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return _page(request, subject, form, status=422)


@holder_required
@require_POST
def contact(request: HttpRequest, subject: Subject, contact: UUID) -> HttpResponse:
    """Send another code to a contact of mine, make it the preferred one, or end it."""
    row = get_object_or_404(Contact.objects.current().of(subject.id), pk=contact)
    form = ContactForm(initial={"language": reader_language()})
    verb = ACTS.get(request.POST.get("act", ""))
    if verb is None:
        return _page(request, subject, form, refusal=_("Choose what to do with this contact."), status=422)
    try:
        verb(row, actor=_me(subject), at=clock.now())
    except Unavailable:
        raise
    except Refusal as refusal:
        return _page(request, subject, form, refusal=str(refusal), status=422)
    return HttpResponseRedirect(reverse("consents:contacts"))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Take the code that was sent to a contact; whoever reads its mailbox or phone needs no other proof."""
    form = ContactCodeForm(request.POST if request.method == "POST" else None)
    status, is_done = 200, False
    if request.method == "POST" and form.is_valid():
        try:
            subjects.verify_contact(
                form.cleaned_data["code"], address=request_context.current().address, at=clock.now()
            )
            is_done = True
        except TooManyAttempts as refusal:
            form.add_error(None, str(refusal))
            status = 429
        except subjects.WrongCode:
            form.add_error(None, _("This code doesn't verify a contact. Check it, or have another one sent."))
            status = 422
    elif form.errors:
        status = 422
    return render(request, "consents/contact_code.html", {"form": form, "is_done": is_done}, status=status)


def _page(
    request: HttpRequest, subject: Subject, form: ContactForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    at = clock.now()
    rows = Contact.objects.current().of(subject.id).order_by("-is_preferred", "kind")
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="consents.contacts.shown",
        actor=SystemActor("contacts"),
        at=at,
        reason=subject.reference,
    ) as vault_session:
        held = [
            (row, MASKS[row.kind](str(value)), row.kind == Contact.Kind.EMAIL or _is_texted(row, str(value)))
            for row, value in vault_session.decrypt_many(rows, "value")
        ]
    context: dict[str, Any] = {
        "subject": subject, "held": held, "form": form, "refusal": refusal, "texts": text_messages.are_sent(),
    }  # fmt: skip
    return render(request, "consents/contacts.html", context, status=status)


def _is_texted(row: Contact, value: str) -> bool:
    return row.kind == Contact.Kind.PHONE and can_be_texted(value)


def _me(subject: Subject) -> ExternalActor:
    return ExternalActor("subject", subject.reference)
