"""Complaints in the console: read on record, answered in time."""

from functools import partial

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.incidents import actions as incidents
from privacy.incidents.forms import AnswerForm
from privacy.incidents.incidentforms import LinkForm
from privacy.incidents.models import Complaint
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import due_badge, state_badge

PAGE = (ActionLocation.CHANGE_FORM,)


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyAdmin):
    explanation = _("Complaints to the protection officer, with the day until which each is answered.")
    empty_hint = _("A complaint appears here when somebody writes one on the public page.")
    list_display = ("reference", "state_shown", "due_shown", "received_on", "answered_at", "answered_by", "sent_at")
    list_filter = ("state",)
    fields = (
        ("reference", "incident"), "language", ("received_at", "due_shown"), ("answered_at", "answered_by"),
        "sent_at", "message_id",
    )  # fmt: skip
    readonly_fields = ("due_shown",)
    actions = ("answer", "link")
    list_select_related = ("incident",)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, complaint: Complaint) -> SafeString:
        return state_badge(complaint.state, complaint.get_state_display())

    @admin.display(description=_("target"), ordering="target_on")
    def due_shown(self, complaint: Complaint) -> SafeString:
        settled = complaint.state != Complaint.State.RECEIVED
        return due_badge(complaint.target_on, clock.today(), settled=settled)

    def verbs_for(self, record: Complaint) -> tuple[str, ...]:
        return ("answer",) if record.incident_id else ("answer", "link")

    @button(description=_("Tie to an incident"), permission="incidents.record_incident", locations=PAGE)
    def link(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> HttpResponse | None:
        complaint = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Tie to an incident"),
            verb=_("Tie"),
            consequences=[
                _("The complaint stands on the incident's page."),
                _("For an incident that is not recorded yet: record it, with this complaint."),
            ],
            form_class=LinkForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(incidents.link_complaint, complaint, **answers, actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("Tied."))
        return None

    @button(description=_("Read and answer"), permission="incidents.read_complaint", locations=PAGE)
    def answer(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> HttpResponse | None:
        complaint = queryset.get()
        read: list[incidents.Words] = []
        verb = lambda: read.append(incidents.read_complaint(complaint, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_verb(
            self, request, verb, _("The complaint was opened; the opening is on record."), level=messages.INFO
        ):
            return None
        contact = ", ".join(read[0].contact.values()) or now_("no contact given")
        answers = ask(
            self,
            request,
            queryset,
            title=_("Read and answer"),
            verb=_("Send the answer"),
            consequences=[
                now_("From %(contact)s: %(words)s") % {"contact": contact, "words": read[0].explanation},
                _("The answer stands on the complainant's page, and goes by e-mail where an address was given."),
            ],
            form_class=AnswerForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        answer = partial(
            incidents.answer_complaint, complaint, answer=answers["answer"], actor=actor_of(request), at=clock.now()
        )
        run_verb(self, request, answer, _("The complaint is answered."))
        return None
