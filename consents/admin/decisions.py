"""Decisions, as they were appended, and the notices about advertising consent."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import receipts
from consents.models import AdvertisingNotice, Decision
from privacy.lib.admin import ReadOnlyAdmin
from privacy.lib.badges import state_badge
from privacy.lib.keyset import KeysetAdmin
from privacy.subjects.models import Subject


@admin.register(Decision)
class DecisionAdmin(KeysetAdmin):
    explanation = _("Every decision of every person, as it was made. Decisions are added, never changed (P3.6).")
    empty_hint = _("Decisions appear here when devices, the website or handlers record them.")
    keyset = ("recorded_at", "id")
    list_display = ("reference", "agreement", "choice_shown", "decided_at", "method", "actor_ref")
    list_filter = ("choice", "agreement")
    list_select_related = ("agreement",)
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

    @admin.display(description=_("decision"), ordering="choice")
    def choice_shown(self, decision: Decision) -> SafeString:
        state = {"agree": "agreed", "disagree": "disagreed", "withdraw": "withdrawn"}[decision.choice]
        return state_badge(state, decision.get_choice_display())

    @admin.display(description=_("data subject"))
    def person(self, decision: Decision) -> str:
        return Subject.objects.values_list("reference", flat=True).filter(pk=decision.subject_id).first() or "–"

    @admin.display(description=_("receipt"))
    def receipt(self, decision: Decision) -> SafeString:
        document = receipts.for_decision(decision)
        return format_html(
            "<details><summary>sha256:{}</summary><pre>{}</pre></details>",
            receipts.digest(document),
            json.dumps(document, ensure_ascii=False, indent=2),
        )


@admin.register(AdvertisingNotice)
class AdvertisingNoticeAdmin(ReadOnlyAdmin):
    explanation = _("Results told within 14 days, and the question every two years whether the consent stands.")
    empty_hint = _("Notices appear here when somebody decides about advertising.")
    list_display = ("due_on", "kind", "state_shown", "decision", "sent_at")
    list_filter = ("kind", "state")
    list_select_related = ("decision",)

    @admin.display(description=_("state"))
    def state_shown(self, notice: AdvertisingNotice) -> SafeString:
        return state_badge(notice.state, notice.get_state_display())
