"""Versions of the policy: drafts can be edited, published ones are read; buttons move a version on."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet, TextField
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import state_badge
from privacy.policies import actions as policies
from privacy.policies import (
    advance_notice,
    completeness,
    drift,
    integrity,
    policy_document,
    presentation,
    preview_parts,
    rule_changes,
    rulebook,
    text_changes,
)
from privacy.policies.admin.approval import ApprovalForm, what_is_approved
from privacy.policies.admin.drafts import (
    EDIT,
    CategoryInline,
    PreservationInline,
    ReviewInline,
    SectionInline,
    may_edit,
    save_rows,
)
from privacy.policies.models import PolicyVersion

FITTING: dict[PolicyVersion.State, frozenset[str]] = {
    PolicyVersion.State.DRAFT: frozenset({"submit", "discard"}),
    PolicyVersion.State.REVIEW: frozenset({"approve", "return_to_draft", "publish", "discard"}),
    PolicyVersion.State.PUBLISHED: frozenset({"draft_from", "draft_proposal"}),
    PolicyVersion.State.SUPERSEDED: frozenset({"draft_from"}),
    PolicyVersion.State.DISCARDED: frozenset(),
}
REVIEW, PUBLISH = "policies.review_version", "policies.publish_version"


class NoteForm(forms.Form):
    note = forms.CharField(label=_("What has to change"), widget=forms.Textarea(attrs={"rows": 4}))


class EffectiveForm(forms.Form):
    effective_on = BoundedDateField(label=_("Effective date"))


@admin.register(PolicyVersion)
class PolicyVersionAdmin(EditableAdmin):
    explanation = _(
        "Every version of the privacy policy. A published version never changes. A new one starts as a copy."
    )
    list_display = ("number", "state_shown", "effective_on", "adverse", "drafted_at", "published_at")
    list_filter = ("state",)
    fields = (
        "number", "effective_on", "reason_ko", "reason_en", "adverse", "based_on",
        "drafted_at", "drafted_by", "submitted_at", "submitted_by", "published_at", "published_by", "seal",
    )  # fmt: skip
    inlines = (CategoryInline, SectionInline, PreservationInline, ReviewInline)
    second_person = SecondPersonStep(
        "policies.review_version",
        lambda record: record.state == PolicyVersion.State.REVIEW,
        rows={"state__exact": PolicyVersion.State.REVIEW.value},
    )
    actions = ("draft_from", "draft_proposal", "submit", "approve", "return_to_draft", "publish", "discard")
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}}

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, version: PolicyVersion) -> str:
        return state_badge(version.state, version.get_state_display())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        editable = {"effective_on", "reason_ko", "reason_en", "adverse"}
        return [field for field in self.fields if field not in editable]

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        policies.describe_draft(
            obj,
            effective_on=obj.effective_on,
            reason_ko=obj.reason_ko,
            reason_en=obj.reason_en,
            adverse=obj.adverse,
            actor=actor_of(request),
            at=clock.now(),
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rows(request, form.instance, formset)

    def get_urls(self) -> list[URLPattern]:
        preview = path("<uuid:pk>/preview/", self.page(self.preview), name="policies_policyversion_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest, pk: object) -> HttpResponse:
        """Show an unpublished version as its readers would see it, with what differs from its base."""
        version = self.get_object(request, str(pk))
        if version is None or not self.has_view_permission(request, version):
            raise Http404
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Preview"),
            "opts": self.opts,
            "version": version,
        }
        try:
            composed = version.document or policy_document.compose(version, clock.today())
        except policy_document.UnknownPlaceholder as unknown:
            context["unknown"] = unknown
        else:
            language = get_language() or "ko"
            context["chapters"] = presentation.render_sections(composed, language)
            base = version.based_on
            if base is not None and base.document:
                context["rules"] = text_changes.compare_rules(base.document, composed, language)
                context["internal"] = rule_changes.compare_internal_rules(
                    rulebook.read(base), rulebook.read(version), language
                )
                changes = text_changes.compare_sections(base.document, composed, language)
                context["changed"] = [chapter for chapter in changes if chapter.kind != "same"]
            parts = preview_parts.parts_of(version, clock.today(), asked=request.GET.keys())
            context["parts"] = [render_to_string(template, found, request) for template, found in parts]
        return TemplateResponse(request, "policies/preview.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Tell the officer on the list where a published text no longer says what the portal does (V-08)."""
        if request.method == "GET":
            for found in drift.find_drifts(clock.today()):
                self.message_user(request, found.message, messages.WARNING if found.is_due else messages.ERROR)
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if version is not None and version.is_public:
            extra["broken"] = not integrity.is_intact(version)
        if version is not None and version.is_open:
            extra["problems"] = completeness.problems(version, clock.today())
            extra["earliest"] = advance_notice.earliest_effective_on(version, clock.today())
        return super().change_view(request, object_id, form_url, extra)

    def get_actions(self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST) -> Any:
        """On a record's page, offer what its state allows; the verbs decide again."""
        offered = super().get_actions(request, action_location=action_location)
        pk = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        version = self.get_object(request, pk) if pk else None
        if version is None:
            return offered
        return {name: action for name, action in offered.items() if name in FITTING[PolicyVersion.State(version.state)]}

    def view_on_site(self, obj: PolicyVersion) -> str | None:
        return reverse("policies:version", args=[obj.number]) if obj.is_public else None

    @button(description=_("Draft a new version from this"), permission=EDIT)
    def draft_from(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        for version in queryset[:1]:

            def start(version: PolicyVersion = version) -> None:
                made = policies.create_draft(based_on=version, new_items=True, actor=actor_of(request), at=clock.now())
                address = reverse("admin:policies_policyversion_change", args=[made.pk])
                self.message_user(request, format_html('<a href="{}">{}</a>', address, made.number))

            run_action(self, request, start, _("A draft was created. Open it to change it."))

    @button(description=_("Draft the proposed revision"), permission=EDIT, locations=CHANGE_FORM_ONLY)
    def draft_proposal(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        """Start from the newest version with what the portal proposes to be complete under the law in force."""

        def start() -> None:
            made = policies.draft_proposal(actor=actor_of(request), at=clock.now())
            address = reverse("admin:policies_policyversion_change", args=[made.pk])
            self.message_user(request, format_html('<a href="{}">{}</a>', address, made.number))

        run_action(self, request, start, _("A draft was created. Open it to change it."))

    @button(description=_("Submit for review"), permission=EDIT, locations=CHANGE_FORM_ONLY)
    def submit(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        for version in queryset:
            run_action(
                self,
                request,
                partial(policies.submit, version, actor=actor_of(request), at=clock.now()),
                _("Submitted. Another person must review it."),
            )

    @button(description=_("Approve"), permission=REVIEW, locations=CHANGE_FORM_ONLY)
    def approve(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> HttpResponse | None:
        version = queryset.get()
        answer = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve"),
            verb=_("Approve"),
            consequences=list(what_is_approved(version)),
            form_class=ApprovalForm,
            initial={"read": policies.digest_under_review(version, clock.today())},
        )
        if isinstance(answer, TemplateResponse):
            return answer
        verb = partial(policies.approve, version, read=answer["read"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Approved. It can be published."))
        return None

    @button(description=_("Return with a note"), permission=REVIEW, locations=CHANGE_FORM_ONLY)
    def return_to_draft(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> HttpResponse | None:
        answer = confirm_action(
            self,
            request,
            queryset,
            title=_("Return with a note"),
            verb=_("Return"),
            consequences=[_("The version becomes a draft again and can be changed.")],
            form_class=NoteForm,
        )
        if isinstance(answer, TemplateResponse):
            return answer
        for version in queryset:
            run_action(
                self,
                request,
                partial(
                    policies.return_to_draft, version, note=answer["note"], actor=actor_of(request), at=clock.now()
                ),
                _("Returned."),
            )
        return None

    @button(description=_("Publish"), permission=PUBLISH, locations=CHANGE_FORM_ONLY, step_up=True)
    def publish(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> HttpResponse | None:
        version = queryset.get()
        answer = confirm_action(
            self,
            request,
            queryset,
            title=_("Publish"),
            verb=_("Publish"),
            consequences=[
                _("The text is sealed and stays public permanently; it can't be changed or withdrawn."),
                _("The revision is announced on the website today."),
                _("From the effective date, these rules apply to collection, use, retention and preservation."),
            ],
            form_class=EffectiveForm,
            initial={"effective_on": version.effective_on},
            dangerous=True,
        )
        if isinstance(answer, TemplateResponse):
            return answer
        run_action(
            self,
            request,
            lambda: policies.publish(
                version, effective_on=answer["effective_on"], actor=actor_of(request), at=clock.now()
            ),
            _("Published and announced."),
        )
        return None

    @button(description=_("Discard"), permission=EDIT, locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> HttpResponse | None:
        answer = confirm_action(
            self,
            request,
            queryset,
            title=_("Discard"),
            verb=_("Discard"),
            consequences=[_("The version can no longer be changed or published. A record of it is kept.")],
            dangerous=True,
        )
        if isinstance(answer, TemplateResponse):
            return answer
        for version in queryset:
            run_action(
                self,
                request,
                partial(policies.discard_version, version, actor=actor_of(request), at=clock.now()),
                _("Discarded."),
            )
        return None
