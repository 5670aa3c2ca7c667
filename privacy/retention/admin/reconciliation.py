"""Findings of the nightly comparison in the console."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.retention import consistency_checks
from privacy.retention.models import Finding


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    explanation = _(
        "Differences between the databases, found by the nightly comparison. Each is closed once it is resolved."
    )
    empty_hint = _("The databases match each other, and the certificates match the audit trail.")
    list_display = ("what", "place", "count", "found_at", "seen_at", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    fields = ("what", "place", "count", "found_at", "seen_at", "closed_at")
    readonly_fields = ("what", "place")

    @admin.display(description=_("what does not match"), ordering="kind")
    def what(self, finding: Finding) -> str:
        if finding.kind != Finding.Kind.DECLARED:
            return finding.get_kind_display()
        return consistency_checks.describe(finding.about.partition(" ")[0])

    @admin.display(description=_("about"), ordering="about")
    def place(self, finding: Finding) -> str:
        return finding.about.partition(" ")[2] if finding.kind == Finding.Kind.DECLARED else finding.about
