"""The watch over destruction: jumps of the clock, findings of the comparison, rewritings of the key tables."""

from collections.abc import Collection
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.retention import actions as retention
from privacy.retention import agreements
from privacy.retention.clockface import look
from privacy.retention.models import ClockDoubt, Finding, Rewrite


@admin.register(ClockDoubt)
class ClockDoubtAdmin(ReadOnlyAdmin):
    explanation = _(
        "The clock jumped by more than six hours, or back. Nothing is destroyed until somebody confirms it."
    )
    empty_hint = _("No jump of the clock has been seen.")
    list_display = ("expected_at", "read_at", "seen_at", "settled_by", "settled_at")
    actions = ("confirm",)

    def verbs_for(self, record: ClockDoubt) -> Collection[str]:
        return () if record.settled_at else ("confirm",)

    @button(description=_("The clock is right"), permission="retention.confirm_clock")
    def confirm(self, request: HttpRequest, queryset: QuerySet[ClockDoubt]) -> None:
        at = clock.now()
        for doubt in queryset:
            run_verb(
                self,
                request,
                partial(retention.confirm_clock, doubt, look=look(at), actor=actor_of(request), at=at),
                _("Confirmed: destruction goes on."),
            )


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    explanation = _("Differences between the databases, found by the nightly comparison. Each closes when it is gone.")
    empty_hint = _("The databases agree with each other, and the certificates with the audit trail.")
    list_display = ("what", "place", "count", "found_at", "seen_at", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    fields = ("what", "place", "count", "found_at", "seen_at", "closed_at")
    readonly_fields = ("what", "place")

    @admin.display(description=_("what does not agree"), ordering="kind")
    def what(self, finding: Finding) -> str:
        if finding.kind != Finding.Kind.DECLARED:
            return finding.get_kind_display()
        return agreements.in_words(finding.about.partition(" ")[0])

    @admin.display(description=_("about"), ordering="about")
    def place(self, finding: Finding) -> str:
        return finding.about.partition(" ")[2] if finding.kind == Finding.Kind.DECLARED else finding.about


@admin.register(Rewrite)
class RewriteAdmin(ReadOnlyAdmin):
    explanation = _("When the key tables were rewritten and the write-ahead log was turned over after destructions.")
    empty_hint = _("manage.py finish_destruction, run as the owner, is noted here.")
    list_display = ("begun_at", "done_at", "log_turned", "notes")
