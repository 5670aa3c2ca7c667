"""The register of measures in the console, with the evidence of each."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import hand_out_paper
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.console.several_records import remind_each
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, date_text, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import EvidenceForm, MeasureForm, OwnerForm
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import Result
from privacy.vault.models import EncryptedFile

KEEP, RECORD = "safeguards.keep_measures", "safeguards.record_evidence"
BADGE_OF_RESULT = {Result.PASSED: "good", Result.FAILED: "alarm", Result.UNKNOWN: "wait"}
type Answer = HttpResponse | None


def result_badge(result: str, word: object) -> SafeString:
    """Return a result by word and shape."""
    return badge(word, BADGE_OF_RESULT[Result(result)])


@admin.register(Measure)
class MeasureAdmin(RecordAdmin):
    explanation = _(
        "Each safeguard in the policy: who is responsible, how often it must be shown to work, and the evidence. The "
        "portal checks some itself every morning; a person checks the others."
    )
    empty_hint = _(
        "Every morning the portal registers the measures that it can check itself. Register the others yourself."
    )
    list_display = ("__str__", "who_answers", "result_shown", "shown_on", "due_shown", "clause")
    list_filter = ("result", "kind", "is_automated", ("retired_at", admin.EmptyFieldListFilter))
    fields = (
        ("code", "clause", "kind"), "owner_shown", ("cycle_days", "who_looks"), ("result_shown", "shown_at"),
        "due_shown", ("registered_at", "retired_at"),
    )  # fmt: skip
    readonly_fields = ("result_shown", "due_shown", "owner_shown", "who_looks")
    actions = ("record", "remind", "change", "retire")
    change_form_template = "admin/safeguards/measure/change_form.html"
    add_label = _("Register a measure")
    record_form = MeasureForm
    add_permission = KEEP
    owner_shown = account_column("owner", _("responsible"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Measure:
        return safeguards.register_measure(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: Measure) -> Collection[str]:
        if record.retired_at:
            return ()
        return ("record", "remind", "change", "retire") if record.owner else ("record", "change", "retire")

    @admin.display(description=_("latest known result"), ordering="result")
    def result_shown(self, measure: Measure) -> SafeString:
        return result_badge(measure.result, measure.get_result_display())

    @admin.display(description=_("next evidence due"), ordering="due_on")
    def due_shown(self, measure: Measure) -> SafeString:
        today = clock.today()
        # What the portal does by itself every morning asks nothing of anybody until it fails to.
        by_itself = measure.is_automated and measure.due_on >= today
        return due_badge(measure.due_on, today, settled=by_itself or measure.retired_at is not None)

    @admin.display(description=_("responsible"), ordering="is_automated")
    def who_answers(self, measure: Measure) -> SafeString | str:
        return self.owner_shown(measure) if measure.owner else self.who_looks(measure)

    @admin.display(description=_("latest evidence"), ordering="shown_at")
    def shown_on(self, measure: Measure) -> str:
        return date_text(clock.kst_date(measure.shown_at)) if measure.shown_at else "–"

    @admin.display(description=_("who checks"), ordering="is_automated")
    def who_looks(self, measure: Measure) -> str:
        return str(_("the portal itself") if measure.is_automated else _("a person"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        measure = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if measure is not None:
            rows = measure.evidence.order_by("-at")[:60]
            more["evidence"] = [(row, result_badge(row.result, row.get_result_display())) for row in rows]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Record evidence"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def record(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Record evidence"), verb=_("Record"),
            consequences=[
                _("It is shown in the register with your name and the time, and can no longer be changed."),
                _("“Not in order” raises an alarm until it is confirmed to be in order again."),
            ],
            form_class=EvidenceForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        file = answers["file"]
        verb = partial(
            safeguards.record_evidence, queryset.get(), result=answers["result"], detail=answers["detail"],
            name=file.name if file else "", content=file.read() if file else b"",
            actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
        self.press(request, verb, _("The evidence has been recorded."))
        return None

    @button(description=_("Remind"), permission=KEEP)
    def remind(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        verb = partial(safeguards.remind_owner, actor=actor_of(request), at=clock.now())
        remind_each(request, queryset, verb, page="admin:safeguards_measure_change")
        return None

    @button(description=_("Change owner or cycle"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def change(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        measure = queryset.get()
        answers = confirm_action(
            self, request, queryset, title=_("Change owner or cycle"), verb=_("Change"),
            consequences=[_("This person is reminded when evidence is due, and told of alarms.")],
            form_class=OwnerForm,
            edits=lambda measure: {"owner": measure.owner, "cycle_days": measure.cycle_days},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.change_measure, measure, actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The measure has been changed."))
        return None

    @button(description=_("Retire measure"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def retire(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Retire measure"), verb=_("Retire measure"),
            consequences=[_("No more evidence is requested. Existing evidence is kept.")], dangerous=True,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.retire_measure, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The measure has been retired."))
        return None


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    explanation = _("Every check of a measure, by a person or by the portal itself, with its day.")
    empty_hint = _(
        "The portal checks its own safeguards every morning. People record their checks on a measure's page."
    )
    list_display = ("measure", "result_shown", "detail", "at", "recorder", "has_file")
    list_filter = ("result", "on", "measure")
    list_select_related = ("measure",)
    fields = ("measure", "result_shown", "detail", ("at", "recorder"), "file_shown", "file_digest")
    readonly_fields = ("result_shown", "recorder", "file_shown")
    actions = ("open_file",)
    recorder = account_column("recorded_by", _("recorded by"))

    def buttons_for(self, record: Evidence) -> Collection[str]:
        return ("open_file",) if record.file_id else ()

    @admin.display(description=_("result"), ordering="result")
    def result_shown(self, evidence: Evidence) -> SafeString:
        return result_badge(evidence.result, evidence.get_result_display())

    @admin.display(description=_("file"), boolean=True)
    def has_file(self, evidence: Evidence) -> bool:
        return evidence.file_id is not None

    @admin.display(description=_("file"))
    def file_shown(self, evidence: Evidence) -> SafeString | str:
        file = EncryptedFile.objects.filter(id=evidence.file_id).first() if evidence.file_id else None
        if file is None:
            return "–"
        kind = {"clean": "good", "quarantine": "alarm", "pending": "wait"}.get(file.state, "draft")
        size = f"{max(1, file.size // 1024):,} kB"
        return format_html("{} {} {}", file.media_type, size, badge(file.get_state_display(), kind))

    @button(description=_("Open the file"), permission="safeguards.view_evidence", locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[Evidence]) -> Answer:
        evidence = queryset.get()
        return hand_out_paper(
            self, request, partial(safeguards.open_file, evidence), name=f"{evidence.measure.code}-{evidence.on}"
        )
