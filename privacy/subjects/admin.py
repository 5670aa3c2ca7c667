"""Data subjects in the console: pseudonymous rows, found by their reference, and findings of false identity (P1.8)."""

import hashlib
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.subjects import actions as subjects
from privacy.subjects.models import FalseIdentityFinding, Subject


class FindingForm(forms.Form):
    """What was found, and the evidence: its fingerprint is kept, the file stays where evidence is kept."""

    grounds = forms.CharField(
        label=_("Grounds"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What was found and how, without personal data."),
    )
    evidence = forms.CharField(
        label=_("SHA-256 of the evidence"),
        min_length=64,
        max_length=64,
        help_text=_("64 digits and letters from a to f."),
    )

    def clean_evidence(self) -> str:
        digest = str(self.cleaned_data["evidence"]).strip().lower()
        if len(digest) != hashlib.sha256().digest_size * 2 or not set(digest) <= set("0123456789abcdef"):
            raise forms.ValidationError(_("A SHA-256 has 64 digits and letters from a to f."), code="digest")
        return digest


@admin.register(Subject)
class SubjectAdmin(KeysetAdmin):
    explanation = _("People by pseudonymous reference. Their data is stored elsewhere, encrypted.")
    empty_hint = _("A person appears here when a gateway registers their first device.")
    list_display = ("reference", "state_shown", "registered_at", "service_ended_on", "ended_at", "destroyed_at")
    list_filter = ("state",)
    search_fields = ("reference__exact",)
    search_help_text = _("The whole reference, such as S-7F3K-92QX")
    fields = ("reference", "state_shown", "registered_at", "service_ended_on", "ended_at", "destroyed_at")
    readonly_fields = ("state_shown",)
    actions = ("find_false_identity",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subject], search_term: str
    ) -> tuple[QuerySet[Subject], bool]:
        """Find by the whole reference, by its index; never by a part (law S-28)."""
        wanted = search_term.strip().upper()
        return (queryset.filter(reference=wanted) if wanted else queryset), False

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, subject: Subject) -> SafeString:
        return state_badge(subject.state, subject.get_state_display())

    @button(
        description=_("Record false identity"),
        permission="subjects.find_false_identity",
        locations=CHANGE_FORM_ONLY,
    )
    def find_false_identity(self, request: HttpRequest, queryset: QuerySet[Subject]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record false identity"),
            verb=_("End the registration"),
            consequences=[
                _("The registration ends at once, and nothing more is collected for it."),
                _("The finding, its grounds and the digest of the evidence are kept."),
            ],
            form_class=FindingForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for subject in queryset:
            run_action(
                self,
                request,
                partial(
                    subjects.find_false_identity,
                    subject,
                    grounds=answers["grounds"],
                    evidence_digest=answers["evidence"],
                    actor=actor_of(request),
                    at=clock.now(),
                ),
                _("The finding is recorded and the registration has ended."),
                record=subject,
            )
        return None


@admin.register(FalseIdentityFinding)
class FalseIdentityFindingAdmin(ReadOnlyAdmin):
    explanation = _("Findings that someone else's identity was used to register. Each finding ended a registration.")
    empty_hint = _("A finding is recorded on the page of a data subject.")
    list_display: Any = ("person", "found_by", "found_at", "evidence_digest")
    list_select_related = ("subject",)
    fields = ("person", "grounds", "evidence_id", "evidence_digest", "found_by", "found_at")
    readonly_fields = ("person",)

    @admin.display(description=_("data subject"), ordering="subject")
    def person(self, finding: FalseIdentityFinding) -> str:
        return finding.subject.reference
