"""Approvals by emergency in the console: going on alone, and the review that closes it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.forms import AloneForm, EmergencyReviewForm
from privacy.accounts.models import EmergencyApproval, RepresentativeLink
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import step_up_authentication

ALONE, REVIEW = "accounts.approve_alone", "accounts.review_emergency"


@admin.register(EmergencyApproval)
class EmergencyApprovalAdmin(ReadOnlyAdmin):
    explanation = _(
        "What one officer approved alone because no second person could be reached. Someone else "
        "must review each one by its deadline; otherwise that officer can no longer approve "
        "anything alone, and the representative decides."
    )
    empty_hint = _("Nobody has approved anything alone.")
    list_display = ("reference", "act", "officer", "made_at", "standing", "review_due_at")
    list_filter = ("outcome",)
    fields = (
        ("reference", "standing"), "act", ("asker", "asked_at"), ("officer", "made_at"), "reason", "told",
        ("review_due_at", "escalated_at"), ("reviewer", "reviewed_at"), "outcome", "note",
    )  # fmt: skip
    readonly_fields = ("act", "asker", "officer", "reviewer", "standing")
    actions = ("review",)

    def buttons_for(self, record: EmergencyApproval) -> tuple[str, ...]:
        return () if record.reviewed_at or record.review_due_at < clock.now() else ("review",)

    @admin.display(description=_("act"))
    def act(self, made: EmergencyApproval) -> SafeString:
        model = self._model_of(made.about_table)
        try:
            page = reverse(admin_urlname(model._meta, SafeString("change")), args=[made.about_id])
        except NoReverseMatch:
            return format_html("{}", model._meta.verbose_name)
        return format_html('<a href="{}">{}</a>', page, model._meta.verbose_name)

    @admin.display(description=_("act requested by"))
    def asker(self, made: EmergencyApproval) -> str:
        return self.account_name(made.asked_by)

    @admin.display(description=_("approved alone by"), ordering="made_by")
    def officer(self, made: EmergencyApproval) -> str:
        return self.account_name(made.made_by)

    @admin.display(description=_("reviewed by"))
    def reviewer(self, made: EmergencyApproval) -> str:
        if made.reviewed_by == "representative":
            return now_("the representative")
        return self.account_name(made.reviewed_by) if made.reviewed_by else "–"

    @admin.display(description=_("state"))
    def standing(self, made: EmergencyApproval) -> SafeString:
        if made.reviewed_at:
            return badges.badge(made.get_outcome_display(), "good" if made.outcome == "justified" else "no")
        if made.review_due_at < clock.now():
            return badges.badge(_("review overdue: with the representative"), "late")
        return badges.badge(_("to be reviewed"), "wait")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "alone/<str:table>/<uuid:pk>/",
                self.page(self.alone, needs=ALONE),
                name="accounts_emergencyapproval_alone",
            ),
            *super().get_urls(),
        ]

    def alone(self, request: HttpRequest, table: str, pk: UUID) -> HttpResponse:
        """Ask for the written reason, tell everybody, and lead back to the record whose button completes the act."""
        step_up_authentication.require(request)
        model = self._model_of(table)
        record = get_object_or_404(model, pk=pk)
        form = AloneForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                accounts.go_alone(record, reason=form.cleaned_data["reason"], actor=actor_of(request), at=clock.now())
            except Refusal as refusal:
                form.add_error("reason" if refusal.pointer else None, str(refusal))
            else:
                messages.success(
                    request, now_("Recorded, and everyone is being told. Now complete it with its button.")
                )
                return HttpResponseRedirect(reverse(admin_urlname(model._meta, SafeString("change")), args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Proceed alone in an emergency"),
            "opts": model._meta,
            "form": form,
            "objects": [record],
            "verb": _("Proceed alone"),
            "dangerous": True,
            "consequences": [
                _("The representative and all officers are told at once, with your reason."),
                _("Someone else reviews it. If nobody does in time, you can no longer approve anything alone."),
                _("This completes nothing yet. You then complete the act with its own button."),
            ],
        }
        return TemplateResponse(request, "admin/act.html", context, status=400 if form.errors else 200)

    def _model_of(self, table: str) -> type[Model]:
        for model, shown in self.admin_site._registry.items():
            if model._meta.db_table == table and getattr(shown, "second_person", None) is not None:
                return model
        raise Http404

    @button(description=_("Review"), permission=REVIEW, locations=CHANGE_FORM_ONLY, step_up=True)
    def review(self, request: HttpRequest, queryset: QuerySet[EmergencyApproval]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Review an emergency approval"),
            verb=_("Close the review"),
            consequences=[
                _("Read the act and the reason first. Your finding is final and stays on record."),
                _("“Not justified” ends this officer's emergency approvals."),
            ],
            form_class=EmergencyReviewForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.review_emergency, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Reviewed."))
        return None


@admin.register(RepresentativeLink)
class RepresentativeLinkAdmin(ReadOnlyAdmin):
    explanation = _(
        "What the representative was asked by a one-time link: to confirm a colleague, or to "
        "review an emergency approval. The link goes to the representative's own address and "
        "nobody in the office sees it."
    )
    empty_hint = _("The representative hasn't been asked anything.")
    list_display = ("subject", "asker", "made_at", "answer", "answered_at")
    list_filter = ("answer",)
    list_select_related = ("user", "emergency")
    fields = ("subject", "asker", "reason", ("made_at", "expires_at"), ("answer", "answered_at"))
    readonly_fields = ("subject", "asker")

    @admin.display(description=_("about"))
    def subject(self, link: RepresentativeLink) -> str:
        return str(link.emergency or link.user)

    @admin.display(description=_("requested by"))
    def asker(self, link: RepresentativeLink) -> str:
        return self.account_name(link.asked_by)
