"""Incidents in the console: the clocks on top, what is to be done, and buttons that say what they do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.campaigns.models import Campaign
from privacy.incidents import actions as incidents
from privacy.incidents import duties, papers, wording
from privacy.incidents.clocks import clock_badge
from privacy.incidents.incidentforms import (
    AffectedForm,
    ConclusionForm,
    DelayForm,
    DescribeForm,
    MeasureForm,
    ReasonForm,
    RecordForm,
    ReportForm,
    WhyForm,
)
from privacy.incidents.models import Affected, Complaint, Incident, Report
from privacy.lib import clock, names
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import state_badge
from privacy.lib.downloads import attachment
from privacy.lib.refusals import Refusal

PAGE = (ActionLocation.CHANGE_FORM,)
RECORD, NOTIFY = "incidents.record_incident", "incidents.notify_incident"
REPORT, CLOSE = "incidents.report_incident", "incidents.close_incident"
WORKING = (
    "describe", "add_affected", "take_measure", "notify", "website", "delay", "form_of_report", "report",
    "need_not_report",
)  # fmt: skip


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    explanation = _(
        "Loss, theft, leak, forgery, alteration or damage of personal information, or the suspicion of it. The terms "
        "run from the moment of becoming aware and never pause."
    )
    empty_hint = _("Record an incident as soon as somebody becomes aware of one: the clocks start then.")
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
        ("kind", "certainty"), ("aware_at", "occurred_from", "occurred_until"), "items_shown",
        ("people_shown", "estimate"), ("outside_access", "intrusion", "sensitive", "recovered"),
        "course_ko", "course_en", "advice_ko", "advice_en", "response_ko", "response_en",
        ("notified_at", "website_at"), ("reported_at", "intrusion_reported_at"), "not_reported_reason",
        ("delay", "delay_reason"), ("recorded_by", "recorded_at"), "conclusion",
        ("proposed_by", "closed_by", "closed_at"),
    )  # fmt: skip
    readonly_fields = ("items_shown", "people_shown")
    actions = (*WORKING, "confirm", "rule_out", "propose", "give_back", "close")
    change_form_template = "admin/incidents/incident/change_form.html"
    change_list_template = "admin/incidents/incident/change_list.html"

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, incident: Incident) -> SafeString:
        return state_badge(incident.state, incident.get_state_display())

    @admin.display(description=_("what happened"), ordering="title")
    def title_shown(self, incident: Incident) -> str:
        return incident.title

    @admin.display(description=_("next term"))
    def first_clock(self, incident: Incident) -> SafeString | str:
        running = [one for one in incident.clocks if one.done_at is None]
        return clock_badge(running[0], clock.now()) if running and incident.is_open else "–"

    @admin.display(description=_("data subjects"))
    def people_shown(self, incident: Incident) -> int:
        return duties.people(incident)

    @admin.display(description=_("items"))
    def items_shown(self, incident: Incident) -> str:
        return ", ".join(names.of("item", code, on=clock.today()) for code in incident.items) or "–"

    def verbs_for(self, record: Incident) -> tuple[str, ...]:
        if record.state == Incident.State.CLOSED:
            return ("form_of_report",)
        if record.state == Incident.State.PROPOSED:
            return ("close", "give_back", "form_of_report")
        possible = ("confirm", "rule_out") if record.certainty == Incident.Certainty.POSSIBLE else ()
        return (*possible, *WORKING, "propose")

    def get_urls(self) -> list[URLPattern]:
        record = path(
            "record/", self.page(self.record, needs="incidents.record_incident"), name="incidents_incident_record"
        )
        return [record, *super().get_urls()]

    def record(self, request: HttpRequest) -> HttpResponse:
        """Record an incident; the clocks start."""
        form = RecordForm(
            request.POST or None, initial={"complaint": request.GET.get("complaint"), "aware_at": clock.now()}
        )
        if request.method == "POST" and form.is_valid():
            try:
                made = incidents.record_incident(**form.cleaned_data, actor=actor_of(request), at=clock.now())
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, now_("Recorded. The clocks run."))
                return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Record an incident"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/incidents/incident/record.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        incident = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if incident is not None:
            at = clock.now()
            extra |= {
                "clocks": [(one, clock_badge(one, at)) for one in incident.clocks],
                "undone": duties.undone(incident) if incident.is_open else [],
                "grounds": duties.grounds(incident),
                "affected": incident.affected.count(),
                "measures": incident.measures.all(),
                "reports": incident.reports.all(),
                "campaigns": Campaign.objects.filter(about=f"incidents.incident:{incident.pk}").order_by("started_at"),
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
        answers = ask(self, request, queryset, **asked)
        if isinstance(answers, TemplateResponse):
            return answers
        run_verb(self, request, partial(act, queryset.get(), **answers, actor=actor_of(request), at=clock.now()), done)
        return None

    @button(description=_("Write down what is known"), permission=RECORD, locations=PAGE)
    def describe(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        known: dict[str, Any] = {name: getattr(incident, name) for name in DescribeForm.Meta.fields}
        return self._press(
            request, queryset, incidents.describe_incident, _("Written down."),
            title=_("Write down what is known"), verb=_("Save"),
            consequences=[_("The notice to the subjects and the report are made of this."),
                          _("Write no personal information of the people concerned.")],
            form_class=DescribeForm, initial=known,
        )  # fmt: skip

    @button(description=_("Add data subjects"), permission=RECORD, locations=PAGE)
    def add_affected(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        answers = ask(
            self, request, queryset, title=_("Add data subjects"), verb=_("Add"),
            consequences=[_("They are told when the notice goes out."),
                          _("The portal keeps their pseudonymous ids only; nobody is removed from the list.")],
            form_class=AffectedForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        made: list[incidents.Added] = []
        verb = partial(_add, queryset.get(), answers, request)
        if run_verb(self, request, lambda: made.append(verb()), _("Added.")) and made[0].unknown:
            shown = ", ".join(made[0].unknown[:10])
            messages.warning(request, now_("These lines name nobody the portal knows: %(lines)s") % {"lines": shown})
        return None

    @button(description=_("Record a measure"), permission=RECORD, locations=PAGE)
    def take_measure(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.take_measure, _("Recorded."), title=_("Record a measure"), verb=_("Record"),
            consequences=[_("It stands on the timeline and in the report; it is never changed.")],
            form_class=MeasureForm, initial={"taken_at": clock.now()},
        )  # fmt: skip

    @button(description=_("Notify the subjects"), permission=NOTIFY, locations=PAGE)
    def notify(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        return self._press(
            request, queryset, incidents.notify_subjects, _("The notice goes out. Follow it under individual notices."),
            title=_("Notify the subjects"), verb=_("Send the notice"), consequences=self._said(incident),
            dangerous=True,
        )  # fmt: skip

    @button(description=_("Post on the website"), permission=NOTIFY, locations=PAGE)
    def website(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.post_on_website, _("Posted. It ends by itself."),
            title=_("Post on the website"), verb=_("Post"),
            consequences=[_("Everybody can read it at once, for the days that the law lays down; it ends by itself."),
                          *self._said(queryset.get())],
        )  # fmt: skip

    def _said(self, incident: Incident) -> Sequence[object]:
        today = clock.today()
        stage = duties.stage(incident)
        missing = duties.unsaid(incident, today)
        if missing:
            return [now_("It can't be sent yet; missing: %(missing)s.") % {"missing": "; ".join(missing)}]
        return [
            now_("%(count)d people are listed.") % {"count": incident.affected.count()},
            wording.title(incident, stage, reader_language()),
            *wording.text(incident, stage, reader_language(), on=today).split("\n\n"),
        ]

    @button(description=_("The notice has to wait"), permission=NOTIFY, locations=PAGE)
    def delay(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.delay_notice, _("Recorded."),
            title=_("The notice has to wait"), verb=_("Record"),
            consequences=[_("The clock runs on; the notice goes out at once when the reason ends.")],
            form_class=DelayForm,
        )  # fmt: skip

    @button(description=_("Form for the authority (PDF)"), permission="incidents.view_incident", locations=PAGE)
    def form_of_report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        incident = queryset.get()
        duty = Report.Duty.BREACH
        sequence = incident.reports.filter(duty=duty).count() + 1
        content = papers.report_form(incident, duty=duty, sequence=sequence, at=clock.now())
        name = f"{incident.reference}-F9-{sequence}.pdf"
        return attachment(content, media_type="application/pdf", name=name)

    @button(description=_("Record a report"), permission=REPORT, locations=PAGE)
    def report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.record_report, _("Recorded."), title=_("Record a report"), verb=_("Record"),
            consequences=[_("The form as it is now is sealed by its digest; a second report is a supplement.")],
            form_class=ReportForm, initial={"reported_at": clock.now(), "duty": "breach", "authority": "pipc"},
        )  # fmt: skip

    @button(description=_("Need not be reported"), permission=REPORT, locations=PAGE)
    def need_not_report(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        grounds = duties.grounds(queryset.get())
        said = now_("It must be reported because of: %(grounds)s.") % {"grounds": "; ".join(grounds)} if grounds else ""
        return self._press(
            request, queryset, incidents.need_not_report, _("Recorded."), title=_("Need not be reported"),
            verb=_("Record"), consequences=[said or _("Nothing that is known demands a report."),
                                            _("The clock of the report ends with this reason.")],
            form_class=ReasonForm,
        )  # fmt: skip

    @button(description=_("Confirm the breach"), permission=RECORD, locations=PAGE)
    def confirm(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.confirm_breach, _("Confirmed. The ordinary notice is due."),
            title=_("Confirm the breach"), verb=_("Confirm"),
            consequences=[_("The ordinary notice and, where the law wants it, the report are due; the clocks run on.")],
        )  # fmt: skip

    @button(description=_("Rule it out"), permission=RECORD, locations=PAGE)
    def rule_out(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.rule_out, _("Ruled out. Tell those who were told of a possible breach."),
            title=_("Rule it out"), verb=_("Rule it out"),
            consequences=[_("Whoever was told of a possible breach has to be told at once that there was none.")],
            form_class=WhyForm,
        )  # fmt: skip

    @button(description=_("Propose to close"), permission=RECORD, locations=PAGE)
    def propose(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        left = duties.undone(queryset.get())
        return self._press(
            request, queryset, incidents.propose_closing, _("Proposed. Another person closes it."),
            title=_("Propose to close"), verb=_("Propose"),
            consequences=left or [_("Another person reads the conclusion and closes the incident.")],
            form_class=ConclusionForm,
        )  # fmt: skip

    @button(description=_("Give it back"), permission=CLOSE, locations=PAGE)
    def give_back(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.return_closing, _("Given back."),
            title=_("Give it back"), verb=_("Give it back"),
            consequences=[_("The incident is open again; the conclusion stays until it is written anew.")],
        )  # fmt: skip

    @button(description=_("Close the incident"), permission=CLOSE, locations=PAGE)
    def close(self, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
        return self._press(
            request, queryset, incidents.close_incident, _("Closed."), title=_("Close the incident"), verb=_("Close"),
            consequences=[queryset.get().conclusion,
                          _("Nothing more is written into it. You can't close your own proposal.")],
            dangerous=True,
        )  # fmt: skip


def reader_language() -> str:
    """Return the language in which the notice is shown before it goes out."""
    return "en" if (get_language() or "ko").startswith("en") else "ko"


def _add(incident: Incident, given: dict[str, Any], request: HttpRequest) -> incidents.Added:
    who: dict[str, Any] = {"actor": actor_of(request), "at": clock.now()}
    if given["category"]:
        return incidents.add_from_holdings(incident, category=given["category"], **who)
    if given["account"]:
        period = {"start": given["start"], "end": given["end"]}
        return incidents.add_from_reads(incident, account=given["account"].strip(), **period, **who)
    if given["file"]:
        lines = given["file"].read().decode("utf-8-sig", errors="replace").splitlines()
        return incidents.add_named(incident, lines=lines, source=Affected.Source.LIST, **who)
    return incidents.add_named(incident, lines=given["lines"].splitlines(), source=Affected.Source.REFERENCE, **who)
