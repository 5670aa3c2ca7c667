"""Runs of the sweep and orders: what each found due, and what was withheld."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.retention.certificates import statement_texts
from privacy.retention.models import DestructionRun
from privacy.retention.schedule import due_page


@admin.register(DestructionRun)
class DestructionRunAdmin(ReadOnlyAdmin):
    explanation = _(
        "Each nightly search for data past its retention period, and each order to destroy one person's data."
    )
    empty_hint = _("The sweep runs every night. Its first run will appear here.")
    list_display = ("reference", "cause", "as_of", "policy", "due", "withheld_shown", "started_at", "planned_at")
    list_filter = ("cause",)
    fields = (
        "reference",
        "cause",
        "case",
        "as_of",
        "policy",
        "ordered_shown",
        "started_at",
        "planned_at",
        "due",
        "withheld_shown",
    )
    readonly_fields = ("withheld_shown", "ordered_shown")

    @admin.display(description=_("ordered by"))
    def ordered_shown(self, run: DestructionRun) -> str:
        return statement_texts.describe_actors(run.ordered_by)

    @admin.display(description=_("withheld"))
    def withheld_shown(self, run: DestructionRun) -> str:
        return due_page.describe_withheld(run.withheld) or "–"
