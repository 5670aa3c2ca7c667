"""Inspections and their findings in the console."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference, names_with_references
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.console.several_records import remind_each
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, date_text, due_badge
from privacy.lib.display.period_text import period_text
from privacy.policies import rulebook
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import DoneForm, DueForm, FindingForm, HeldForm, InspectionForm
from privacy.safeguards.admin.records import READ, RecordAdmin, account_column, record_state_badge
from privacy.safeguards.models import Inspection, InspectionFinding

KEEP, RECEIVE = "safeguards.keep_inspections", "safeguards.receive_inspection"
CORRECT, CONFIRM = "safeguards.correct_finding", "safeguards.confirm_finding"
type Answer = HttpResponse | None


def _explanation() -> str:
    return now_(
        "The office inspects itself at least every %(period)s: the inspection is planned, held and reported to the "
        "officer. Anything not in order becomes a finding with a corrective action and a due date."
    ) % {"period": period_text(months=rulebook.parameter("plan.inspection.months", clock.today()))}


def content_of(inspection: Inspection) -> dict[str, Any]:
    """Return what an inspection found, for its templates: each finding with its weight, who corrects it and by when."""
    return {
        "inspection": inspection,
        "content": "admin/safeguards/inspection/content.html",
        "findings": [
            (row, weight_badge(row), name_with_reference(row.responsible), settled_due(row))
            for row in inspection.findings.order_by("due_on")
        ],
    }


def report_of(inspection: Inspection) -> dict[str, Any]:
    """Return what an officer reads before they take note of it: what was inspected, by whom, when, what it showed."""
    told = {
        "kind": inspection.get_kind_display(),
        "scope": inspection.scope,
        "method": inspection.method,
        "inspector": name_with_reference(inspection.inspector),
        "held_on": date_text(inspection.held_on) if inspection.held_on else "–",
        "held_by": name_with_reference(inspection.held_by) or "–",
        "outcome": inspection.outcome,
    }
    return content_of(inspection) | {
        "facts": [(label_for_field(field, Inspection), value) for field, value in told.items()]
    }


def weight_badge(finding: InspectionFinding) -> SafeString:
    """Return how grave a finding is, as the console shows it."""
    kind = {"critical": "alarm", "major": "late", "minor": "wait"}[finding.weight]
    return badge(finding.get_weight_display(), kind)


def who_confirms(finding: InspectionFinding, ref: str) -> str:
    """Return who confirms a correction by this account: none of those who corrected it before, though in vain."""
    others = names_with_references(set(finding.those_who_corrected_it()) - {ref})
    if not others:
        return now_("Another person checks and confirms it.")
    return now_("If you correct it as well, someone other than you and %(names)s must confirm it.") % {
        "names": ", ".join(sorted(others.values()))
    }


def settled_due(finding: InspectionFinding) -> SafeString:
    """Return the day by which a finding is corrected; it presses until the correction is confirmed."""
    return due_badge(finding.due_on, clock.today(), settled=finding.state == InspectionFinding.State.CONFIRMED)


@admin.register(Inspection)
class InspectionAdmin(RecordAdmin):
    explanation = lazy(_explanation, str)()
    empty_hint = _("Plan the next inspection of the management plan.")
    list_display = ("reference", "kind", "state_shown", "due_shown", "inspector_shown", "waiting", "reported_at")
    list_filter = ("state", "kind")
    fields = (
        ("reference", "kind", "state_shown"), "scope", "method", "inspector_shown", ("due_shown", "held_on"), "outcome",
        "holder", ("reporter", "reported_at"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "due_shown", "inspector_shown", "holder", "reporter")
    actions = ("hold", "record_finding", "report")
    second_person = SecondPersonStep(
        RECEIVE,
        lambda record: record.state == Inspection.State.HELD,
        asked_by=lambda record: record.those_who_held_it(),
        button="report",
        rows={"state__exact": Inspection.State.HELD.value},
        is_work=True,
    )
    change_form_template = "admin/safeguards/inspection/change_form.html"
    add_label = _("Plan an inspection")
    record_form = InspectionForm
    add_permission = KEEP
    inspector_shown = account_column("inspector", _("inspector"))
    holder = account_column("held_by", _("result recorded by"))
    reporter = account_column("reported_to", _("acknowledged by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Inspection:
        return safeguards.plan_inspection(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: Inspection) -> Collection[str]:
        return {"planned": ("hold",), "held": ("record_finding", "report")}.get(record.state, ())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Inspection]:
        found: QuerySet[Inspection] = super().get_queryset(request)
        return found.annotate(waiting=Count("findings", filter=~Q(findings__state="confirmed")))

    @admin.display(description=_("open findings"))
    def waiting(self, inspection: Inspection) -> int:
        return int(getattr(inspection, "waiting", 0))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, inspection: Inspection) -> SafeString:
        return record_state_badge(inspection)

    @admin.display(description=_("planned for"), ordering="planned_on")
    def due_shown(self, inspection: Inspection) -> SafeString:
        return due_badge(inspection.planned_on, clock.today(), settled=inspection.state != Inspection.State.PLANNED)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        inspection = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if inspection is not None:
            more = content_of(inspection)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Mark as held"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def hold(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Mark as held"), verb=_("Record"),
            consequences=[_("Then record each thing that is not in order as a finding, and report to the officer.")],
            form_class=HeldForm, initial={"held_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.hold_inspection, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The inspection has been recorded as held."))
        return None

    @button(description=_("Record a finding"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def record_finding(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Record a finding"), verb=_("Record the finding"),
            consequences=[_(
                "The person responsible is reminded. If it becomes overdue, it is escalated to the protection "
                "officer.")],
            form_class=FindingForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.record_finding, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The finding has been recorded."))
        return None

    @button(description=_("Acknowledge the report"), permission=RECEIVE, locations=CHANGE_FORM_ONLY)
    def report(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Acknowledge the report"), verb=_("Acknowledge"),
            consequences=[_(
                "You confirm as the officer that you have read the result. No more findings can be added.")],
            form_class=ReadForm, initial={"read": safeguards.digest_of_report(queryset.get())},
            template=READ,
            shown=lambda _form: report_of(queryset.get()),
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.report_inspection, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("You have acknowledged the report."))
        return None


@admin.register(InspectionFinding)
class FindingAdmin(RecordAdmin):
    explanation = _("What inspections found not in order: the corrective action, who is responsible, and by when.")
    empty_hint = _("Findings are recorded on the page of an inspection that was held.")
    list_display = ("reference", "criterion", "weight_shown", "state_shown", "due_shown", "doer", "inspection")
    list_filter = ("state", "weight")
    list_select_related = ("inspection",)
    fields = (
        ("reference", "inspection", "measure"), "criterion", ("weight_shown", "state_shown"), "seen", "correction",
        ("doer", "due_shown", "first_due_on"), "escalated_at", "done", ("worker", "done_at"),
        ("confirmer", "confirmed_at"),
    )  # fmt: skip
    readonly_fields = ("weight_shown", "state_shown", "due_shown", "doer", "worker", "confirmer")
    actions = ("correct", "confirm", "reopen", "remind")
    second_person = SecondPersonStep(
        CONFIRM,
        lambda record: record.state == InspectionFinding.State.CORRECTED,
        asked_by=lambda record: record.those_who_corrected_it(),
        button="confirm",
        rows={"state__exact": InspectionFinding.State.CORRECTED.value},
        is_work=True,
    )
    doer = account_column("responsible", _("to be done by"))
    worker = account_column("done_by", _("done by"))
    confirmer = account_column("confirmed_by", _("confirmed by"))

    def buttons_for(self, record: InspectionFinding) -> Collection[str]:
        return {"open": ("correct", "remind"), "corrected": ("confirm", "reopen")}.get(record.state, ())

    @admin.display(description=_("weight"), ordering="weight")
    def weight_shown(self, finding: InspectionFinding) -> SafeString:
        return weight_badge(finding)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, finding: InspectionFinding) -> SafeString:
        return record_state_badge(finding)

    @admin.display(description=_("correct by"), ordering="due_on")
    def due_shown(self, finding: InspectionFinding) -> SafeString:
        return settled_due(finding)

    @button(description=_("Remind"), permission=RECEIVE)
    def remind(self, request: HttpRequest, queryset: QuerySet[InspectionFinding]) -> Answer:
        remind = partial(safeguards.remind_responsible, actor=actor_of(request), at=clock.now())
        remind_each(request, queryset, remind, page="admin:safeguards_inspectionfinding_change")
        return None

    @button(description=_("Mark as corrected"), permission=CORRECT, locations=CHANGE_FORM_ONLY)
    def correct(self, request: HttpRequest, queryset: QuerySet[InspectionFinding]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Mark as corrected"), verb=_("Record the correction"),
            consequences=[who_confirms(queryset.get(), actor_of(request).ref)], form_class=DoneForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.correct_finding, queryset.get(), done=answers["done"], actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("Recorded. Another person confirms it."))
        return None

    @button(description=_("Confirm the correction"), permission=CONFIRM, locations=CHANGE_FORM_ONLY)
    def confirm(self, request: HttpRequest, queryset: QuerySet[InspectionFinding]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Confirm the correction"), verb=_("Confirm"),
            consequences=[_("You confirm that it is in order. The finding is closed.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.confirm_finding, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The finding has been closed."))
        return None

    @button(description=_("Reject the correction"), permission=CONFIRM, locations=CHANGE_FORM_ONLY)
    def reopen(self, request: HttpRequest, queryset: QuerySet[InspectionFinding]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Reject the correction"), verb=_("Return it"),
            consequences=[_("The finding is reopened with the new due date.")], form_class=DueForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.reopen_finding, queryset.get(), due_on=answers["due_on"], actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("The finding has been reopened."))
        return None
