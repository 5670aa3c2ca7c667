"""The internal management plan in the console: its versions, its text, who approved it, and whether it is intact."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.lib.http.downloads import attachment
from privacy.safeguards import actions as safeguards
from privacy.safeguards import integrity
from privacy.safeguards.admin.forms import DraftForm, EffectiveForm, SectionsForm
from privacy.safeguards.admin.records import READ, RecordAdmin, account_column, record_state_badge
from privacy.safeguards.models import ManagementPlan, Member

DRAFT, APPROVE = "safeguards.draft_plan", "safeguards.approve_plan"
type Answer = HttpResponse | None


@admin.register(ManagementPlan)
class ManagementPlanAdmin(RecordAdmin):
    explanation = _(
        "How the company protects personal information: sixteen sections, written by one person and approved by "
        "another. An approved version is sealed and kept. Changes are made in a new version."
    )
    empty_hint = _("Draft the first version; fill in the sixteen sections that the law requires.")
    list_display = ("__str__", "state_shown", "effective_on", "reason", "drafter", "approver", "intact")
    fields = (
        ("number", "state_shown"), "reason", ("drafter", "drafted_at"), "submitted_at", ("approver", "approved_at"),
        "effective_on", "seal", "intact",
    )  # fmt: skip
    readonly_fields = ("state_shown", "drafter", "approver", "intact")
    second_person = SecondPersonStep(
        "safeguards.approve_plan",
        lambda record: record.state == ManagementPlan.State.SUBMITTED,
        rows={"state__exact": ManagementPlan.State.SUBMITTED.value},
    )
    actions = ("edit", "submit", "give_back", "approve")
    change_form_template = "admin/safeguards/managementplan/change_form.html"
    add_label = _("Draft a new version")
    record_form = DraftForm
    add_permission = DRAFT
    add_hint = _("It starts with the text of the latest version.")
    drafter = account_column("drafted_by", _("drafted by"))
    approver = account_column("approved_by", _("approved by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> ManagementPlan:
        return safeguards.draft_plan(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: ManagementPlan) -> Collection[str]:
        return {"draft": ("edit", "submit"), "submitted": ("approve", "give_back")}.get(record.state, ())

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, plan: ManagementPlan) -> SafeString:
        """A version stays in force until the next one's day, though that one is approved already."""
        today = clock.today()
        if ManagementPlan.objects.in_force(today) == plan:
            return badge(pgettext("plan", "in force"), "good")
        if plan.state == ManagementPlan.State.APPROVED and plan.effective_on and plan.effective_on > today:
            return badge(_("upcoming"), "wait")
        return badge(_("superseded"), "done") if plan.seal else record_state_badge(plan)

    @admin.display(description=_("text and seal"))
    def intact(self, plan: ManagementPlan) -> SafeString:
        if plan.is_open:
            return badge(_("not sealed yet"), "draft")
        if integrity.is_intact(plan):
            return badge(_("matches its seal on the audit trail"), "good")
        if integrity.is_past_term(plan):
            return badge(_("matches its seal; the entry on the audit trail is past its retention period"), "done")
        return badge(_("DOES NOT MATCH its seal: the text was changed after the approval"), "alarm")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show today's organisation beside the text."""
        members = [(name_with_reference(one.person), one) for one in Member.objects.on(clock.today())]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "members": members})

    def get_urls(self) -> list[URLPattern]:
        paper = path("<path:object_id>/paper/", self.page(self.paper), name="safeguards_plan_paper")
        return [paper, *super().get_urls()]

    def paper(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a version of the plan as PDF."""
        plan = self.get_object(request, object_id)
        if plan is None or not self.has_view_permission(request, plan):
            raise Http404
        language = get_language() or "ko"
        content = safeguards.print_plan(plan, language=language, actor=actor_of(request), at=clock.now())
        return attachment(content, media_type="application/pdf", name=f"management-plan-{plan.number}.pdf")

    @button(description=_("Edit the text"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def edit(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        plan = queryset.get()
        answers = confirm_action(
            self, request, queryset, title=_("Edit the text"), verb=_("Save the text"),
            consequences=[_("You are recorded as the drafter, so someone else must approve it.")],
            form_class=SectionsForm, edits=lambda plan: plan.sections,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.edit_plan, plan, sections=answers, actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The text has been saved."))
        return None

    @button(description=_("Submit for approval"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def submit(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        verb = partial(safeguards.submit_plan, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is waiting for another person's approval."))
        return None

    @button(description=_("Return for changes"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def give_back(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        verb = partial(safeguards.return_plan, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is a draft again."))
        return None

    @button(description=_("Approve"), permission=APPROVE, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[ManagementPlan]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Approve the plan"), verb=_("Approve and seal"),
            consequences=[
                _("The text is sealed with its digest on the audit trail and can no longer be changed."),
                _("It replaces the previous version."),
            ],
            form_class=EffectiveForm,
            initial={"effective_on": clock.today(), "read": integrity.text_digest(queryset.get())},
            template=READ,
            shown=lambda _form: {
                "plan": queryset.get(), "content": "admin/safeguards/managementplan/content.html"
            },
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.approve_plan, queryset.get(), effective_on=answers["effective_on"], read=answers["read"],
            actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
        self.press(request, verb, _("The plan has been approved and sealed."))
        return None
