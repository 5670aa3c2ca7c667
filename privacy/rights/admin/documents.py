"""Buttons about the documents of a case: asking for one, and attaching what came by another way."""

from functools import partial

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import identity_evidence, representation
from privacy.rights.admin.forms import AttachForm
from privacy.rights.admin.postponements import VERIFY, Answer
from privacy.rights.models import Request


class DocumentActions(ReadOnlyAdmin):
    """Asking for documents, and attaching them."""

    @button(description=_("Request a document"), permission=VERIFY, locations=CHANGE_FORM_ONLY)
    def ask_evidence(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case, actor = queryset.get(), actor_of(request)
        told = _("The requester is asked for a document. The deadline keeps running.")
        if case.state not in Request.UNANSWERED:
            told = _("The requester is asked for a document.")
        most = [] if case.is_verified else [identity_evidence.at_most(case)]
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Request a document"),
            verb=_("Request a document"),
            consequences=[
                told,
                *most,
                _("If they were asked today and nothing has come since, no second letter goes out."),
            ],
            outgoing=lambda _answers: rights.preview_document_request(case, actor=actor, at=clock.now()),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.request_document, case, actor=actor, at=clock.now())
        run_action(self, request, verb, told)
        return None

    @button(description=_("Attach a document"), permission="rights.receive_request", locations=CHANGE_FORM_ONLY)
    def attach_document(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        checked = [_("Someone other than you must open it and verify the identity.")]
        kept = _("It is encrypted, kept with the case and destroyed after the decision.")
        if representation.lacks_mandate(case, at=clock.now()):
            checked = [_("Someone other than you must open it and record the new mandate.")]
            if case.closed_at is not None:
                kept = _(
                    "It is encrypted, and destroyed once the new mandate is recorded or the copy can no longer be "
                    "downloaded."
                )
        elif rights.waits_for_proof(case):
            checked = []
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Attach a document"),
            verb=_("Attach"),
            consequences=[
                kept,
                *checked,
            ],
            form_class=AttachForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        upload = answers["document"]
        verb = partial(
            rights.attach_document, case, name=upload.name or "", content=upload.read(),
            actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
        run_action(self, request, verb, _("The document has been attached."))
        return None
