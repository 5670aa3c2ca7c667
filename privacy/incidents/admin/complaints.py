"""Complaints in the console: read on record, answered in time."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.incidents import actions as incidents
from privacy.incidents import answer_mails
from privacy.incidents.admin.forms import LinkForm
from privacy.incidents.forms import AnswerForm
from privacy.incidents.models import Complaint
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.several_records import remind_each
from privacy.lib.dates import clock
from privacy.lib.display.badges import due_badge, state_badge


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyAdmin):
    explanation = _("Complaints to the protection officer, with the day by which each must be answered.")
    empty_hint = _("A complaint appears here when someone sends one from the public page.")
    list_display = ("reference", "state_shown", "due_shown", "received_on", "answered_at", "answered_by", "sent_at")
    list_filter = ("state",)
    fields = (
        ("reference", "incident"), "language", ("received_at", "due_shown"), ("answered_at", "answered_by"),
        "sent_at", "returned_at", "message_id",
    )  # fmt: skip
    readonly_fields = ("due_shown",)
    actions = ("answer", "remind", "link", "told")
    list_select_related = ("incident",)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, complaint: Complaint) -> SafeString:
        return state_badge(complaint.state, complaint.get_state_display())

    @admin.display(description=_("target"), ordering="target_on")
    def due_shown(self, complaint: Complaint) -> SafeString:
        settled = complaint.state != Complaint.State.RECEIVED
        return due_badge(complaint.target_on, clock.today(), settled=settled)

    def buttons_for(self, record: Complaint) -> tuple[str, ...]:
        verbs = ("answer",) if record.incident_id else ("answer", "link")
        verbs = (*verbs, "remind") if record.state == Complaint.State.RECEIVED else verbs
        return verbs if record.returned_at is None else (*verbs, "told")

    @button(description=_("Remind"), permission="incidents.read_complaint")
    def remind(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> None:
        """Remind those who may answer the chosen complaints; nothing else happens, so nothing is asked."""
        verb = partial(incidents.remind_answerers, actor=actor_of(request), at=clock.now())
        remind_each(request, queryset, verb, page="admin:incidents_complaint_change")

    @button(description=_("Notified another way"), permission="incidents.answer_complaint", locations=CHANGE_FORM_ONLY)
    def told(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Notified another way"),
            verb=_("Notified another way"),
            consequences=[_("The e-mail was returned undelivered, and you gave the answer by telephone or letter.")],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(incidents.record_answer_told, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Recorded."))
        return None

    @button(description=_("Link to an incident"), permission="incidents.record_incident", locations=CHANGE_FORM_ONLY)
    def link(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> HttpResponse | None:
        complaint = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Link to an incident"),
            verb=_("Link"),
            consequences=[
                _("The complaint appears on the incident's page."),
                _("If the incident is not recorded yet, record it with this complaint."),
            ],
            form_class=LinkForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(incidents.link_complaint, complaint, **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Linked."))
        return None

    @button(description=_("Read and answer"), permission="incidents.read_complaint", locations=CHANGE_FORM_ONLY)
    def answer(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> HttpResponse | None:
        """Open the words once, on record, when the button is pressed; sending the answer opens nothing again."""
        complaint = queryset.get()
        page = partial(confirm_action, self, request, queryset, title=_("Read and answer"))
        words = answer_mails.wording()
        given = partial(
            page, verb=_("Send the answer"), form_class=AnswerForm, frame=[answer_mails.frame(complaint, words)]
        )
        answers_too = _("The answer appears on the complainant's page, and is e-mailed if an address was given.")
        if "confirmed" in request.POST and "answer" not in request.POST:
            return None
        if "confirmed" in request.POST:
            answers = given(consequences=[
                _("The complaint is not shown again, because that would be recorded as another opening."), answers_too,
            ])  # fmt: skip
            if isinstance(answers, TemplateResponse):
                return answers
            who: dict[str, Any] = {"actor": actor_of(request), "at": clock.now()}
            who |= {"answer": answers["answer"], "template": words.version}
            answer = partial(incidents.answer_complaint, complaint, **who)
            run_action(self, request, answer, _("The complaint has been answered."))
            return None
        try:
            read = incidents.read_complaint(complaint, actor=actor_of(request), at=clock.now())
        except incidents.ComplaintTextGone as gone:
            if complaint.state == Complaint.State.ANSWERED:
                raise
            said = str(gone)
        else:
            messages.info(request, _("The complaint was opened, and this was recorded."))
            contact = ", ".join(read.contact.values()) or now_("no contact given")
            said = now_("From %(contact)s: %(words)s") % {"contact": contact, "words": read.explanation}
        if complaint.state == Complaint.State.ANSWERED:
            answered = now_("Our answer: %(words)s") % {"words": read.answer}
            shown = page(verb=_("Back to the complaint"), consequences=[said, answered])
        else:
            shown = given(consequences=[said, answers_too])
        assert isinstance(shown, TemplateResponse)  # nothing is confirmed yet
        return shown
