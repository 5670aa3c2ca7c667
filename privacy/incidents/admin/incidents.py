"""Incidents in the console: the clocks on top, what is to be done, and buttons that say what they do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.incidents import actions as incidents
from privacy.incidents import duties, notice_texts, notifications
from privacy.incidents.actions.notifications import NOT_REPORTED
from privacy.incidents.admin import listing
from privacy.incidents.admin.forms import (
    AffectedForm,
    ConclusionForm,
    ConfirmForm,
    DelayEndForm,
    DelayForm,
    DescribeForm,
    MeasureForm,
    NoticeForm,
    ReasonForm,
    RecordForm,
    ReportForm,
    RuleOutForm,
)
from privacy.incidents.admin.notice_preview import notice_preview
from privacy.incidents.models import Complaint, Incident, Report
from privacy.incidents.statutory_deadlines import deadline_badge
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, account_line, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.lib.http.downloads import attachment
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.policies import rulebook

RECORD, NOTIFY, VIEW = "incidents.record_incident", "incidents.notify_incident", "incidents.view_incident"
REPORT, CLOSE = "incidents.report_incident", "incidents.close_incident"
OPEN_INCIDENT_ACTIONS = (
    "describe", "write_notice", "add_affected", "take_measure", "notify", "website", "delay", "end_delay",
    "form_of_report", "form_of_intrusion", "report", "need_not_report",
)  # fmt: skip


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    explanation = _(
        "Loss, theft, leak, forgery, alteration or damage of personal information, confirmed or suspected. The "
        "deadlines run from the moment the company becomes aware and never pause."
    )
    empty_hint = _("Record an incident as soon as anyone becomes aware of it. The deadlines start then.")
    list_display = (
        "reference",
        "title_shown",
        "kind",
        "certainty",
        "state_shown",
        "first_clock",
        "people_shown",
        "aware_at",
    )
    list_filter = ("state", "kind", "certainty")
    fields = (
        ("kind", "certainty"), ("aware_at", "confirmed_at", "ruled_out_at"), ("occurred_from", "occurred_until"),
        "items_shown",
        ("people_shown", "estimate"), ("outside_access", "intrusion", "intrusion_aware_at"),
        ("sensitive", "recovered"),
        "course_ko", "course_en", "advice_ko", "advice_en", "response_ko", "response_en",
        ("reported_at", "intrusion_reported_at"), "reason_not_reported",
        ("delay", "delay_reason", "delay_ended_at"), ("recorder", "recorded_at"), "conclusion",
        ("proposer", "closer", "closed_at"),
    )  # fmt: skip
    readonly_fields = ("items_shown", "people_shown", "reason_not_reported", "recorder", "proposer", "closer")
    recorder, proposer, closer = (account_line(Incident, name) for name in ("recorded_by", "proposed_by", "closed_by"))
    second_person = SecondPersonStep(
        "incidents.close_incident",
        lambda record: record.state == Incident.State.PROPOSED,
        button="close",
        rows={"state__exact": Incident.State.PROPOSED.value},
    )
    actions = (*OPEN_INCIDENT_ACTIONS, "confirm", "rule_out", "propose", "give_back", "close", "reopen")
    change_form_template = "admin/incidents/incident/change_form.html"
    change_list_template = "admin/incidents/incident/change_list.html"

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, incident: Incident) -> SafeString:
        return state_badge(incident.state, incident.get_state_display())

    @admin.display(description=_("what happened"), ordering="title")
    def title_shown(self, incident: Incident) -> str:
        return incident.title

    @admin.display(description=_("next deadline"))
    def first_clock(self, incident: Incident) -> SafeString | str:
        running = duties.open_deadlines(incident)
        return deadline_badge(running[0], clock.now()) if running else "–"

    @admin.display(description=_("data subjects"))
    def people_shown(self, incident: Incident) -> str:
        return duties.people_count_text(incident)

    @admin.display(description=_("items"))
    def items_shown(self, incident: Incident) -> str:
        return notice_texts.item_names(incident, clock.today()) or "–"

    @admin.display(description=_("why it need not be reported"))
    def reason_not_reported(self, incident: Incident) -> str:
        return duties.reason_not_reported(incident) or "–"

    def buttons_for(self, record: Incident) -> tuple[str, ...]:
        papers = ("form_of_report", *(("form_of_intrusion",) if record.intrusion else ()))
        if record.state == Incident.State.CLOSED:
            return ("reopen", *papers) if duties.closing_blockers(record) else papers
        if record.state == Incident.State.PROPOSED:
            return ("close", "give_back", *papers)
        possible = ("confirm", "rule_out") if record.certainty == Incident.Certainty.POSSIBLE else ()
        pointless = [] if duties.report_duty(record).state in NOT_REPORTED else ["need_not_report"]
        if not record.intrusion:
            pointless.append("form_of_intrusion")
        return tuple(verb for verb in (*possible, *OPEN_INCIDENT_ACTIONS, "propose") if verb not in pointless)

    def get_urls(self) -> list[URLPattern]:
        record = path(
            "record/", self.page(self.record, needs="incidents.record_incident"), name="incidents_incident_record"
        )
        return [record, *super().get_urls()]

    def record(self, request: HttpRequest) -> HttpResponse:
        """Record an incident; the clocks start."""
        form = RecordForm(
            request.POST or None,
            initial={
                "complaint": request.GET.get("complaint"),
                "aware_at": clock.now(),
                "submission": new_form_nonce(),
            },
        )
        if request.method == "POST" and form.is_valid():
            made = make_or_refuse(
                form,
                lambda: incidents.record_incident(**form.cleaned_data, actor=actor_of(request), at=clock.now()),
            )
            if made is not None:
                messages.success(request, now_("Recorded. The deadlines are running."))
                return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Record an incident"),
            "opts": self.opts,
            "form": form,
            "hours": {
                name: rulebook.parameter(code, clock.today())
                for name, code in (("notify", "breach.notify.hours"), ("report", "breach.report.hours"),
                                   ("intrusion", "intrusion.report.hours"))
            },
        }  # fmt: skip
        return TemplateResponse(request, "admin/incidents/incident/record.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        incident = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if incident is not None:
            at = clock.now()
            extra |= {
                "clocks": [(one, deadline_badge(one, at)) for one in duties.deadlines_of(incident)],
                "undone": duties.closing_blockers(incident),
                "report": duties.report_duty(incident),
                "affected": incident.affected.count(),
                "measures": incident.measures.all(),
                "reports": incident.reports.all(),
                "notifications": incident.notifications.select_related("campaign", "notice"),
                "linked": Complaint.objects.filter(incident=incident),
            }
        return super().change_view(request, object_id, form_url, extra)

    def _press(
        self,
        request: HttpRequest,
        queryset: QuerySet[Incident],
        act: Callable[..., object],
        done: object,
        **asked: Any,
    ) -> HttpResponse | None:
        """Ask, then call a verb with the answers."""
        answers = confirm_action(self, request, queryset, **asked)
        if isinstance(answers, TemplateResponse):
            return answers
        run_action(
            self, request, partial(act, queryset.get(), **answers, actor=actor_of(request), at=clock.now()), done
        )
        return None

    @button(description=_("Record what is known"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def describe(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.describe_incident, _("Saved."),
            title=_("Record what is known"), verb=_("Save"),
            consequences=[_("This goes into the report to the authority, and decides which duties there are."),
                          _("Don't include personal information about the people concerned.")],
            form_class=type("Describe", (DescribeForm,), {"on": clock.today(), "kept": queryset.get().items}),
            edits=partial(_values, DescribeForm.Meta.fields),
        )  # fmt: skip

    @button(description=_("Write the notice"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def write_notice(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.describe_incident, _("Saved."), title=_("Write the notice"), verb=_("Save"),
            consequences=[_("This goes into the notice to the data subjects and the report."),
                          _("Don't include personal information about the people concerned."),
                          _("Nothing is sent yet: the whole text is shown before it is.")],
            form_class=NoticeForm, edits=partial(_values, NoticeForm.Meta.fields),
        )  # fmt: skip

    @button(description=_("Add data subjects"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def add_affected(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Add data subjects"), verb=_("Add"),
            consequences=[_("They will be told when the notice is sent."),
                          _("The portal keeps only their pseudonymous ids. Nobody can be removed from the list.")],
            form_class=type("Affect", (AffectedForm,), {"on": clock.today()}),
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        made: list[incidents.AddedPeople] = []
        verb = partial(listing.add, queryset.get(), answers, actor=actor_of(request), at=clock.now())
        added = lazy(lambda: listing.added(made[0].people), str)()
        if run_action(self, request, lambda: made.append(verb()), added):
            if made[0].unknown:
                messages.warning(request, listing.unknown(made[0].unknown))
            if made[0].unnamed:
                messages.warning(request, listing.unnamed(made[0].unnamed))
        return None

    @button(description=_("Record a measure"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def take_measure(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.take_measure, _("Recorded."), title=_("Record a measure"), verb=_("Record"),
            consequences=[_("It appears on the timeline and in the report, and is never changed.")],
            form_class=MeasureForm, initial={"taken_at": clock.now()},
        )  # fmt: skip

    @button(description=_("Notify data subjects"), permission=NOTIFY, locations=CHANGE_FORM_ONLY)
    def notify(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        wanted = notifications.pending_individual_notices(incident)
        told = {stage: len(ids) for stage, ids in wanted.items()}
        return self._press(
            request, queryset, incidents.notify_subjects, _(
                "The notice is being sent. Follow its progress under individual notices."),
            title=_("Notify data subjects"), verb=_("Send the notice"),
            consequences=notice_preview(incident, told),
            form_class=ReadForm, initial={"read": incidents.digest_of_notice(incident, wanted, clock.today())},
            dangerous=True,
        )  # fmt: skip

    @button(description=_("Post on the website"), permission=NOTIFY, locations=CHANGE_FORM_ONLY)
    def website(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        stage = notifications.next_public_notice(incident)
        return self._press(
            request, queryset, incidents.post_on_website, _("Posted. It is removed automatically."),
            title=_("Post on the website"), verb=_("Post"),
            consequences=[_(
                "Everyone can read it immediately, for the number of days the law requires. It is removed "
                "automatically."),
                          *notice_preview(incident, {stage: 0})],
            form_class=ReadForm, initial={"read": incidents.digest_of_notice(incident, {stage: []}, clock.today())},
        )  # fmt: skip

    @button(description=_("Delay the notice"), permission=NOTIFY, locations=CHANGE_FORM_ONLY)
    def delay(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.delay_notice, _("Recorded."),
            title=_("Delay the notice"), verb=_("Record"),
            consequences=[_("The deadline keeps running. Send the notice as soon as the reason no longer applies.")],
            form_class=type("Delay", (DelayForm,), {"grounds": queryset.get().delay_grounds}),
        )  # fmt: skip

    @button(description=_("The reason for the delay has ended"), permission=NOTIFY, locations=CHANGE_FORM_ONLY)
    def end_delay(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.end_delay, _("Recorded."),
            title=_("The reason for the delay has ended"), verb=_("Record"),
            consequences=[_(
                "If the 72 hours have passed, the notice is due as soon as the reason ends: send it at once."
            )],
            form_class=DelayEndForm, initial={"ended_at": clock.now()},
        )  # fmt: skip

    @button(description=_("Report form for the authority (PDF)"), permission=VIEW, locations=CHANGE_FORM_ONLY)
    def form_of_report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._form(request, queryset.get(), Report.Duty.BREACH)

    @button(description=_("Intrusion report form (PDF)"), permission=VIEW, locations=CHANGE_FORM_ONLY)
    def form_of_intrusion(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._form(request, queryset.get(), Report.Duty.INTRUSION)

    def _form(self, request: HttpRequest, incident: Incident, duty: Report.Duty) -> HttpResponse:
        content, number = incidents.issue_report_form(incident, duty=duty, actor=actor_of(request), at=clock.now())
        return attachment(content, media_type="application/pdf", name=f"{number}.pdf")

    @button(description=_("Record a report"), permission=REPORT, locations=CHANGE_FORM_ONLY)
    def report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.record_report, _("Recorded."), title=_("Record a report"), verb=_("Record"),
            consequences=[_(
                "The last form downloaded before that time counts as the one that was sent. A second report is a "
                "supplement.")],
            form_class=ReportForm, initial={"reported_at": clock.now(), "duty": "breach", "authority": "pipc"},
        )  # fmt: skip

    @button(description=_("No report needed"), permission=REPORT, locations=CHANGE_FORM_ONLY)
    def need_not_report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        duty = duties.report_duty(queryset.get())
        said = now_("It must be reported because of: %(grounds)s.") % {"grounds": "; ".join(duty.grounds)}
        return self._press(
            request, queryset, incidents.need_not_report, _("Recorded."), title=_("No report needed"),
            verb=_("Record"), consequences=[said if duty.grounds else _("Nothing known so far requires a report."),
                                            _("Recording this reason ends the reporting deadline.")],
            form_class=ReasonForm,
        )  # fmt: skip

    @button(description=_("Confirm the breach"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def confirm(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.confirm_breach, _("Confirmed. The full notice is now due."),
            title=_("Confirm the breach"), verb=_("Confirm"),
            consequences=[_(
                "The full notice and, if the law requires one, the report are now due. Their deadlines run from the "
                "moment of confirmation.")],
            form_class=ConfirmForm, initial={"confirmed_at": clock.now()},
        )  # fmt: skip

    @button(description=_("Rule it out"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def rule_out(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.rule_out, _("Ruled out. Tell everyone who was told of a possible breach."),
            title=_("Rule it out"), verb=_("Rule it out"),
            consequences=[_("Tell everyone who was told of a possible breach at once that there was none.")],
            form_class=RuleOutForm,
        )  # fmt: skip

    @button(description=_("Propose to close"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def propose(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        left = duties.closing_blockers(queryset.get())
        return self._press(
            request, queryset, incidents.propose_closing, _("Proposed. Another person must close it."),
            title=_("Propose to close"), verb=_("Propose"),
            consequences=left or [_("Another person reads the conclusion and closes the incident.")],
            form_class=ConclusionForm,
        )  # fmt: skip

    @button(description=_("Return it"), permission=CLOSE, locations=CHANGE_FORM_ONLY)
    def give_back(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.return_closing, _("Returned."),
            title=_("Return it"), verb=_("Return it"),
            consequences=[_("The incident is reopened. The conclusion is kept until you rewrite it.")],
        )  # fmt: skip

    @button(description=_("Reopen"), permission=CLOSE, locations=CHANGE_FORM_ONLY)
    def reopen(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.reopen_incident, _("The incident has been reopened."),
            title=_("Reopen"), verb=_("Reopen"),
            consequences=duties.closing_blockers(queryset.get()),
        )  # fmt: skip

    @button(description=_("Close the incident"), permission=CLOSE, locations=CHANGE_FORM_ONLY)
    def close(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        return self._press(
            request, queryset, incidents.close_incident, _("Closed."), title=_("Close the incident"), verb=_("Close"),
            consequences=[incident.conclusion,
                          _(
                              "After closing, nothing can be added unless the incident is reopened. You can't close an "
                              "incident that you proposed to close.")],
            form_class=ReadForm, initial={"read": incidents.digest_of_proposal(incident)}, dangerous=True,
        )  # fmt: skip


def _values(names: Sequence[str], incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in names}
