"""The register of measures in the console, with the evidence of each."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock, papers
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import badge, day_text, due_badge
from privacy.lib.downloads import attachment
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.register import RegisterAdmin, person
from privacy.safeguards.forms import EvidenceForm, MeasureForm, OwnerForm
from privacy.safeguards.models import Evidence, Measure
from privacy.safeguards.models.measures import Result
from privacy.vault.models import SealedFile

PAGE = (ActionLocation.CHANGE_FORM,)
KEEP, RECORD = "safeguards.keep_measures", "safeguards.record_evidence"
SHOWN = {Result.PASSED: "good", Result.FAILED: "alarm", Result.UNKNOWN: "wait"}
type Answer = HttpResponse | None


def result_badge(result: str, word: object) -> SafeString:
    """Return a result by word and shape."""
    return badge(word, SHOWN[Result(result)])


@admin.register(Measure)
class MeasureAdmin(RegisterAdmin):
    explanation = _(
        "Each safeguard of the policy: who answers for it, how often it is shown to work, and its evidence. Some "
        "the portal looks at itself every morning; the others need a person."
    )
    empty_hint = _("The portal registers what it can look at itself every morning; register the others yourself.")
    list_display = ("__str__", "who_answers", "result_shown", "shown_on", "due_shown", "clause")
    list_filter = ("result", "kind", "by_portal", ("retired_at", admin.EmptyFieldListFilter))
    fields = (
        ("code", "clause", "kind"), "owner_shown", ("cycle_days", "who_looks"), ("result_shown", "shown_at"),
        "due_shown", ("registered_at", "retired_at"),
    )  # fmt: skip
    readonly_fields = ("result_shown", "due_shown", "owner_shown", "who_looks")
    actions = ("record", "change", "retire")
    change_form_template = "admin/safeguards/measure/change_form.html"
    new_label = _("Register a measure")
    new_form = MeasureForm
    new_permission = KEEP
    owner_shown = person("owner", _("answers for it"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Measure:
        return safeguards.register_measure(actor=actor_of(request), at=clock.now(), **given)

    def verbs_for(self, record: Measure) -> Collection[str]:
        return () if record.retired_at else ("record", "change", "retire")

    @admin.display(description=_("latest result"), ordering="result")
    def result_shown(self, measure: Measure) -> SafeString:
        return result_badge(measure.result, measure.get_result_display())

    @admin.display(description=_("next evidence due"), ordering="due_on")
    def due_shown(self, measure: Measure) -> SafeString:
        today = clock.today()
        # What the portal does by itself every morning asks nothing of anybody until it fails to.
        by_itself = measure.by_portal and measure.due_on >= today
        return due_badge(measure.due_on, today, settled=by_itself or measure.retired_at is not None)

    @admin.display(description=_("answers for it"), ordering="by_portal")
    def who_answers(self, measure: Measure) -> SafeString | str:
        return self.owner_shown(measure) if measure.owner else self.who_looks(measure)

    @admin.display(description=_("latest evidence"), ordering="shown_at")
    def shown_on(self, measure: Measure) -> str:
        return day_text(clock.kst_date(measure.shown_at)) if measure.shown_at else "–"

    @admin.display(description=_("who looks"), ordering="by_portal")
    def who_looks(self, measure: Measure) -> str:
        return str(_("the portal itself") if measure.by_portal else _("a person"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        measure = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if measure is not None:
            rows = measure.evidence.order_by("-at")[:60]
            more["evidence"] = [(row, result_badge(row.result, row.get_result_display())) for row in rows]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Record evidence"), permission=RECORD, locations=PAGE)
    def record(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Record evidence"), verb=_("Record"),
            consequences=[
                _("It stands in the register with your name and the time, and can't be changed any more."),
                _("“Not in order” raises an alarm until it is seen in order again."),
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
        self.press(request, verb, _("The evidence is recorded."))
        return None

    @button(description=_("Change owner or cycle"), permission=KEEP, locations=PAGE)
    def change(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        measure = queryset.get()
        answers = ask(
            self, request, queryset, title=_("Change owner or cycle"), verb=_("Change"),
            consequences=[_("This person is reminded when evidence is due, and told of alarms.")],
            form_class=OwnerForm, initial={"owner": measure.owner, "cycle_days": measure.cycle_days},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.change_measure, measure, actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The measure is changed."))
        return None

    @button(description=_("Take out of use"), permission=KEEP, locations=PAGE)
    def retire(self, request: HttpRequest, queryset: QuerySet[Measure]) -> Answer:
        answers = ask(
            self, request, queryset, title=_("Take out of use"), verb=_("Take out of use"),
            consequences=[_("No evidence is asked for any more; what there is stays.")], dangerous=True,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.retire_measure, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The measure is out of use."))
        return None


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    explanation = _("Every look at a measure, by a person or by the portal itself, with its day.")
    empty_hint = _("The portal looks at its own safeguards every morning; people record theirs on a measure's page.")
    list_display = ("measure", "result_shown", "detail", "at", "recorder", "has_file")
    list_filter = ("result", "on", "measure")
    list_select_related = ("measure",)
    fields = ("measure", "result_shown", "detail", ("at", "recorder"), "file_shown", "file_digest")
    readonly_fields = ("result_shown", "recorder", "file_shown")
    actions = ("open_file",)
    recorder = person("recorded_by", _("recorded by"))

    def verbs_for(self, record: Evidence) -> Collection[str]:
        return ("open_file",) if record.file_id else ()

    @admin.display(description=_("result"), ordering="result")
    def result_shown(self, evidence: Evidence) -> SafeString:
        return result_badge(evidence.result, evidence.get_result_display())

    @admin.display(description=_("file"), boolean=True)
    def has_file(self, evidence: Evidence) -> bool:
        return evidence.file_id is not None

    @admin.display(description=_("file"))
    def file_shown(self, evidence: Evidence) -> SafeString | str:
        file = SealedFile.objects.filter(id=evidence.file_id).first() if evidence.file_id else None
        if file is None:
            return "–"
        kind = {"clean": "good", "quarantine": "alarm", "pending": "wait"}.get(file.state, "draft")
        size = f"{max(1, file.size // 1024):,} kB"
        return format_html("{} {} {}", file.media_type, size, badge(file.get_state_display(), kind))

    @button(description=_("Open the file"), permission="safeguards.view_evidence", locations=PAGE)
    def open_file(self, request: HttpRequest, queryset: QuerySet[Evidence]) -> Answer:
        evidence = queryset.get()
        opened: list[tuple[bytes, str]] = []
        verb = lambda: opened.append(safeguards.open_file(evidence, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_verb(self, request, verb, _("The document was opened; the opening is on record.")):
            return None
        content, media_type = opened[0]
        name = f"{evidence.measure.code}-{evidence.on}.{papers.EXTENSIONS[media_type]}"
        return attachment(content, media_type=media_type, name=name)
