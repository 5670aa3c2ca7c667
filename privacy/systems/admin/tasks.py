"""What connected systems are asked, in the console: who has confirmed, who is late, and what people carry out."""

import json
from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.admin.console_buttons import Page, hand_out_paper, pressed
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.lib.http.downloads import attachment
from privacy.subjects.models import Subject
from privacy.systems import actions as systems
from privacy.systems import evidence
from privacy.systems.admin.forms import DoneForm, ReasonForm
from privacy.systems.models import Answer, SystemTask
from privacy.systems.states import shape_of, trouble_text

CARRY_OUT, KEEP = "systems.carry_out_tasks", "systems.keep_systems"
State = SystemTask.State


class StateFilter(admin.SimpleListFilter):
    """Open, late, or ended."""

    title = _("open or ended")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", pgettext_lazy("system task", "open")), ("late", _("late")), ("ended", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "open":
            return queryset.open()
        if self.value() == "late":
            return queryset.late(clock.today())
        return queryset.filter(state__in=SystemTask.ENDED) if self.value() == "ended" else queryset


@admin.register(SystemTask)
class SystemTaskAdmin(ReadOnlyAdmin):
    explanation = _(
        "What each connected system is asked to do. A correction or destruction is confirmed only by a read-back, or "
        "by evidence; another person looks at that of a destruction."
    )
    empty_hint = _("Tasks are made by requests, holds and destructions as soon as a connected system is registered.")
    list_display = ("reference", "system", "act", "case", "due_on", "state_shown")
    list_select_related = ("system",)
    list_filter = (StateFilter, "act", "system")
    fields = (
        ("reference", "system"), ("act", "state_shown"), ("case", "whose"), ("category", "items_shown", "month"),
        ("ordered_at", "due_on", "sent_at"), ("rounds", "contradictions", "trouble_shown"), "found_shown",
        ("kept_because", "kept_shown"), "backups_until", ("doer", "done_at"), "note", "file_digest",
        ("seconder", "seconded_at"), ("ended_at", "reason"), "proof_id",
    )  # fmt: skip
    readonly_fields = (
        "state_shown", "whose", "items_shown", "trouble_shown", "found_shown", "kept_shown", "doer", "seconder",
    )  # fmt: skip
    actions = ("report_done", "confirm", "send_back", "ask_again", "give_up", "open_file", "save_evidence")
    second_person = SecondPersonStep(
        CARRY_OUT, lambda record: record.waits_for_second, asked_by=lambda record: record.done_by, button="confirm",
        rows={"state__exact": "answered", "act__exact": "destroy", "done_by__gt": ""},
    )  # fmt: skip

    def buttons_for(self, record: SystemTask) -> Collection[str]:
        offered = ["save_evidence"] if record.answers.exists() else []
        if record.file_id:
            offered.append("open_file")
        if not record.is_open:
            return offered
        if record.waits_for_second:
            return [*offered, "confirm", "send_back", "give_up"]
        asked = record.is_by_hand or record.trouble == "single-record"
        return [*offered, "report_done", "give_up"] if asked else [*offered, "ask_again", "report_done", "give_up"]

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: SystemTask) -> SafeString:
        if row.is_late(clock.today()):
            return badge(_("late: %(state)s") % {"state": row.get_state_display()}, "late")
        return badge(row.get_state_display(), shape_of(row.state))

    @admin.display(description=_("data subject"))
    def whose(self, row: SystemTask) -> str:
        people = Subject.objects.filter(pk__in=[row.subject_id] if row.subject_id else [])
        return people.values_list("reference", flat=True).first() or "–"

    @admin.display(description=_("items"))
    def items_shown(self, row: SystemTask) -> str:
        return ", ".join(self._name("item", item) for item in row.items)

    @admin.display(description=_("items kept"))
    def kept_shown(self, row: SystemTask) -> str:
        return ", ".join(self._name("item", item) for item in row.kept_items) or "–"

    @admin.display(description=_("last trouble"))
    def trouble_shown(self, row: SystemTask) -> str:
        return str(trouble_text(row.trouble)) if row.trouble else "–"

    @admin.display(description=_("found, by item"))
    def found_shown(self, row: SystemTask) -> SafeString | str:
        lines = [(self._name("item", item), count) for item, count in sorted(row.found.items())]
        return format_html_join("", "<div>{}: <strong>{}</strong></div>", lines) or "–"

    @admin.display(description=_("done by"))
    def doer(self, row: SystemTask) -> str:
        return self.account_name(row.done_by) if row.done_by else "–"

    @admin.display(description=_("second look by"))
    def seconder(self, row: SystemTask) -> str:
        return self.account_name(row.seconded_by) if row.seconded_by else "–"

    @button(description=_("Report what was done"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def report_done(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        return pressed(
            self, request, queryset, systems.report_done, form_class=DoneForm, title=_("Report what was done"),
            consequences=[
                _("The evidence is kept with the task."),
                _("A destruction counts once another person has looked at the evidence."),
            ],
            success=_("Reported."),
        )  # fmt: skip

    @button(description=_("Confirm after a second look"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def confirm(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        return pressed(
            self, request, queryset, partial(systems.second, agrees=True), title=_("Confirm after a second look"),
            consequences=[
                _("You have opened the evidence, and it shows that the copies are gone."),
                _("The certificate is completed by an addendum."),
            ],
            form_class=ReadForm, initial={"read": queryset.get().file_digest}, success=_("Confirmed."),
        )  # fmt: skip

    @button(description=_("Send back"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def send_back(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        return pressed(
            self, request, queryset, partial(systems.second, agrees=False), title=_("Send back"),
            consequences=[_("The task waits again. The evidence that was rejected is named on the audit trail.")],
            success=_("Sent back."),
        )  # fmt: skip

    @button(description=_("Ask again now"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def ask_again(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        return pressed(
            self, request, queryset, systems.ask_again, title=_("Ask again now"),
            consequences=[_("The system is asked again, as a new request.")], success=_("It is asked again."),
        )  # fmt: skip

    @button(description=_("Give up"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def give_up(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        return pressed(
            self, request, queryset, systems.give_up, form_class=ReasonForm, title=_("Give up"), dangerous=True,
            consequences=[
                _("Nothing more is asked. The certificate and the person are told that it was never confirmed."),
                _("The identifiers that were kept for it are removed."),
                _(
                    "If it was asked to correct an identifier, a later destruction can be confirmed only by people, "
                    "with evidence."
                ),
            ],
            success=_("Given up."),
        )  # fmt: skip

    @button(description=_("Open the evidence"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> Page:
        row = queryset.get()
        return hand_out_paper(self, request, partial(systems.open_evidence, row), name=row.reference)

    @button(description=_("Save the signed answers"), permission="systems.view_answer", locations=CHANGE_FORM_ONLY)
    def save_evidence(self, request: HttpRequest, queryset: QuerySet[SystemTask]) -> HttpResponse:
        row = queryset.get()
        content = json.dumps(evidence.file_of([row]), ensure_ascii=False, indent=2, sort_keys=True).encode()
        return attachment(content, media_type="application/json", name=f"{row.reference}.json")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        more = {"answers": row.answers.all()} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    change_form_template = "admin/systems/systemtask/change_form.html"


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    explanation = _("The signed answers of connected systems, as they were given. Nobody can change them.")
    empty_hint = _("Answers come from connected systems that take part by the protocol.")
    list_display = ("id", "task", "verb", "answered_at", "genuine_shown")
    list_select_related = ("task",)
    list_filter = ("verb",)
    fields = (
        ("task", "verb"), "answered_at", "body", "request_digest", "signature", "public_key", "genuine_shown",
    )  # fmt: skip
    readonly_fields = ("genuine_shown",)

    @admin.display(description=_("signature is right"), boolean=True)
    def genuine_shown(self, row: Answer) -> bool:
        return not evidence.check_answer(evidence.entry_of(row))
