"""The internal management plan in the console: its versions, its text, who approved it, and whether it is intact."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import button
from privacy.lib.asking import ask
from privacy.lib.badges import badge
from privacy.lib.downloads import attachment
from privacy.safeguards import actions as safeguards
from privacy.safeguards import documents, seals
from privacy.safeguards.admin.register import RegisterAdmin, person, state_of
from privacy.safeguards.forms import DraftForm, EffectiveForm, SectionsForm
from privacy.safeguards.models import ManagementPlan

PAGE = (ActionLocation.CHANGE_FORM,)
DRAFT, APPROVE = "safeguards.draft_plan", "safeguards.approve_plan"
type Answer = HttpResponse | None


@admin.register(ManagementPlan)
class PlanAdmin(RegisterAdmin):
    explanation = _(
        "How the company protects personal information: sixteen sections, written by one person, approved by another. "
        "An approved version is sealed and stays; a change is a new version."
    )
    empty_hint = _("Draft the first version; the sixteen sections of the law are there to be filled in.")
    list_display = ("__str__", "state_shown", "effective_on", "reason", "drafter", "approver", "intact")
    fields = (
        ("number", "state_shown"), "reason", ("drafter", "drafted_at"), "submitted_at", ("approver", "approved_at"),
        "effective_on", "seal", "intact",
    )  # fmt: skip
    readonly_fields = ("state_shown", "drafter", "approver", "intact")
    actions = ("edit", "submit", "give_back", "approve")
    change_form_template = "admin/safeguards/managementplan/change_form.html"
    new_label = _("Draft a new version")
    new_form = DraftForm
    new_permission = DRAFT
    new_hint = _("It begins with the text of the latest version.")
    drafter = person("drafted_by", _("drafted by"))
    approver = person("approved_by", _("approved by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> ManagementPlan:
        return safeguards.draft_plan(actor=actor_of(request), at=clock.now(), **given)

    def verbs_for(self, record: ManagementPlan) -> Collection[str]:
        return {"draft": ("edit", "submit"), "submitted": ("approve", "give_back")}.get(record.state, ())

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, plan: ManagementPlan) -> SafeString:
        return state_of(plan)

    @admin.display(description=_("text and seal"))
    def intact(self, plan: ManagementPlan) -> SafeString:
        if plan.is_open:
            return badge(_("not sealed yet"), "draft")
        if seals.is_intact(plan):
            return badge(_("matches its seal on the audit trail"), "good")
        return badge(_("DOES NOT MATCH its seal: the text was changed after the approval"), "alarm")

    def get_urls(self) -> list[URLPattern]:
        paper = path("<path:object_id>/paper/", self.page(self.paper), name="safeguards_plan_paper")
        return [paper, *super().get_urls()]

    def paper(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a version of the plan as PDF."""
        plan = self.get_object(request, object_id)
        if plan is None or not self.has_view_permission(request, plan):
            raise Http404
        content = documents.plan_pdf(plan, language=get_language() or "ko")
        return attachment(content, media_type="application/pdf", name=f"management-plan-{plan.number}.pdf")

    @button(description=_("Edit the text"), permission=DRAFT, locations=PAGE)
    def edit(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        plan = queryset.get()
        answers = ask(
            self, request, queryset, title=_("Edit the text"), verb=_("Keep the text"),
            consequences=[_("You stand as the drafter, so another person must approve it.")],
            form_class=SectionsForm, initial=plan.sections,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.edit_plan, plan, sections=answers, actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The text is kept."))
        return None

    @button(description=_("Submit for approval"), permission=DRAFT, locations=PAGE)
    def submit(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        verb = partial(safeguards.submit_plan, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It waits for the approval of another person."))
        return None

    @button(description=_("Give back to be changed"), permission=APPROVE, locations=PAGE)
    def give_back(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        verb = partial(safeguards.return_plan, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is a draft again."))
        return None

    @button(description=_("Approve"), permission=APPROVE, locations=PAGE, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Approve the plan"), verb=_("Approve and seal"),
            consequences=[
                _("The text is sealed with its digest on the audit trail and can't be changed any more."),
                _("It takes the place of the version before."),
            ],
            form_class=EffectiveForm, initial={"effective_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.approve_plan, queryset.get(), effective_on=answers["effective_on"],
            actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
        self.press(request, verb, _("The plan is approved and sealed."))
        return None
