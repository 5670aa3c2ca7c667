"""Pledges in the console: who signed what, who owes one, and the texts with their versions."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.workforce import actions as workforce
from privacy.workforce import compliance, documents, integrity
from privacy.workforce.admin.forms import DayForm, PaperForm, TextForm
from privacy.workforce.admin.pledge_round import round_page
from privacy.workforce.models import Pledge, PledgeText


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    explanation = _(
        "Signed pledges (F-15). Outstanding pledges and training are shown above the list. A renewal adds a new "
        "pledge; earlier ones never change."
    )
    empty_hint = _("Employees sign at /staff/pledges/; paper is registered here.")
    list_display = ("reference", "user", "occasion", "signed_on", "valid_until", "seal_shown")
    list_filter = ("text__occasion", "way")
    list_select_related = ("user", "text")
    fields = (
        ("reference", "way"), "user", "text", "seal_checked", "words", "typed_name", ("signed_shown", "valid_until"),
        ("registered_by", "paper_digest"), "request",
    )  # fmt: skip
    readonly_fields = ("words", "seal_checked", "signed_shown")
    change_list_template = "admin/workforce/pledge/change_list.html"
    change_form_template = "admin/workforce/pledge/change_form.html"

    @admin.display(description=_("occasion"), ordering="text__occasion")
    def occasion(self, pledge: Pledge) -> str:
        return str(pledge.text.get_occasion_display())

    @admin.display(description=_("signed"))
    def signed_shown(self, pledge: Pledge) -> str:
        return documents.signed_text(pledge)

    @admin.display(description=_("seal"))
    def seal_shown(self, pledge: Pledge) -> SafeString:
        if integrity.matches_own_seal(pledge):
            return badges.badge(_("matches"), "good")
        return badges.badge(_("does not match"), "late")

    @admin.display(description=_("seal"))
    def seal_checked(self, pledge: Pledge) -> SafeString:
        context = {
            "pledge": pledge,
            "intact": integrity.is_intact(pledge),
            "lapsed": integrity.is_past_term(pledge),
            "computed": integrity.compute_seal(pledge),
            "recorded": integrity.recorded_seal(pledge),
        }
        return mark_safe(render_to_string("workforce/parts_seal.html", context))  # noqa: S308 - our own template

    @admin.display(description=_("text of a pledge"))
    def words(self, pledge: Pledge) -> SafeString:
        return format_html("{}", mark_safe(linebreaks(pledge.text.words, autoescape=True)))  # noqa: S308 - escaped

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        owing = [one for one in compliance.compliance_on(clock.today()) if one.owes]
        return super().changelist_view(request, {**(extra_context or {}), "owing": owing})

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "paper/", self.page(self.paper_page, needs="workforce.register_pledge"), name="workforce_pledge_paper"
            ),
            path("round/", self.page(partial(round_page, self)), name="workforce_pledge_round"),
            path("<path:object_id>/sheet/", self.page(self.sheet_page), name="workforce_pledge_sheet"),
            *super().get_urls(),
        ]

    def paper_page(self, request: HttpRequest) -> HttpResponse:
        """Register a pledge that was signed on paper."""
        form = PaperForm(request.POST or None, request.FILES or None)

        def make() -> Pledge:
            given = dict(form.cleaned_data)
            return workforce.register_paper(
                scan=given.pop("scan").read(), actor=actor_of(request), at=clock.now(), **given
            )

        return add_record(
            self, request, form, make,
            title=_("Register a pledge on paper"),
            verb=pgettext_lazy("verb", "Register"),
            consequences=[_("The scan's digest is sealed with the text and recorded. Keep the paper original.")],
            success=_("Registered."),
        )  # fmt: skip

    def sheet_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a pledge as PDF; that it was sent is on record."""
        pledge = self.get_object(request, object_id)
        if pledge is None or not self.has_view_permission(request, pledge):
            raise PermissionDenied
        paper = workforce.print_pledge(
            pledge, language=(get_language() or "ko")[:2], actor=actor_of(request), at=clock.now()
        )
        response = HttpResponse(paper, content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{pledge.reference}.pdf"'
        return response


@admin.register(PledgeText)
class PledgeTextAdmin(ReadOnlyAdmin):
    explanation = _(
        "The texts that people sign, by occasion and version. A text is drafted, then approved by another person. It "
        "takes effect on a set day and is then final."
    )
    list_display = ("title_shown", "occasion", "version", "standing", "effective_on", "signed_times")
    list_filter = ("occasion", "state")
    fields = (
        ("occasion", "version"), ("standing", "effective_on"), "title_ko", "words_ko", "title_en", "words_en",
        ("drafted_by", "drafted_at"), ("approved_by", "approved_at"),
    )  # fmt: skip
    readonly_fields = ("standing",)
    second_person = SecondPersonStep(
        "workforce.approve_pledge", lambda record: record.state == PledgeText.State.DRAFT,
        rows={"state__exact": PledgeText.State.DRAFT.value},
    )  # fmt: skip
    actions = ("approve", "discard")
    change_list_template = "admin/workforce/pledgetext/change_list.html"

    def buttons_for(self, record: PledgeText) -> tuple[str, ...]:
        return ("approve", "discard") if record.state == PledgeText.State.DRAFT else ()

    @admin.display(description=_("title"), ordering="title_ko")
    def title_shown(self, text: PledgeText) -> str:
        return text.title

    @admin.display(description=_("state"), ordering="state")
    def standing(self, text: PledgeText) -> SafeString:
        return badges.state_badge(text.state, text.get_state_display())

    @admin.display(description=_("signed"))
    def signed_times(self, text: PledgeText) -> int:
        return text.pledges.count()

    @button(description=_("Approve"), permission="workforce.approve_pledge", locations=CHANGE_FORM_ONLY)
    def approve(self, request: HttpRequest, queryset: QuerySet[PledgeText]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve the text of a pledge"),
            verb=_("Approve"),
            consequences=[
                _("From the day you choose, people sign this text. It is final and can't be edited."),
                _("Pledges signed under the earlier text stay valid until they end."),
            ],
            form_class=DayForm,
            initial={"day": clock.today()},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            workforce.approve_text,
            queryset.get(),
            effective_on=answers["day"],
            actor=actor_of(request),
            at=clock.now(),
        )
        run_action(self, request, verb, _("Approved."))
        return None

    @button(description=_("Discard the draft"), permission="workforce.draft_pledge", locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[PledgeText]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Discard the draft"),
            verb=_("Discard"),
            consequences=[_("Nobody can sign it. The draft is kept as a record.")],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(workforce.discard_text, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Discarded."))
        return None

    def get_urls(self) -> list[URLPattern]:
        draft = path(
            "draft/", self.page(self.draft_page, needs="workforce.draft_pledge"), name="workforce_pledgetext_draft"
        )
        return [draft, *super().get_urls()]

    def draft_page(self, request: HttpRequest) -> HttpResponse:
        """Draft the next version of a pledge."""
        form = TextForm(request.POST or None)
        return add_record(
            self, request, form,
            lambda: workforce.draft_text(**form.cleaned_data, actor=actor_of(request), at=clock.now()),
            title=_("Draft the text of a pledge"),
            verb=_("Save the draft"),
            consequences=[_("Another person must approve it before anyone can sign it.")],
            success=_("The draft has been saved."),
        )  # fmt: skip
