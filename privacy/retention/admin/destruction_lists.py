"""Destruction lists: what is due, what waits for approval, how far a destruction got; buttons that decide."""

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.approval_signing import signing_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import badge, due_badge, state_badge
from privacy.retention import actions as retention
from privacy.retention.admin.forms import ReasonForm
from privacy.retention.certificates import documents, statement_texts, statements
from privacy.retention.models import DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.schedule import due_page, retention_rules, selection

APPROVE, ABORT = "retention.approve_destruction", "retention.abort_destruction"


@admin.register(DestructionList)
class DestructionListAdmin(ReadOnlyAdmin):
    explanation = _(
        "Data that will be destroyed together. An approved list is carried out after the waiting "
        "period. Until then you can abort it."
    )
    empty_hint = _("The sweep creates a list here as soon as data is past its retention period.")
    list_display = (
        "reference", "what", "people", "records", "state_shown", "target_shown", "decided", "certificate",
    )  # fmt: skip
    list_filter = ("state", "category", "unit")
    list_select_related = ("run",)
    fields = (
        "run", "category", "unit", "month", "rule", "people", "records", "target_on", "delay_reason",
        "decided", "waiting", "plan", "proposed_at", ("approved_shown", "approved_at"),
        ("seconded_shown", "seconded_at"), "not_before", ("aborted_shown", "aborted_at", "abort_reason_shown"), "step",
        ("executed_shown", "begun_at", "keys_at", "rows_at", "done_at"), "progress", ("keys_destroyed", "key_kept"),
        "rows_shown", "left_out_shown", "archived",
        "certificate", "residues",
    )  # fmt: skip
    readonly_fields = (
        "progress", "rows_shown", "left_out_shown", "rule", "decided", "waiting", "approved_shown", "seconded_shown",
        "aborted_shown", "abort_reason_shown", "executed_shown", "certificate",
    )  # fmt: skip
    second_person = SecondPersonStep("retention.approve_destruction", lambda record: record.waits_for_second)
    actions = ("approve", "abort", "explain")
    VERBS: ClassVar = {
        DestructionList.State.PROPOSED: ("approve", "abort", "explain"),
        DestructionList.State.APPROVED: ("abort", "explain"),
        DestructionList.State.EXECUTING: ("explain",),
        DestructionList.State.RESIDUE: ("explain",),
    }
    change_list_template = "admin/retention/destructionlist/change_list.html"

    def buttons_for(self, record: DestructionList) -> Collection[str]:
        return self.VERBS.get(DestructionList.State(record.state), ())

    def is_in_progress(self, record: DestructionList) -> bool:
        return record.state == DestructionList.State.EXECUTING

    @admin.display(description=_("waiting period"))
    def waiting(self, row: DestructionList) -> str:
        """What holds from the approval, or would if it were approved today."""
        approved = row.seconded_at or row.approved_at
        released = row.not_before - approved if row.not_before and approved else None
        wait = selection.wait_after_approval(row, clock.today()) if released is None else released
        hours = int(wait.total_seconds() // 3600)
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}

    @admin.display(description=_("approved by"))
    def approved_shown(self, row: DestructionList) -> str:
        return statement_texts.describe_actors(row.approved_by) or "–"

    @admin.display(description=_("approved by, second"))
    def seconded_shown(self, row: DestructionList) -> str:
        return statement_texts.describe_actors(row.seconded_by) or "–"

    @admin.display(description=_("aborted by"))
    def aborted_shown(self, row: DestructionList) -> str:
        return statement_texts.describe_actors(row.aborted_by) or "–"

    @admin.display(description=_("reason for aborting"))
    def abort_reason_shown(self, row: DestructionList) -> str:
        if row.abort_reason != statements.ALL_SKIPPED:
            return row.abort_reason or "–"
        said = {"destroyed": {"passed_over": statements.count_skipped(row)}}
        why = ", ".join(f"{reason}: {count}" for reason, count in statement_texts.skipped_by_reason(said))
        return now_("no data left to destroy (%(why)s)") % {"why": why} if why else now_("nothing was there to destroy")

    @admin.display(description=_("carried out by"))
    def executed_shown(self, row: DestructionList) -> str:
        return statement_texts.describe_actors(row.executed_by) or "–"

    @admin.display(description=_("what"), ordering="category")
    def what(self, row: DestructionList) -> str:
        return documents.list_title(row)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: DestructionList) -> SafeString:
        state = state_badge(row.state, row.get_state_display())
        if row.state in (DestructionList.State.EXECUTING, DestructionList.State.RESIDUE):
            return format_html('{} <span class="secondary">{}</span>', state, row.get_step_display())
        return state

    @admin.display(description=_("decision"), ordering="over_ceiling")
    def decided(self, row: DestructionList) -> SafeString | str:
        """Who decides about the list, whether or not somebody has."""
        how = _("automatic by rule")
        proposed = row.state == DestructionList.State.PROPOSED
        if selection.needs_two_officers(row, clock.today()) if proposed else row.over_ceiling:
            how = _("two officers approve")
        elif row.needs_approval:
            how = _("an officer approves")
        elif row.run.cause != Cause.RETENTION:
            how = _("as decided in the case")
        return format_html("{} {}", how, badge(_("changed rule"), "today")) if row.term_changed else str(how)

    @admin.display(description=pgettext_lazy("destruction", "certificate"), ordering="certificate_number")
    def certificate(self, row: DestructionList) -> SafeString | str:
        if row.state != DestructionList.State.DONE:
            return "–"
        found = reverse("admin:retention_certificate_changelist")
        return format_html('<a href="{}?list__id__exact={}">{}</a>', found, row.pk, row.certificate_number)

    @admin.display(description=_("destroy by"), ordering="target_on")
    def target_shown(self, row: DestructionList) -> SafeString:
        return due_badge(row.target_on, clock.today(), settled=not row.is_open)

    @admin.display(description=_("rule"))
    def rule(self, row: DestructionList) -> str:
        return retention_rules.describe_period(row.term)

    @admin.display(description=_("progress"))
    def progress(self, row: DestructionList) -> SafeString | str:
        if not row.names_people or not row.people:
            return row.get_step_display()
        left = row.lines.filter(state__in=row.lines.model.OPEN).count()
        total = row.lines.count()
        return format_html(
            '<progress max="{}" value="{}" aria-label="{}"></progress> {} / {}',
            total,
            total - left,
            _("progress"),
            total - left,
            total,
        )

    @admin.display(description=_("rows removed"))
    def rows_shown(self, row: DestructionList) -> str:
        return ", ".join(f"{name}: {count}" for name, count in documents.describe_row_counts(row.rows_removed)) or "–"

    @admin.display(description=_("left out"))
    def left_out_shown(self, row: DestructionList) -> str:
        # Of a list that was aborted, nobody was left out of anything.
        if row.state == DestructionList.State.ABORTED:
            return "–"
        said = {"destroyed": {"passed_over": statements.count_skipped(row)}}
        return ", ".join(f"{why}: {count}" for why, count in statement_texts.skipped_by_reason(said)) or "–"

    @button(description=_("Approve destruction"), permission=APPROVE, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[DestructionList]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve destruction"),
            verb=_("Approve and destroy after the waiting period"),
            consequences=[self._consequence(row) for row in queryset],
            dangerous=True,
            signing=signing_of(request, [retention.approval_of(row) for row in queryset], at=clock.now()),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for row in queryset:
            run_action(
                self,
                request,
                partial(retention.approve, row, actor=actor_of(request), at=clock.now(), **answers),
                self._approved,
            )
        return None

    def _approved(self, row: DestructionList) -> str:
        if row.waits_for_second:
            return now_("%(list)s: you approved it. A second officer must also approve it.") % {"list": row.reference}
        return now_("%(list)s is approved.") % {"list": row.reference}

    def _consequence(self, row: DestructionList) -> str:
        said = now_("%(list)s: “%(category)s” will be destroyed (people: %(people)d, records: %(records)d).") % {
            "list": row.reference,
            "people": row.people,
            "category": display_names.display_name("category", row.category, on=clock.today()),
            "records": row.records,
        }
        said += " " + statement_texts.cannot_be_undone()
        if row.is_whole_month:
            said += " " + statement_texts.kept_key_warning()
        if not row.approved_by and selection.needs_two_officers(row, clock.today()):
            said += " " + now_("It exceeds the limit, so a second officer must also approve it.")
        if row.term_changed:
            said += " " + now_("The retention rule has changed since last time.")
        return said

    @button(description=_("Abort"), permission=ABORT)
    def abort(self, request: HttpRequest, queryset: QuerySet[DestructionList]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Abort the destruction list"),
            verb=_("Abort"),
            consequences=[
                _("Nothing on the list is destroyed. Data that is still due is added to the next sweep's lists.")
            ],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for row in queryset:
            run_action(
                self,
                request,
                partial(retention.abort, row, reason=answers["reason"], actor=actor_of(request), at=clock.now()),
                now_("%(list)s is aborted.") % {"list": row.reference},
                record=row,
            )
        return None

    @button(description=_("Explain the delay"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def explain(self, request: HttpRequest, queryset: QuerySet[DestructionList]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Explain the delay"),
            verb=_("Save the reason"),
            consequences=[_("The reason is kept with the list and printed in the destruction register.")],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for row in queryset:
            run_action(
                self,
                request,
                partial(
                    retention.explain_delay, row, reason=answers["reason"], actor=actor_of(request), at=clock.now()
                ),
                _("The reason has been saved."),
                record=row,
            )
        return None

    def get_urls(self) -> list[URLPattern]:
        due = path("due/", self.page(self.due), name="retention_destructionlist_due")
        return [due, *super().get_urls()]

    def due(self, request: HttpRequest) -> HttpResponse:
        """Show what a sweep would find today, and what becomes due in the coming months; nothing is written."""
        at = clock.now()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Due for destruction"),
            "opts": self.opts,
            **due_page.context(clock.kst_date(at), at),
        }
        return TemplateResponse(request, "retention/due.html", context)
