"""The register of processors in the console: contracts, sub-processors, supervision, the end and its proof."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, hand_out_paper, pressed
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.processors import actions as processors
from privacy.processors import register
from privacy.processors.admin.forms import (
    ARTICLE,
    AmendForm,
    CheckForm,
    ConsignmentForm,
    DisposalForm,
    EndForm,
    LastDayForm,
    SubprocessorForm,
    TrainingForm,
)
from privacy.processors.models import Clause, Consignment, Criterion, Subprocessor, Supervision
from privacy.processors.models.supervisions import Answer
from privacy.safeguards.admin.records import RecordAdmin, account_column

KEEP, SUPERVISE = "processors.keep_processors", "processors.supervise_processors"


@admin.register(Consignment)
class ConsignmentAdmin(RecordAdmin):
    explanation = _(
        "Who processes personal information for the company, under which contract. The privacy policy lists "
        "processors and sub-processors from here, so a change requires a revision of it."
    )
    empty_hint = _(
        "No processing is consigned, or nobody has registered it. If nothing is consigned, record that decision in "
        "Policy."
    )
    list_display = ("name_ko", "reference", "work_ko", "country", "term_ends_on", "state_shown")
    list_filter = ("country", "is_marketing", ("ended_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "code"), ("name_ko", "name_en"), ("contact", "country"), ("work_ko", "work_en"), "items_shown",
        ("is_marketing", "told_on", "told_how"), ("contract", "signed_on"), ("starts_on", "term_ends_on"),
        "articles_shown", "complete_by", ("registrar", "registered_at"), ("ended_on", "end_reason", "ender"),
        ("dispose_by", "disposal", "disposed_on"), "disposal_detail", ("disposer", "disposal_at"),
        "disposal_file_digest",
    )  # fmt: skip
    readonly_fields = ("items_shown", "articles_shown", "registrar", "ender", "disposer")
    actions = ("record_check", "record_training", "engage", "amend", "end", "dispose", "open_file")
    change_form_template = "admin/processors/consignment/change_form.html"
    add_label = _("Register a consignment")
    record_form = ConsignmentForm
    add_permission = KEEP
    add_hint = _(
        "A contract that lacks an article is registered too: enter the day by which it will be amended. It stays on "
        "your list of deadlines until then."
    )
    registrar = account_column("registered_by", _("registered by"))
    ender = account_column("ended_by", _("end recorded by"))
    disposer = account_column("disposal_by", _("proof recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Consignment:
        return processors.register_consignment(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: Consignment) -> Collection[str]:
        if record.ended_on is None:
            return ("record_check", "record_training", "engage", "amend", "end")
        return ("record_check", "dispose") if record.disposed_on is None else ("open_file",)

    @admin.display(description=_("state"))
    def state_shown(self, row: Consignment) -> SafeString:
        if row.disposed_on:
            return badge(_("ended, data returned or destroyed"), "done")
        if row.ended_on:
            return badge(_("ended, return or destruction to be proven"), "wait")
        return badge(_("contract to be amended"), "alarm") if row.complete_by else badge(_("running"), "good")

    @admin.display(description=_("items"))
    def items_shown(self, row: Consignment) -> str:
        return register.items(row)

    @admin.display(description=_("articles of the contract"))
    def articles_shown(self, row: Consignment) -> SafeString:
        lines = ((clause.label, row.clauses.get(clause.value) or _("missing")) for clause in Clause)
        return format_html_join("", "<div>{}: <strong>{}</strong></div>", lines)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if row is not None:
            more = {"subprocessors": row.subprocessors.all(), "supervisions": row.supervisions.all()}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Record a check"), permission=SUPERVISE, locations=CHANGE_FORM_ONLY)
    def record_check(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.record_check, form_class=CheckForm,
            title=_("Record a check"),
            consequences=[
                _("It becomes an inspection, which an officer other than you acknowledges."),
                _("Each criterion that is not in order becomes a finding with its own deadline."),
                _("You can't change it once it is recorded."),
            ],
            success=_("The check has been recorded."), initial={"held_on": clock.today()},
        )  # fmt: skip

    @button(description=_("Record a training"), permission=SUPERVISE, locations=CHANGE_FORM_ONLY)
    def record_training(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.record_training, form_class=TrainingForm,
            title=_("Record a training"), consequences=[_("You can't change it once it is recorded.")],
            success=_("The training has been recorded."), initial={"held_on": clock.today()},
        )  # fmt: skip

    @button(description=_("Consent to a sub-processor"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def engage(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.agree_subprocessor, form_class=SubprocessorForm,
            title=_("Consent to a sub-processor"),
            consequences=[_("The privacy policy names sub-processors too, so it is due for a revision.")],
            success=_("The sub-processor has been recorded."), initial={"agreed_on": clock.today()},
        )  # fmt: skip

    @button(description=_("Amend the contract"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def amend(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.amend_contract, form_class=AmendForm,
            title=_("Amend the contract"),
            consequences=[_("The privacy policy states the term, so a new one makes it due for a revision.")],
            success=_("The contract has been amended."), edits=_contract,
        )  # fmt: skip

    @button(description=_("End the consignment"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.end_consignment, form_class=EndForm,
            title=_("End the consignment"),
            consequences=[_("From its last day on the return or destruction of the data must be proven.")],
            success=_("The consignment has ended."), initial={"ended_on": clock.today()},
        )  # fmt: skip

    @button(description=_("Prove return or destruction"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def dispose(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        return pressed(
            self, request, queryset, processors.prove_disposal, form_class=DisposalForm,
            title=_("Prove return or destruction"), consequences=[_("You can't change it once it is recorded.")],
            success=_("The proof has been recorded."),
        )  # fmt: skip

    @button(description=_("Open the proof"), permission="processors.view_supervision", locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[Consignment]) -> Page:
        row = queryset.get()
        return hand_out_paper(self, request, partial(processors.open_proof, row), name=row.reference)


def _contract(row: Consignment) -> dict[str, Any]:
    """Return a contract as the form about it shows it."""
    shown = {"contract": row.contract, "signed_on": row.signed_on, "term_ends_on": row.term_ends_on}
    articles = {f"{ARTICLE}{clause.value}": row.clauses.get(clause.value, "") for clause in Clause}
    return {**shown, **articles, "complete_by": row.complete_by}


@admin.register(Subprocessor)
class SubprocessorAdmin(ReadOnlyAdmin):
    explanation = _("Companies that processors engage with our consent. They are registered on the processor's page.")
    empty_hint = _("No processor engages anybody else.")
    list_display = ("name_ko", "consignment", "work_ko", "country", "agreed_on", "ended_on")
    list_select_related = ("consignment",)
    list_filter = ("country", ("ended_on", admin.EmptyFieldListFilter))
    fields = (
        "consignment", ("name_ko", "name_en"), "country", ("work_ko", "work_en"), ("agreed_on", "document"),
        ("recorder", "recorded_at"), ("ended_on", "ender"),
    )  # fmt: skip
    readonly_fields = ("recorder", "ender")
    actions = ("end",)
    recorder = account_column("recorded_by", _("recorded by"))
    ender = account_column("ended_by", _("end recorded by"))

    def buttons_for(self, record: Subprocessor) -> Collection[str]:
        return () if record.ended_on else ("end",)

    @button(description=_("End the sub-consignment"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[Subprocessor]) -> Page:
        return pressed(
            self, request, queryset, processors.end_subprocessor, form_class=LastDayForm,
            title=_("End the sub-consignment"),
            consequences=[_("After a revision, the privacy policy no longer names it.")],
            success=_("The sub-consignment has ended."), initial={"ended_on": clock.today()},
        )  # fmt: skip


@admin.register(Supervision)
class SupervisionAdmin(ReadOnlyAdmin):
    explanation = _("Each check of a processor and each training of its people, with its evidence.")
    empty_hint = _("Checks and training are recorded on the processor's page.")
    list_display = ("reference", "consignment", "kind", "held_on", "unmet_count", "inspection")
    list_select_related = ("consignment", "inspection")
    list_filter = ("kind",)
    fields = (
        ("reference", "kind"), "consignment", ("held_on", "method"), "outcome", "checklist_shown", "trained",
        "inspection", ("recorder", "recorded_at"), "file_digest",
    )  # fmt: skip
    readonly_fields = ("checklist_shown", "recorder")
    actions = ("open_file",)
    recorder = account_column("recorded_by", _("recorded by"))

    @admin.display(description=_("not in order"))
    def unmet_count(self, row: Supervision) -> int:
        return len(row.unmet)

    @admin.display(description=_("checklist"))
    def checklist_shown(self, row: Supervision) -> SafeString | str:
        if not row.checklist:
            return "–"
        lines = (
            (one.label, Answer(row.checklist[one.value]["answer"]).label, row.checklist[one.value]["note"])
            for one in Criterion
            if one.value in row.checklist
        )
        return format_html_join("", "<div>{}: <strong>{}</strong> {}</div>", lines)

    @button(description=_("Open the file"), permission="processors.view_supervision", locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[Supervision]) -> Page:
        row = queryset.get()
        return hand_out_paper(self, request, partial(processors.open_proof, row), name=row.reference)
