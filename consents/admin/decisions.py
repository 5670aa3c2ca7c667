"""Decisions, as they were appended, and the notices about advertising consent."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import advertising_texts, receipts
from consents.admin.agreement_names import AgreementFilter
from consents.models import AdvertisingNotice, Agreement, CurrentConsent, CurrentConsentQuerySet, Decision
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.display.badges import state_badge
from privacy.subjects.models import Subject
from privacy.vault.purposes import Purpose


@admin.register(Decision)
class DecisionAdmin(KeysetAdmin):
    explanation = _("Every decision of every person, as it was made. Decisions are added, never changed.")
    empty_hint = _("Decisions appear here when devices, the website or handlers record them.")
    keyset = ("recorded_at", "id")
    list_display = ("reference", "agreed_text", "choice_shown", "decided_at", "method", "actor_ref")
    list_filter = ("choice", ("agreement", AgreementFilter))
    list_select_related = ("agreement", "version")
    search_fields = ("reference",)
    search_help_text = _("The number of a receipt or of a data subject (exact)")
    fields = (
        "reference", "person", "agreement", "version", "text_digest", "choice_shown", "decided_at", "recorded_at",
        "method", "language", "actor_kind", "actor_ref", "by_representative", "confirmation", "receipt",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        subjects = list(Subject.objects.filter(reference=term).values_list("id", flat=True))
        if subjects:
            return queryset.filter(subject_id__in=subjects), False
        return queryset.filter(reference=term), False

    @admin.display(description=_("agreement"))
    def agreed_text(self, decision: Decision) -> str:
        return decision.version.title

    @admin.display(description=_("decision"), ordering="choice")
    def choice_shown(self, decision: Decision) -> SafeString:
        return _choice_badge(decision.choice, decision.get_choice_display())

    @admin.display(description=_("data subject"))
    def person(self, decision: Decision) -> str:
        return _reference(decision.subject_id)

    @admin.display(description=_("receipt"))
    def receipt(self, decision: Decision) -> SafeString:
        document = receipts.for_decision(decision)
        return format_html(
            "<details><summary><code>sha256:{}</code></summary><pre>{}</pre></details>",
            receipts.digest(document),
            json.dumps(document, ensure_ascii=False, indent=2),
        )


class NeedsReconsentFilter(admin.SimpleListFilter):
    """Those whose agreement was given to a text that has been replaced by one which asks again."""

    title = _("to be asked again")
    parameter_name = "again"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CurrentConsent]) -> QuerySet[CurrentConsent]:
        assert isinstance(queryset, CurrentConsentQuerySet)
        return queryset.needing_reconsent() if self.value() == "yes" else queryset


@admin.register(CurrentConsent)
class CurrentConsentAdmin(RecordReadsMixin, KeysetAdmin):
    """Where people stand, and who is to be asked again: the list that a changed text makes (law C-09)."""

    explanation = _(
        "Each person's latest decision about each agreement. People who agreed to a text that has since been "
        "replaced by one that needs a new consent are listed as “to be asked again”. Their devices learn this "
        "through the API."
    )
    empty_hint = _(
        "Nobody yet. People appear here after their first decision. Use the filter to see those to be asked again."
    )
    read_purpose = Purpose.REGISTRATION
    keyset = ("id",)
    list_display = ("person", "agreed_text", "choice_shown", "number", "decided_at")
    list_filter = (NeedsReconsentFilter, ("agreement", AgreementFilter), "choice")
    list_select_related = ("agreement", "decision__version")
    fields = ("person", "agreement", "choice_shown", "number", "decided_at", "receipt")
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the references of one page's people at once."""
        made = super().get_changelist_instance(request)
        people = Subject.objects.filter(id__in=[row.subject_id for row in made.result_list])
        references = dict(people.values_list("id", "reference"))
        for row in made.result_list:
            row.reference = references.get(row.subject_id, "–")
        return made

    @admin.display(description=_("agreement"))
    def agreed_text(self, standing: CurrentConsent) -> str:
        return standing.decision.version.title

    @admin.display(description=_("data subject"))
    def person(self, standing: CurrentConsent) -> str:
        known = getattr(standing, "reference", "")
        return (
            known or Subject.objects.values_list("reference", flat=True).filter(pk=standing.subject_id).first() or "–"
        )

    @admin.display(description=_("still in effect"))
    def choice_shown(self, standing: CurrentConsent) -> SafeString:
        return _choice_badge(standing.choice, standing.get_choice_display())

    @admin.display(description=_("receipt"))
    def receipt(self, standing: CurrentConsent) -> SafeString:
        address = reverse("admin:consents_decision_change", args=[standing.decision_id])
        return format_html('<a href="{}">{}</a>', address, standing.decision.reference)


def _reference(subject_id: UUID) -> str:
    return Subject.objects.values_list("reference", flat=True).filter(pk=subject_id).first() or "–"


def _choice_badge(choice: str, label: str) -> SafeString:
    return state_badge({"agree": "agreed", "disagree": "disagreed", "withdraw": "withdrawn"}[choice], label)


class AdvertisementForm(forms.Form):
    """An advertisement as it is to go out."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Agreement.Channel.choices, widget=forms.RadioSelect)
    subject = forms.CharField(label=_("Subject line (e-mail)"), max_length=300, required=False)
    text = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 10}))


@admin.register(AdvertisingNotice)
class AdvertisingNoticeAdmin(KeysetAdmin):
    explanation = _(
        "Notices that confirm a decision, and regular checks that a consent still applies. The "
        "time limits are statutory parameters."
    )
    empty_hint = _("Notices appear here when someone decides about advertising.")
    keyset = ("due_on", "id")
    list_display = ("due_on", "kind", "state_shown", "decision", "sent_at")
    list_filter = ("kind", "state")
    list_select_related = ("decision",)

    change_list_template = "admin/consents/advertisingnotice/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        check = path("check/", self.page(self.check_text), name="consents_advertisement_check")
        return [check, *super().get_urls()]

    def check_text(self, request: HttpRequest) -> TemplateResponse:
        """Say what the text of an advertisement lacks; nothing of it is kept (law C-20)."""
        form, lacks = AdvertisementForm(request.POST or None), None
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            lacks = advertising_texts.problems(given["text"], given["channel"], subject=given["subject"])
        context = {
            **self.admin_site.each_context(request), "title": _("Check an advertisement"), "opts": self.opts,
            "form": form, "lacks": lacks,
        }  # fmt: skip
        return TemplateResponse(request, "admin/consents/advertisingnotice/check.html", context)

    @admin.display(description=_("state"))
    def state_shown(self, notice: AdvertisingNotice) -> SafeString:
        return state_badge(notice.state, notice.get_state_display())
