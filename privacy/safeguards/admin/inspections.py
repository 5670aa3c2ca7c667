"""Inspections and their findings in the console."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import button
from privacy.lib.asking import ask
from privacy.lib.badges import badge, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.register import RegisterAdmin, person, state_of
from privacy.safeguards.forms import DoneForm, DueForm, FindingForm, HeldForm, InspectionForm
from privacy.safeguards.models import Inspection, Nonconformity

PAGE = (ActionLocation.CHANGE_FORM,)
KEEP, RECEIVE = "safeguards.keep_inspections", "safeguards.receive_inspection"
CORRECT, CONFIRM = "safeguards.correct_finding", "safeguards.confirm_finding"
type Answer = HttpResponse | None


@admin.register(Inspection)
class InspectionAdmin(RegisterAdmin):
    explanation = _(
        "The office checks itself at least once a year: planned, held, reported to the officer. What is not in order "
        "becomes a finding with a corrective action and a day."
    )
    empty_hint = _("Plan the yearly inspection of the management plan.")
    list_display = ("reference", "kind", "state_shown", "due_shown", "inspector_shown", "waiting", "reported_at")
    list_filter = ("state", "kind")
    fields = (
        ("reference", "kind", "state_shown"), "scope", "method", "inspector_shown", ("due_shown", "held_on"), "outcome",
        ("reporter", "reported_at"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "due_shown", "inspector_shown", "reporter")
    actions = ("hold", "record_finding", "report")
    change_form_template = "admin/safeguards/inspection/change_form.html"
    new_label = _("Plan an inspection")
    new_form = InspectionForm
    new_permission = KEEP
    inspector_shown = person("inspector", _("inspector"))
    reporter = person("reported_to", _("taken note of by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Inspection:
        return safeguards.plan_inspection(actor=actor_of(request), at=clock.now(), **given)

    def verbs_for(self, record: Inspection) -> Collection[str]:
        return {"planned": ("hold",), "held": ("record_finding", "report")}.get(record.state, ())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Inspection]:
        found: QuerySet[Inspection] = super().get_queryset(request)
        return found.annotate(waiting=Count("findings", filter=~Q(findings__state="confirmed")))

    @admin.display(description=_("open findings"))
    def waiting(self, inspection: Inspection) -> int:
        return int(getattr(inspection, "waiting", 0))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, inspection: Inspection) -> SafeString:
        return state_of(inspection)

    @admin.display(description=_("planned for"), ordering="planned_on")
    def due_shown(self, inspection: Inspection) -> SafeString:
        return due_badge(inspection.planned_on, clock.today(), settled=inspection.state != Inspection.State.PLANNED)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        inspection = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if inspection is not None:
            today = clock.today()
            more["findings"] = [
                (row, due_badge(row.due_on, today, settled=row.state == Nonconformity.State.CONFIRMED))
                for row in inspection.findings.order_by("due_on")
            ]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Record as held"), permission=KEEP, locations=PAGE)
    def hold(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Record as held"), verb=_("Record"),
            consequences=[_("Then record what is not in order, finding by finding, and report to the officer.")],
            form_class=HeldForm, initial={"held_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.hold_inspection, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The inspection is recorded as held."))
        return None

    @button(description=_("Record a finding"), permission=KEEP, locations=PAGE)
    def record_finding(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Record a finding"), verb=_("Record the finding"),
            consequences=[_("Who is to do it is reminded; past its day it is escalated to the protection officer.")],
            form_class=FindingForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.record_finding, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The finding is recorded."))
        return None

    @button(description=_("Take note of the report"), permission=RECEIVE, locations=PAGE)
    def report(self, request: HttpRequest, queryset: QuerySet[Inspection]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Take note of the report"), verb=_("Take note"),
            consequences=[_("You have read the result as the officer. No finding is added any more.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.report_inspection, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("You have taken note of the report."))
        return None


@admin.register(Nonconformity)
class FindingAdmin(RegisterAdmin):
    explanation = _("What inspections found not in order: the corrective action, who does it, until when.")
    empty_hint = _("Findings are recorded on the page of an inspection that was held.")
    list_display = ("reference", "criterion", "weight_shown", "state_shown", "due_shown", "doer", "inspection")
    list_filter = ("state", "weight")
    list_select_related = ("inspection",)
    fields = (
        ("reference", "inspection", "measure"), "criterion", ("weight_shown", "state_shown"), "seen", "correction",
        ("doer", "due_shown"), "escalated_at", "done", ("worker", "done_at"), ("confirmer", "confirmed_at"),
    )  # fmt: skip
    readonly_fields = ("weight_shown", "state_shown", "due_shown", "doer", "worker", "confirmer")
    actions = ("correct", "confirm", "reopen")
    doer = person("responsible", _("to be done by"))
    worker = person("done_by", _("done by"))
    confirmer = person("confirmed_by", _("confirmed by"))

    def verbs_for(self, record: Nonconformity) -> Collection[str]:
        return {"open": ("correct",), "corrected": ("confirm", "reopen")}.get(record.state, ())

    @admin.display(description=_("weight"), ordering="weight")
    def weight_shown(self, finding: Nonconformity) -> SafeString:
        kind = {"critical": "alarm", "major": "late", "minor": "wait"}[finding.weight]
        return badge(finding.get_weight_display(), kind)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, finding: Nonconformity) -> SafeString:
        return state_of(finding)

    @admin.display(description=_("correct by"), ordering="due_on")
    def due_shown(self, finding: Nonconformity) -> SafeString:
        return due_badge(finding.due_on, clock.today(), settled=finding.state == Nonconformity.State.CONFIRMED)

    @button(description=_("It is corrected"), permission=CORRECT, locations=PAGE)
    def correct(self, request: HttpRequest, queryset: QuerySet[Nonconformity]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("It is corrected"), verb=_("Record the correction"),
            consequences=[_("Another person looks and confirms.")], form_class=DoneForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.correct_finding, queryset.get(), done=answers["done"], actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("Recorded. Another person confirms it."))
        return None

    @button(description=_("Confirm the correction"), permission=CONFIRM, locations=PAGE)
    def confirm(self, request: HttpRequest, queryset: QuerySet[Nonconformity]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Confirm the correction"), verb=_("Confirm"),
            consequences=[_("You have looked, and it is in order. The finding is closed.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.confirm_finding, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The finding is closed."))
        return None

    @button(description=_("It is not corrected"), permission=CONFIRM, locations=PAGE)
    def reopen(self, request: HttpRequest, queryset: QuerySet[Nonconformity]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("It is not corrected"), verb=_("Give it back"),
            consequences=[_("The finding is open again until the new day.")], form_class=DueForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.reopen_finding, queryset.get(), due_on=answers["due_on"], actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("The finding is open again."))
        return None
