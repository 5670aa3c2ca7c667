"""Paper and other media in the console: what was destroyed before a witness, and its evidence."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.editable_admin import EditableAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.http.downloads import attachment
from privacy.retention import actions as retention
from privacy.retention.admin.forms import PaperDestructionForm
from privacy.retention.certificates import statement_texts
from privacy.retention.certificates.partial_destruction_form import issue_partial_form
from privacy.retention.models import PaperDestruction


@admin.register(PaperDestruction)
class PaperDestructionAdmin(EditableAdmin):
    explanation = _("Paper and other media destroyed in the presence of a witness. Each is entered in the register.")
    empty_hint = _(
        "Record a destruction after it has taken place: method, amount, place, who did it and who witnessed it."
    )
    add_form = PaperDestructionForm
    list_display = ("reference", "medium", "contents", "amount", "amount_unit", "method", "destroyed_on", "witnessed")
    list_filter = ("medium", "method")
    actions = ("read_evidence", "print_form")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has_perm("retention.record_paper")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [
                ("medium", "method"), "contents", ("created_from", "created_until"), ("amount", "amount_unit"), "place",
                ("due_since", "destroyed_on"), "reason", ("executor", "witness"), "part", "rest", "partial_reason",
                "supervision", "supervisor", "scan", "submission",
            ]  # fmt: skip
        named = {"executor", "witness", "supervisor"}
        of_part = {"part", "rest", "partial_reason", "supervision"} if not obj.is_partial else set()
        shown = [name for name in PaperDestructionForm.Meta.fields if name not in named | of_part]
        people = ["carried_out", "witnessed", *(["supervised"] if obj.is_partial else [])]
        return ["reference", *shown, people, "evidence_digest", ("recorder", "recorded_at")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("carried_out", "witnessed", "supervised", "recorder")

    def buttons_for(self, record: PaperDestruction) -> Collection[str]:
        return [
            *(["read_evidence"] if record.evidence_id else []),
            *(["print_form"] if record.is_partial else []),
        ]

    @admin.display(description=_("recorded by"))
    def recorder(self, paper: PaperDestruction) -> str:
        return statement_texts.describe_actors(paper.recorded_by)

    @admin.display(description=_("carried out by"), ordering="executor")
    def carried_out(self, paper: PaperDestruction) -> str:
        return statement_texts.describe_participant(paper.executor, stated_by=paper.recorded_by)

    @admin.display(description=_("witness"), ordering="witness")
    def witnessed(self, paper: PaperDestruction) -> str:
        return statement_texts.describe_participant(paper.witness, stated_by=paper.recorded_by)

    @admin.display(description=_("supervised by"), ordering="supervisor")
    def supervised(self, paper: PaperDestruction) -> str:
        if not paper.supervisor:
            return "–"
        return statement_texts.describe_participant(paper.supervisor, stated_by=paper.recorded_by)

    @button(description=_("Print the record"), permission="retention.view_paperdestruction", locations=CHANGE_FORM_ONLY)
    def print_form(self, request: HttpRequest, queryset: QuerySet[PaperDestruction]) -> HttpResponse:
        paper, language = queryset.get(), get_language() or "ko"
        content = issue_partial_form(paper, language=language, actor=actor_of(request), at=clock.now())
        return attachment(content, media_type="application/pdf", name=f"{paper.reference}.pdf")

    @button(
        description=_("Read the evidence"), permission="retention.view_paperdestruction", locations=CHANGE_FORM_ONLY
    )
    def read_evidence(self, request: HttpRequest, queryset: QuerySet[PaperDestruction]) -> HttpResponse | None:
        paper = queryset.get()
        content, media_type = retention.open_evidence(paper, actor=actor_of(request), at=clock.now())
        name = f"{paper.reference}.{media_type.partition('/')[2]}"
        return attachment(content, media_type=media_type, name=name)

    def save_model(self, request: HttpRequest, obj: PaperDestruction, form: Any, change: bool) -> None:
        given = dict(form.cleaned_data)
        of_part = retention.Part(**{field.name: given.pop(field.name) for field in fields(retention.Part)})
        scan = given.pop("scan")
        evidence = retention.Evidence(scan.name or "", scan.read()) if scan else None
        made = retention.record_paper(
            **given, of_part=of_part, evidence=evidence, actor=actor_of(request), at=clock.now()
        )
        obj.pk = made.pk
